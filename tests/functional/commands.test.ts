/** What all commands have in common: help, versions, mistakes on the command line, pipes, signals, colours. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repository, ScratchCommands } from '../support/scratch-commands.ts';

const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
const commands = [
  'nix-build',
  'nix-channel',
  'nix-collect-garbage',
  'nix-hash',
  'nix-instantiate',
  'nix-prefetch-url',
  'nix-store',
  'nixos-option',
  'nixos-rebuild',
  'nixos-version',
];

/** A build that runs `script` in the sandbox's shell. */
const builds = (script: string, more = '') =>
  `derivation { name = "it"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" ${JSON.stringify(script)} ]; ${more} }`;

describe('every command', () => {
  for (const command of commands) {
    test(`${command}: --help, --version, an unknown flag`, async () => {
      await using scratch = new ScratchCommands();
      const help = scratch.succeed(command, ['--help']);
      assert.match(help, new RegExp(`^Usage: ${command} `));
      assert.ok(
        help.split('\n').every((line) => line.length <= 150),
        help,
      );
      assert.equal(scratch.succeed(command, ['--version']), `${command} (Firn) ${version}\n`);
      assert.equal(
        scratch.fail(command, ['--verbos']),
        `error: unrecognised flag '--verbos'\n       did you mean '--verbose'? try '${command} --help'\n`,
      );
      assert.equal(existsSync(scratch.root), false, 'no store was made');
    });
  }

  test('settings are flags, too', async () => {
    await using scratch = new ScratchCommands();
    const evaluate = (...flags: string[]) =>
      scratch.succeed('nix-instantiate', ['--eval', '-E', 'builtins.currentSystem', ...flags]);
    assert.equal(evaluate('--eval-system', 'riscv64-linux'), '"riscv64-linux"\n');
    assert.equal(evaluate('--option', 'eval-system', 'x-y'), '"x-y"\n');
    assert.match(
      scratch.fail('nix-store', ['--gc', '--max-jobs', 'many']),
      /^error: setting 'max-jobs' has invalid value 'many'\n/,
    );
    assert.match(
      scratch.fail('nix-store', ['--gc', '--option', 'keep-output', 'true']),
      /^error: unknown setting 'keep-output'\n +did you mean 'keep-outputs'\?\n$/,
    );
  });
});

describe('nix-store on its command line', () => {
  const cases: readonly (readonly [name: string, args: readonly string[], message: RegExp])[] = [
    ['no operation', [], /^error: no operation was given\n/],
    [
      'two operations',
      ['--gc', '--add', 'x'],
      /only one operation may be given, not both '--gc' and '--add'/,
    ],
    [
      'a flag of another operation',
      ['--gc', '--check-contents'],
      /flag '--check-contents' does not belong to '--gc'\n +it belongs to '--verify'/,
    ],
    ['two questions', ['-q', '--hash', '--size', 'x'], /query '--size' conflicts with '--hash'/],
    ['no argument', ['--realise'], /'--realise' needs at least one argument/],
    ['too many arguments', ['--gc', 'x'], /'--gc' takes no arguments, but got 'x'/],
    ['not a store path', ['-q', '--hash', '/etc/passwd'], /path '\/etc\/passwd' is not in the Nix store/],
    ['no number', ['--gc', '--max-freed', 'lots'], /'lots' is not a number of bytes/],
    [
      'what cannot be together',
      ['--gc', '--print-dead', '--max-freed', '1'],
      /--max-freed cannot be combined/,
    ],
    ['a hash algorithm', ['--add-fixed', 'sha257', 'x'], /unknown hash algorithm 'sha257'/],
    ['a file that is not there', ['--add', 'nowhere'], /path '.*\/nowhere' does not exist/],
    [
      'a path that is not valid',
      ['-q', '--size', `/nix/store/${'0'.repeat(32)}-x`],
      /path '.*-x' is not valid/,
    ],
  ];
  for (const [name, args, message] of cases) {
    test(name, async () => {
      await using scratch = new ScratchCommands();
      assert.match(scratch.fail('nix-store', args), message);
    });
  }

  test('a bad registration changes nothing', async () => {
    await using scratch = new ScratchCommands();
    const path = `/nix/store/${'0'.repeat(32)}-x`;
    const message = scratch.fail('nix-store', ['--load-db'], 1, {
      input: `${path}\n${'0'.repeat(64)}\nbig\n`,
    });
    assert.equal(
      message,
      "error: the input is not a list of valid paths: line 3: 'big' is not the size of a NAR\n       expected what 'nix-store --dump-db' prints\n",
    );
    assert.equal(scratch.succeed('nix-store', ['--dump-db']), '');
  });
});

