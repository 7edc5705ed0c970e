/**
 * `kill -9` of the real command at random moments of fetching, building and registering: nothing that it started runs
 * on, everything that is valid is whole, and the next run succeeds. `FIRN_TEST_SEED` repeats a run's moments.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomIntegers, testSeed } from '../support/random.ts';
import { type Outcome, ScratchCommands } from '../support/scratch-commands.ts';

const tools = process.env['FIRN_TEST_BWRAP'];
const seed = testSeed();
const random = randomIntegers(seed);
const expression = join(import.meta.dirname, 'kill/expression.nix');

/** Serves what `expression.nix` downloads, slowly; emits `request`. */
class SlowServer extends EventEmitter {
  readonly #server = http.createServer((request, response) => void this.#answer(request.url!, response));
  base = '';

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.base = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(url: string, response: http.ServerResponse): Promise<void> {
    this.emit('request', url);
    const contents = Array.from({ length: 2000 }, (_, i) => `${url.slice(1)} ${i}\n`).join('');
    response.on('error', () => {});
    response.writeHead(200, { 'Content-Length': contents.length });
    for (let at = 0; at < contents.length && !response.destroyed; at += 8000) {
      response.write(contents.slice(at, at + 8000));
      await sleep(40);
    }
    response.end();
  }
}

/** A command that runs, and what it has said. */
class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  #stderr = '';
  #stdout = '';

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout!.on('data', (data) => (this.#stdout += data));
    child.stderr!.on('data', (data) => (this.#stderr += data));
    this.ended = once(child, 'close').then(([code, signal]) => ({
      status: code ?? signal,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
  }

  /** Resolves once `text` was written to standard error. */
  async says(text: string): Promise<void> {
    const ended = this.ended.then(({ stderr }) => {
      if (!stderr.includes(text)) throw new Error(`the command ended without saying '${text}':\n${stderr}`);
    });
    while (!this.#stderr.includes(text)) await Promise.race([once(this.child.stderr!, 'data'), ended]);
  }
}

describe('kill -9 of nix-build', { skip: tools ? false : 'FIRN_TEST_BWRAP is not set' }, () => {
  const server = new SlowServer();
  const scene = new ScratchCommands();
  const firstUid = 32_000 + (process.pid % 800) * 32;
  Object.assign(scene.extraEnvironment, {
    FIRN_SANDBOX_TOOLS: tools,
    NIX_CONFIG: `build-users-uids = ${firstUid}-${firstUid + 31}`,
  });
  let registrationMs = 0;

  const start = (program: string, args: readonly string[]) => new Running(scene.start(program, args));
  const build = (round: string) =>
    start('nix-build', [
      expression,
      '--argstr',
      'round',
      round,
      '--argstr',
      'base',
      server.base,
      '-o',
      'link',
    ]);

  async function verify(when: string): Promise<void> {
    const outcome = await start('nix-store', ['--verify', '--check-contents']).ended;
    assert.equal(outcome.status, 0, `${when}:\n${outcome.stderr}`);
    assert.doesNotMatch(outcome.stderr, /error|warning|disappeared|modified/, when);
  }

  /** Kills a build `delayMs` after `moment`, then looks at what is left. */
  async function killAt(round: string, moment: (run: Running) => Promise<unknown>, delayMs: number) {
    const run = build(round);
    await moment(run);
    await sleep(delayMs);
    run.child.kill('SIGKILL');
    const killed = await run.ended;
    const when = `round ${round}, ${delayMs} ms, seed ${seed}`;
    for (let i = 0; i < 200 && processesWith(scene.directory).length > 0; i++) await sleep(10);
    assert.deepEqual(processesWith(scene.directory), [], when);
    await verify(`killed in ${when}`);
    const next = await build(round).ended;
    assert.equal(next.status, 0, `${when}:\n${next.stderr}`);
    assert.equal(readFileSync(join(scene.real(next.stdout.trim()), '600'), 'utf8'), `${round} 600\n`);
    return killed.status;
  }

  before(async () => {
    await server.start();
    // How long the registration takes: from the builder's last word to the command's end.
    const run = build('first');
    await run.says('registering');
    const said = performance.now();
    assert.equal((await run.ended).status, 0);
    registrationMs = performance.now() - said;
  });
  after(async () => {
    server.stop();
    await scene[Symbol.asyncDispose]();
  });

  test(`in fetches (seed ${seed})`, async () => {
    for (let i = 0; i < 5; i++) {
      assert.equal(await killAt(`fetch-${i}`, () => once(server, 'request'), random(350)), 'SIGKILL');
    }
  });

  test(`in builds (seed ${seed})`, async () => {
    for (let i = 0; i < 5; i++) {
      assert.equal(await killAt(`build-${i}`, (run) => run.says('building'), random(300)), 'SIGKILL');
    }
  });

  test(`in registrations (seed ${seed})`, async (context) => {
    let killed = 0;
    let withinMs = registrationMs;
    // A run that ends first was not killed: another moment is drawn, from a shorter time.
    for (let i = 0; killed < 5 && i < 40; i++) {
      const delay = random(Math.ceil(withinMs));
      const status = await killAt(`registration-${i}`, (run) => run.says('registering'), delay);
      if (status === 'SIGKILL') killed++;
      else {
        assert.equal(status, 0);
        withinMs *= 0.7;
      }
    }
    context.diagnostic(`registration takes ${Math.round(registrationMs)} ms`);
    assert.equal(killed, 5);
  });

  test('the collector deletes what a killed build left', async () => {
    const run = build('collected');
    await run.says('building');
    run.child.kill('SIGKILL');
    await run.ended;
    const left = () =>
      readdirSync(join(scene.root, 'nix/store')).filter((name) => /\.(chroot|lock|drv)$|tmp/.test(name));
    assert.ok(left().some((name) => name.endsWith('.chroot')));
    rmSync(join(scene.work, 'link'), { force: true });
    const collected = await start('nix-store', ['--gc']).ended;
    assert.equal(collected.status, 0, collected.stderr);
    assert.deepEqual(left(), []);
    await verify('after collecting');
  });
});

/** Processes whose command line holds a text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text);
    } catch {
      return false;
    }
  });
}
