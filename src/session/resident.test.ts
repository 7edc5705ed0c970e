/** The resident evaluator as a process: started on demand, true to the files, gone when it is not wanted. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MemoryLogger } from '../diagnostics/index.ts';
import { openSession } from './open-session.ts';
import { residentStatus, stopResident } from './resident-client.ts';
import { residentSocket } from './resident-protocol.ts';
import { SettingsBuilder } from './settings.ts';

const build = 'test';

interface Answered {
  readonly texts: readonly string[];
  readonly printed: readonly string[];
}

class Scene implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'firn-resident-'));
  readonly env = { HOME: this.root, XDG_CACHE_HOME: this.root, X: 'one' } as NodeJS.ProcessEnv;

  async [Symbol.asyncDispose](): Promise<void> {
    await stopResident(this.env, build);
    rmSync(this.root, { recursive: true, force: true });
  }

  async evaluate(text: string, writeStore = false): Promise<Answered> {
    const builder = new SettingsBuilder();
    for (const [name, value] of Object.entries({
      'resident-evaluator': 'true',
      'eval-cache': 'false',
      sandbox: 'false',
    }))
      builder.set(name, value);
    const logger = new MemoryLogger();
    const session = await openSession({
      settings: builder.build(),
      env: this.env,
      logger,
      storeUri: join(this.root, 'store'),
      searchPath: [],
      signal: new AbortController().signal,
      build,
    });
    try {
      const answer = await session.evaluate({
        source: { kind: 'text', text, basePath: this.root },
        attrPaths: [''],
        args: [],
        output: writeStore ? 'derivations' : 'value',
        strict: true,
        writeStore,
      });
      const texts = answer.kind === 'texts' ? answer.texts : answer.derivations.map(({ drvPath }) => drvPath);
      return { texts, printed: logger.messages.map(({ message }) => message) };
    } finally {
      await session.close();
    }
  }

  /** Waits until the evaluator that an evaluation started is there. */
  async started(): Promise<void> {
    for (let i = 0; i < 300; i++) {
      if ((await residentStatus(this.env, build)) !== undefined) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail('no resident evaluator came');
  }
}

test('the resident evaluator is started by the first command and used by the next', async () => {
  await using scene = new Scene();
  writeFileSync(join(scene.root, 'a.nix'), 'builtins.trace "read" 1');
  const text = '[ (import ./a.nix) (builtins.getEnv "X") ]';
  assert.deepEqual(await scene.evaluate(text), { texts: ['[ 1 "one" ]'], printed: ['trace: read'] });
  await scene.started();
  assert.deepEqual(await scene.evaluate(text), { texts: ['[ 1 "one" ]'], printed: ['trace: read'] });
  assert.equal((await residentStatus(scene.env, build))?.evaluations, 1);
  writeFileSync(join(scene.root, 'a.nix'), '2');
  scene.env['X'] = 'two';
  assert.deepEqual(await scene.evaluate(text), { texts: ['[ 2 "two" ]'], printed: [] });
  await assert.rejects(scene.evaluate('throw "no"'), /no/);
  assert.equal((await residentStatus(scene.env, build))?.evaluations, 3);

  const derivation =
    'derivation { name = "x"; builder = "/bin/sh"; system = "x86_64-linux"; src = ./a.nix; }';
  const written = await scene.evaluate(derivation, true);
  assert.match(written.texts[0], /-x\.drv$/);
  assert.ok(existsSync(join(scene.root, 'store', written.texts[0])));
  assert.equal((await residentStatus(scene.env, build))?.evaluations, 4);

  assert.equal(await stopResident(scene.env, build), true);
  assert.equal(await residentStatus(scene.env, build), undefined);
  assert.deepEqual(await scene.evaluate('1'), { texts: ['1'], printed: [] });
});

test('several at once: the others evaluate by themselves', async () => {
  await using scene = new Scene();
  await scene.evaluate('1');
  await scene.started();
  const answers = await Promise.all(
    [1, 2, 3].map((n) => scene.evaluate(`${n} + builtins.length (builtins.genList (x: x) 100000)`)),
  );
  assert.deepEqual(
    answers.map(({ texts }) => texts[0]),
    ['100001', '100002', '100003'],
  );
});

test('a socket that does not answer, or answers nonsense, is left alone', async () => {
  await using scene = new Scene();
  const path = residentSocket(scene.env, build)!;
  const talkers = [() => {}, (socket: { end: (text: string) => void }) => socket.end('nonsense\n')];
  for (const talk of talkers) {
    const server = createServer(talk).listen(path);
    assert.deepEqual(await scene.evaluate('1 + 1'), { texts: ['2'], printed: [] });
    server.close();
    rmSync(path, { force: true });
  }
});

test('a socket left behind by a process that is gone does not stop the next one', async () => {
  await using scene = new Scene();
  const path = residentSocket(scene.env, build)!;
  writeFileSync(path, '');
  await scene.evaluate('1');
  await scene.started();
  assert.deepEqual(readdirSync(join(scene.root, 'firn/evaluator')), [`${build}.sock`]);
});
