/** `nix-channel` as users run it, against a signed test archive on loopback. */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import {
  type ArchiveServer,
  makeTestKey,
  samplePackages,
  sampleSources,
  serveArchive,
  TestArchive,
  type TestSuite,
} from '../support/debian-archive/index.ts';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const tools = process.env['FIRN_TEST_BWRAP'];
const key = await makeTestKey();
const suite: TestSuite = { name: 'trixie', packages: samplePackages, sources: sampleSources };
const newer: TestSuite = {
  ...suite,
  date: new Date('2026-01-03'),
  packages: [...samplePackages, { name: 'newcomer' }],
};

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home directory, a private store and an archive of one's own. */
class Machine implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'firn-nix-channel-'));
  readonly archive = new TestArchive(key);
  server!: ArchiveServer;

  static async open(): Promise<Machine> {
    const machine = new Machine();
    await machine.archive.publish(suite);
    machine.server = await serveArchive({ debian: machine.archive.files });
    mkdirSync(join(machine.directory, 'home'));
    writeFileSync(join(machine.directory, 'keyring.asc'), key.publicKey);
    return machine;
  }

  get environment(): NodeJS.ProcessEnv {
    const { PATH, TMPDIR } = process.env;
    return {
      PATH,
      TMPDIR,
      HOME: join(this.directory, 'home'),
      NIX_REMOTE: join(this.directory, 'root'),
      NIX_CONFIG: `debian-keyring = ${join(this.directory, 'keyring.asc')}\ndownload-attempts = 2\n`,
      FIRN_DEBIAN_MIRROR: `${this.server.url}/debian`,
      FIRN_DEBIAN_SECURITY_MIRROR: `${this.server.url}/debian-security`,
      FIRN_FROM_SOURCE: '1',
    };
  }

  run(program: string, ...args: string[]): Promise<Outcome> {
    return new Promise((resolve) => {
      execFile(join(repository, 'bin', program), args, { env: this.environment }, (error, stdout, stderr) => {
        resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
      });
    });
  }

  async succeed(program: string, ...args: string[]): Promise<Outcome> {
    const outcome = await this.run(program, ...args);
    assert.equal(outcome.status, 0, outcome.stderr);
    return outcome;
  }

  get profile(): string {
    return join(this.directory, 'root/nix/var/nix/profiles/per-user', userInfo().username, 'channels');
  }

  /** Where the current generation's channel `nixos` really is. */
  get channel(): string {
    const store = join(this.directory, 'root/nix/store');
    const environment = join(
      store,
      basename(readlinkSync(join(dirname(this.profile), readlinkSync(this.profile)))),
    );
    return join(store, readlinkSync(join(environment, 'nixos')).slice('/nix/store/'.length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

test('add, list, update, rollback, remove', async () => {
  await using machine = await Machine.open();
  assert.equal((await machine.succeed('nix-channel', '--add', 'debian:trixie')).stdout, '');
  assert.equal((await machine.succeed('nix-channel', '--list')).stdout, 'nixos debian:trixie\n');
  const update = await machine.succeed('nix-channel', '--update');
  assert.equal(update.stdout, '');
  assert.match(update.stderr, /warning: the channel goes without the suite 'trixie-security'/);
  assert.match(readFileSync(join(machine.channel, 'debian/channel.nix'), 'utf8'), /suite = "trixie"/);
  const first = machine.channel;

  await machine.archive.publish(newer);
  await machine.succeed('nix-channel', '--update', 'nixos');
  assert.notEqual(machine.channel, first);
  await machine.server.close();
  await machine.succeed('nix-channel', '--rollback');
  assert.equal(machine.channel, first);
  await machine.succeed('nix-channel', '--remove', 'nixos');
  assert.equal((await machine.succeed('nix-channel', '--list')).stdout, '');
  assert.throws(() => machine.channel, { code: 'ENOENT' });
});

test('a machine without a mirror: one error that names the setting', {
  skip: tools ? false : 'FIRN_TEST_BWRAP is not set',
}, async () => {
  await using machine = await Machine.open();
  await machine.succeed('nix-channel', '--add', 'debian:trixie', 'nixos');
  const { FIRN_DEBIAN_MIRROR: _, FIRN_DEBIAN_SECURITY_MIRROR: __, ...environment } = machine.environment;
  // The machine as it is, but for its apt configuration.
  const [bwrap, ...args] = toolCommand(sandboxToolsIn(tools!), 'bwrap');
  const command = [join(repository, 'bin/nix-channel'), '--update'];
  const { status, stdout, stderr } = spawnSync(
    bwrap,
    [...args, '--dev-bind', '/', '/', '--tmpfs', '/etc/apt', '--', ...command],
    { env: environment, encoding: 'utf8' },
  );
  assert.equal(status, 1, stderr);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /^error: no mirror of the Debian archive is configured\n +.*'debian-mirror'.*FIRN_DEBIAN_MIRROR.*\n$/,
  );
  assert.throws(() => machine.channel, { code: 'ENOENT' });
});

test('what is refused is told in one error, and the former channel stays', async () => {
  await using machine = await Machine.open();
  await machine.succeed('nix-channel', '--add', 'debian:trixie', 'nixos');
  await machine.succeed('nix-channel', '--update');
  const former = machine.channel;
  await machine.archive.publish({ ...newer, key: await makeTestKey() });
  const forged = await machine.run('nix-channel', '--update');
  assert.equal(forged.status, 1);
  assert.match(forged.stderr, /error: no valid signature by a trusted key on 'http:\/\/127\.0\.0\.1:/);
  assert.match(forged.stderr, /'debian-keyring'/);
  await machine.server.close();
  const gone = await machine.run('nix-channel', '--update');
  assert.equal(gone.status, 1);
  assert.match(gone.stderr, /error: no mirror of the Debian archive serves the suite 'trixie':.*refused/s);
  for (const { stdout, stderr } of [forged, gone]) {
    assert.equal(stdout, '');
    assert.doesNotMatch(stderr, /\bat \S+ \(|\.ts:\d/);
  }
  assert.equal(machine.channel, former);
});

describe('an archive that cannot be used: one error, status 1, the former channel stays', () => {
  /** Every form of the package index, under all its names. */
  const indices = (machine: Machine) =>
    [...machine.archive.files.keys()]
      .filter((name) => /binary-amd64\//.test(name))
      .map((name) => `debian/${name}`);
  const cases: readonly {
    readonly name: string;
    readonly break: (machine: Machine) => void;
    readonly message: RegExp;
  }[] = [
    {
      name: 'a mirror that answers 404',
      break: (machine) => machine.server.faults.set('debian/dists/trixie/InRelease', { status: 404 }),
      message:
        /^error: no mirror of the Debian archive serves the suite 'trixie': unable to download 'http:.*\/dists\/trixie\/InRelease': HTTP error 404 \(Not Found\)\n +set 'debian-mirror' to the URL of a mirror.*\n$/,
    },
    {
      name: 'a mirror that cuts the connection',
      break: (machine) => machine.server.faults.set('debian/dists/trixie/InRelease', { cutAfter: 100 }),
      message: /^error: no mirror .*: the connection was closed before the end\n/,
    },
    {
      name: 'an index with other contents than the release file says',
      break: (machine) => {
        const replace = (bytes: Uint8Array) =>
          bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte));
        for (const path of indices(machine)) machine.server.faults.set(path, { replace });
      },
      message: /error: hash mismatch in '.*Packages.*': the signed index says sha256 '.*', got '.*'/,
    },
    {
      name: 'an index that is cut short, and announced so',
      break: (machine) => {
        const replace = (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1);
        for (const path of indices(machine)) machine.server.faults.set(path, { replace });
      },
      message: /error: .*Packages/,
    },
  ];
  for (const { name, break: damage, message } of cases) {
    test(name, async () => {
      await using machine = await Machine.open();
      await machine.succeed('nix-channel', '--add', 'debian:trixie', 'nixos');
      await machine.succeed('nix-channel', '--update');
      const former = machine.channel;
      await machine.archive.publish(newer);
      damage(machine);
      const { status, stdout, stderr } = await machine.run('nix-channel', '--update');
      assert.equal(status, 1, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.equal(stderr.match(/^error:/gm)?.length, 1, stderr);
      assert.equal(machine.channel, former);
    });
  }
});

test('a name that does not exist is answered with the nearest', async () => {
  await using machine = await Machine.open();
  const wrong = await machine.run('nix-channel', '--add', 'debian:trixy');
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /unknown Debian channel 'debian:trixy'.*\n.*did you mean 'debian:trixie'\?/s);
});

test('kill -9 at random moments of an update: the former channel stays whole, the next update succeeds', async (context) => {
  await using machine = await Machine.open();
  await machine.succeed('nix-channel', '--add', 'debian:trixie', 'nixos');
  const start = performance.now();
  await machine.succeed('nix-channel', '--update');
  const usualMilliseconds = performance.now() - start;
  const former = machine.channel;
  await machine.archive.publish(newer);
  for (let round = 0; round < 5; round++) {
    const delay = Math.round(usualMilliseconds * (0.3 + 0.7 * Math.random()));
    context.diagnostic(`killed after ${delay} ms`);
    const child = spawn(join(repository, 'bin/nix-channel'), ['--update'], {
      env: machine.environment,
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    await sleep(delay);
    child.kill('SIGKILL');
    await exited;
    assert.ok(existsSync(join(machine.channel, 'lock.json')));
  }
  await machine.succeed('nix-channel', '--update');
  assert.notEqual(machine.channel, former);
  assert.ok(readdirSync(join(machine.channel, 'debian/shards')).length > 0);
  await machine.succeed('nix-store', '--verify', '--check-contents');
});
