/**
 * The real commands on a store whose disk is full: a small file system in a mount namespace of its own. Wherever the
 * space ends, there is one error that names the place, the store stays whole, and the next run after freeing succeeds.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import { repository, ScratchCommands } from '../support/scratch-commands.ts';

const tools = process.env['FIRN_TEST_BWRAP'];
const root = process.getuid!() === 0;
const expression = join(import.meta.dirname, 'full-disk/expression.nix');
const diskBytes = 40 * 1024 * 1024;

const busybox = (...args: string[]) => [...toolCommand(sandboxToolsIn(tools!), 'busybox'), ...args];

/** Why this cannot run here, or `false`. Mounting needs privileges: our own, or those of a user namespace. */
function obstacle(): string | false {
  if (tools === undefined) return 'FIRN_TEST_BWRAP is not set';
  const [program, ...args] = busybox('unshare', root ? '-m' : '-mUr', 'true');
  return spawnSync(program, args).status === 0 ? false : 'mount namespaces are not allowed here';
}

/** A store on a small disk that only the commands run here see. */
class SmallDisk {
  readonly scene = new ScratchCommands();
  readonly #holder: ChildProcess;

  constructor() {
    mkdirSync(this.scene.root);
    const mount = `mount -t tmpfs -o size=${diskBytes},mode=755 tmpfs "$0" && echo mounted && cat`;
    const [program, ...args] = busybox('unshare', root ? '-m' : '-mUr', 'sh', '-c', mount, this.scene.root);
    this.#holder = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const firstUid = 32_000 + (process.pid % 800) * 32;
    Object.assign(this.scene.extraEnvironment, {
      FIRN_SANDBOX_TOOLS: tools,
      NIX_CONFIG: `build-users-uids = ${firstUid}-${firstUid + 31}\ndownload-attempts = 1`,
    });
  }

  async mounted(): Promise<void> {
    await once(this.#holder.stdout!, 'data');
  }

  /** The disk as this process sees it. */
  get #view(): string {
    return join(`/proc/${this.#holder.pid}/root`, this.scene.root);
  }

  async run(program: string, ...args: string[]) {
    const namespaces = root ? ['-m'] : ['-U', '-m', '--preserve-credentials'];
    const enter = busybox('nsenter', '-t', String(this.#holder.pid), ...namespaces, '--');
    const [first, ...rest] = [...enter, join(repository, 'bin', program), ...args];
    const child = spawn(first, rest, { env: this.scene.environment, cwd: '/' });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    const [status] = await once(child, 'close');
    return { status: status as number | null, stdout, stderr };
  }

  build(attribute: string, args: Record<string, string> = {}) {
    const values = Object.entries(args).flatMap(([name, value]) => ['--argstr', name, value]);
    return this.run('nix-build', expression, '-A', attribute, '--no-out-link', ...values);
  }

  /** Fills the disk up to so many bytes. */
  fill(leaveBytes: number): void {
    const file = openSync(join(this.#view, 'filler'), 'w');
    const { bavail, bsize } = statfsSync(this.#view);
    const block = Buffer.alloc(4096, 'x');
    for (let left = bavail * bsize - leaveBytes; left > 0; left -= block.length) writeSync(file, block);
    fsyncSync(file);
    closeSync(file);
  }

  free(): void {
    rmSync(join(this.#view, 'filler'), { force: true });
  }

  async verify(when: string): Promise<void> {
    const { status, stderr } = await this.run('nix-store', '--verify', '--check-contents');
    assert.equal(status, 0, `${when}: ${stderr}`);
    assert.doesNotMatch(stderr, /error|warning|disappeared|modified/, when);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.stdin!.end();
    await once(this.#holder, 'close');
    await this.scene[Symbol.asyncDispose]();
  }
}

/** One error for people: it names a place on the disk and says what is wrong. */
function assertClear(disk: SmallDisk, stderr: string, when: string): void {
  assert.match(stderr, /^error: /m, when);
  assert.match(stderr, /no space left on device|disk is full/i, `${when}: ${stderr}`);
  assert.ok(stderr.includes(disk.scene.root) || stderr.includes('/nix/store/'), `${when}: ${stderr}`);
  assert.doesNotMatch(stderr, /\n\s+at |node:internal|\.ts:\d/, `${when}: ${stderr}`);
}

describe('a full disk', { skip: obstacle() }, () => {
  let disk: SmallDisk;
  before(async () => {
    disk = new SmallDisk();
    await disk.mounted();
    const { status, stderr } = await disk.build('small');
    assert.equal(status, 0, stderr);
  });
  after(() => disk[Symbol.asyncDispose]());

  test('wherever the space ends, one error, nothing broken, and the next run succeeds', async (context) => {
    const outcomes: string[] = [];
    for (const kibibytes of [0, 8, 32, 64, 128, 256, 512]) {
      const when = `${kibibytes} KiB left`;
      const round = `left-${kibibytes}`;
      disk.fill(kibibytes * 1024);
      const full = await disk.build('small', { round });
      disk.free();
      outcomes.push(`${kibibytes} KiB: ${full.status}`);
      if (full.status !== 0) {
        assert.equal(full.status, 1, `${when}: ${full.stderr}`);
        assertClear(disk, full.stderr, when);
      }
      await disk.verify(when);
      const next = await disk.build('small', { round });
      assert.equal(next.status, 0, `${when}: ${next.stderr}`);
    }
    context.diagnostic(outcomes.join(', '));
    assert.ok(outcomes[0].endsWith(': 1'));
  });

  test('an output that is too large', async () => {
    const { status, stderr } = await disk.build('large');
    assert.equal(status, 1, stderr);
    assertClear(disk, stderr, 'large output');
    await disk.verify('after a large output');
  });

  test('a download that is too large', async () => {
    const server = http.createServer((_, response) => {
      const chunk = Buffer.alloc(1 << 20, 'x');
      response.writeHead(200, { 'Content-Length': 100 * chunk.length });
      let sent = 0;
      const send = () => {
        while (sent < 100 && !response.destroyed) {
          sent++;
          if (!response.write(chunk)) return void response.once('drain', send);
        }
        response.end();
      };
      response.on('error', () => {});
      send();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { status, stderr } = await disk.build('download', { base });
      assert.equal(status, 1, stderr);
      assertClear(disk, stderr, 'large download');
    } finally {
      server.close();
      server.closeAllConnections();
    }
    await disk.verify('after a large download');
  });

  test('the collector works where nothing else does', async () => {
    disk.fill(0);
    const { status, stderr } = await disk.run('nix-store', '--gc');
    assert.equal(status, 0, stderr);
    assert.match(stderr, /store paths deleted, [\d.]+ MiB freed/);
    disk.free();
    await disk.verify('after collecting');
    const next = await disk.build('small', { round: 'after' });
    assert.equal(next.status, 0, next.stderr);
  });
});