describe('standard output', () => {
  test('a reader that goes away ends a command quietly', async () => {
    await using scratch = new ScratchCommands();
    const text = `builtins.genList (i: "a line to be read ${'.'.repeat(100)}") 20000`;
    writeFileSync(join(scratch.work, 'long.nix'), text);
    const shell = `"$0" --eval --strict long.nix | head -c 1; echo "$?"`;
    const result = spawnSync('/bin/sh', ['-c', shell, join(repository, 'bin/nix-instantiate')], {
      env: scratch.environment,
      cwd: scratch.work,
      encoding: 'utf8',
    });
    assert.equal(result.stderr, '');
    assert.equal(result.stdout, '[0\n');
  });

  test('a result that cannot be written is an error', async () => {
    await using scratch = new ScratchCommands();
    const full = openSync('/dev/full', 'w');
    const result = spawnSync(join(repository, 'bin/nix-instantiate'), ['--eval', '-E', '1'], {
      env: scratch.environment,
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    assert.equal(result.status, 1);
    assert.equal(result.stderr, 'error: cannot write to standard output: no space left on device\n');
  });

  test('no colours and no progress where there is no terminal', async () => {
    await using scratch = new ScratchCommands();
    const message = scratch.fail('nix-instantiate', ['--eval', '-E', 'x']);
    assert.doesNotMatch(message, /\x1b/);
  });

  test('NO_COLOR is heeded on a terminal', async () => {
    await using scratch = new ScratchCommands();
    const onTerminal = (env: NodeJS.ProcessEnv) =>
      spawnSync('script', ['-qec', `${join(repository, 'bin/nix-instantiate')} --eval -E x`, '/dev/null'], {
        env: { ...scratch.environment, TERM: 'xterm', ...env },
        cwd: scratch.work,
        encoding: 'utf8',
      });
    const coloured = onTerminal({});
    if (coloured.error) return; // Without script(1) there is no terminal to be had.
    assert.match(coloured.stdout, /\x1b\[31;1merror:/);
    assert.doesNotMatch(onTerminal({ NO_COLOR: '1' }).stdout, /\x1b\[3/);
    assert.doesNotMatch(onTerminal({ TERM: 'dumb' }).stdout, /\x1b/);
  });
});

/** A second signal would not wait for the first one's tidying up. */
function onlyOnce(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}

describe('signals', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} stops a build: status 130, nothing left behind`, { timeout: 120_000 }, async () => {
      await using scratch = new ScratchCommands();
      const running = scratch.start('nix-build', ['-E', builds('echo started; sleep 1000; echo > $out')]);
      const stop = onlyOnce(() => running.kill(signal));
      let said = '';
      running.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('started')) stop();
      });
      const [status] = (await once(running, 'close')) as [number];
      assert.equal(status, 130, said);
      assert.match(said, /error: interrupted by the user\n$/);
      assert.equal(existsSync(join(scratch.work, 'result')), false);
      scratch.succeed('nix-store', ['--verify', '--check-contents']);
    });
  }

  test('an evaluation that does not end can be stopped', { timeout: 120_000 }, async () => {
    await using scratch = new ScratchCommands();
    const endless = 'let f = n: if n == 0 then builtins.trace "started" (f 1) else f (n + 1); in f 0';
    const running = scratch.start('nix-instantiate', [
      '--eval',
      '--max-call-depth',
      '1000000000',
      '-E',
      endless,
    ]);
    const stop = onlyOnce(() => running.kill('SIGINT'));
    let said = '';
    running.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('started')) stop();
    });
    const [status] = (await once(running, 'close')) as [number];
    assert.equal(status, 130, said);
  });
});

describe('nix-build', () => {
  test('leaves links that are roots, and prints what it built', { timeout: 120_000 }, async () => {
    await using scratch = new ScratchCommands();
    const file = join(scratch.work, 'default.nix');
    const script = 'echo > $out; if [ -n "$dev" ]; then echo > $dev; fi';
    const named = (name: string, more = '') => builds(script, more).replace('"it"', `"${name}"`);
    writeFileSync(
      file,
      `{ a = ${named('a')}; b = (${named('b', 'outputs = [ "out" "dev" ];')}); c = ${named('c')}; }`,
    );
    const [a, b, dev] = scratch
      .succeed('nix-build', ['-A', 'a', '-A', 'b', '-A', 'b.dev'])
      .trim()
      .split('\n');
    assert.equal(readlinkSync(join(scratch.work, 'result')), scratch.real(a));
    assert.equal(readlinkSync(join(scratch.work, 'result-2')), scratch.real(b));
    assert.equal(readlinkSync(join(scratch.work, 'result-2-dev')), scratch.real(dev));
    const c = scratch.succeed('nix-build', ['--no-out-link', '-A', 'c']).trim();
    assert.equal(scratch.succeed('nix-store', ['--gc', '--print-dead']).includes(c), true);
    const one = scratch.succeed('nix-build', ['-o', 'named', '-A', 'c']).trim();
    assert.equal(readlinkSync(join(scratch.work, 'named')), scratch.real(one));
    assert.equal(scratch.succeed('nix-store', ['--gc', '--print-dead']).includes(c), false);
    assert.match(scratch.succeed('nix-store', ['-q', '--roots', c]), /named -> /);
  });

  test('--dry-run only says what it would do', async () => {
    await using scratch = new ScratchCommands();
    const { status, stdout, stderr } = scratch.run('nix-build', ['--dry-run', '-E', builds('exit 1')]);
    assert.equal(status, 0);
    assert.equal(stdout, '');
    assert.match(stderr, /^this derivation will be built:\n {2}\/nix\/store\/[a-z0-9]{32}-it\.drv\n$/);
  });

  test('a failed build: 100, its last lines, and its directory with -K', { timeout: 120_000 }, async () => {
    await using scratch = new ScratchCommands();
    const expression = builds('echo one; echo two > file; exit 7');
    const message = scratch.fail('nix-build', ['-K', '-E', expression], 100);
    assert.match(message, /error: builder for '.*-it\.drv' failed with exit code 7/);
    const kept = /note: keeping build directory '(.+?)'/.exec(message)?.[1];
    assert.ok(kept !== undefined, message);
    assert.equal(readFileSync(join(kept, 'file'), 'utf8'), 'two\n');
    assert.equal(existsSync(join(scratch.work, 'result')), false);
  });

  test('--arg and --argstr', async () => {
    await using scratch = new ScratchCommands();
    writeFileSync(join(scratch.work, 'f.nix'), '{ a, b ? 1, c }: [ a b c ]');
    const args = ['--eval', '--strict', '--arg', 'a', '1 + 1', '--argstr', 'c', '1 + 1', 'f.nix'];
    assert.equal(scratch.succeed('nix-instantiate', args), '[ 2 1 "1 + 1" ]\n');
  });
});

describe('checking and repairing', () => {
  const damage = (scratch: ScratchCommands, path: string) => {
    const file = scratch.real(path);
    chmodSync(file, 0o644);
    writeFileSync(file, 'damaged\n');
  };

  test('a damaged path is found, and built anew', { timeout: 120_000 }, async () => {
    await using scratch = new ScratchCommands();
    const path = scratch.succeed('nix-build', ['-E', builds('echo good > $out')]).trim();
    assert.equal(scratch.succeed('nix-store', ['--verify-path', path]), '');
    damage(scratch, path);
    assert.match(
      scratch.fail('nix-store', ['--verify-path', path]),
      /^error: path '.*-it' was modified! expected hash 'sha256:.*', got 'sha256:.*'\n$/,
    );
    const verified = scratch.fail('nix-store', ['--verify', '--check-contents']);
    assert.match(verified, /warning: not all store errors were fixed/);
    scratch.succeed('nix-store', ['--repair-path', path]);
    assert.equal(readFileSync(scratch.real(path), 'utf8'), 'good\n');
    damage(scratch, path);
    scratch.succeed('nix-store', ['--verify', '--check-contents', '--repair']);
    assert.equal(readFileSync(scratch.real(path), 'utf8'), 'good\n');
    damage(scratch, path);
    scratch.succeed('nix-build', ['--repair', '-E', builds('echo good > $out')]);
    assert.equal(readFileSync(scratch.real(path), 'utf8'), 'good\n');
  });

  test('--check finds a build that gives something else each time', { timeout: 120_000 }, async () => {
    await using scratch = new ScratchCommands();
    const steady = builds('echo same > $out');
    scratch.succeed('nix-build', ['--no-out-link', '-E', steady]);
    scratch.succeed('nix-build', ['--no-out-link', '--check', '-E', steady]);
    const fickle = builds('cat /proc/sys/kernel/random/uuid > $out');
    scratch.succeed('nix-build', ['--no-out-link', '-E', fickle]);
    assert.match(
      scratch.fail('nix-build', ['--no-out-link', '--check', '-E', fickle], 104),
      /error: derivation '.*-it\.drv' may not be deterministic: output '.*-it' differs/,
    );
  });
});
