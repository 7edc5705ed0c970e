/**
 * The same `nix-store`, `nix-instantiate` and `nix-build` calls of Firn and of C++ Nix on the same private store print the
 * same. The store is made by one of them, the questions go to both.
 */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Oracle } from '../support/oracle.ts';
import { ScratchCommands } from '../support/scratch-commands.ts';

const [oracle] = Oracle.all();

/** A fixed output, whose file is added instead of fetched, and texts that refer to each other. */
const expression = (file: string) => `
let
  fetched = derivation {
    name = "fetched";
    system = "builtin";
    builder = "builtin:fetchurl";
    url = "file://${file}";
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = builtins.hashFile "sha256" ${file};
    executable = false;
    unpack = false;
    quoted = "it's \\"quoted\\"";
  };
  one = builtins.toFile "one" "1";
  two = builtins.toFile "two" "see \${one}";
  three = builtins.toFile "three" "see \${one} and \${two}";
in
{
  inherit fetched;
  user = derivation {
    name = "user";
    system = "x86_64-linux";
    builder = "/none";
    args = [ three "a b" ];
    inherit fetched;
    outputs = [ "out" "dev" ];
  };
}
`;

describe(`commands answer as those of C++ Nix ${oracle?.version}`, () => {
  const scratch = new ScratchCommands();
  after(() => scratch[Symbol.asyncDispose]());
  const file = join(scratch.work, 'default.nix');
  let drv = '';
  let user = '';
  let out = '';

  const both = (program: string, args: readonly string[]): [ours: string, theirs: string] => [
    scratch.succeed(program, args),
    oracle.run(scratch.root, program, args).toString(),
  ];
  const same = (program: string, ...args: string[]) => {
    const [ours, theirs] = both(program, args);
    assert.equal(ours, theirs, `${program} ${args.join(' ')}`);
    return ours;
  };

  before(() => {
    const data = join(scratch.work, 'fetched');
    writeFileSync(data, 'contents\n');
    writeFileSync(file, expression(data));
    drv = scratch.succeed('nix-instantiate', [file, '-A', 'fetched']).trim();
    user = scratch.succeed('nix-instantiate', [file, '-A', 'user']).trim();
    out = scratch.succeed('nix-store', ['--add-fixed', 'sha256', data]).trim();
    // As if it had been built: its deriver is known from the first.
    const lines = scratch.succeed('nix-store', ['--dump-db', out]).split('\n');
    lines[3] = drv;
    scratch.succeed('nix-store', ['--delete', out]);
    cpSync(data, scratch.real(out));
    scratch.succeed('nix-store', ['--load-db'], { input: lines.join('\n') });
    assert.equal(scratch.succeed('nix-store', ['--realise', drv]).trim(), out);
  });

  test('instantiation', () => {
    assert.equal(same('nix-instantiate', file, '-A', 'user').trim(), user);
    same('nix-instantiate', file);
    same('nix-instantiate', '--eval', '--strict', '--json', '-E', '{ a = [ 1 2.5 "x" ]; }');
    same('nix-instantiate', '--parse', '-E', 'let a = 1; in a');
  });

  const queries = [
    '--outputs',
    '--requisites',
    '--references',
    '--referrers',
    '--referrers-closure',
    '--deriver',
    '--valid-derivers',
    '--graph',
    '--graphml',
    '--tree',
    '--hash',
    '--size',
    '--resolve',
  ];
  for (const query of queries) {
    test(`nix-store --query ${query}`, () => {
      same('nix-store', '--query', query, user, drv, ...(query === '--outputs' ? [] : [out]));
    });
  }

  test('nix-store --query with outputs', () => {
    same('nix-store', '-q', '--use-output', '--size', drv, out);
    same('nix-store', '-qu', '--hash', drv);
    same('nix-store', '-qR', '--include-outputs', user);
    same('nix-store', '-q', user);
    same('nix-store', '-q', '--force-realise', drv);
  });

  test('nix-store --query --binding, --print-env', () => {
    assert.equal(same('nix-store', '--query', '--binding', 'name', drv), 'fetched\n');
    same('nix-store', '-q', '-b', 'quoted', out);
    same('nix-store', '--print-env', drv);
    // 2.26 quotes the arguments twice, which no shell can read back; later versions quote them as Firn does.
    const ofUser = both('nix-store', ['--print-env', user]).map((text) =>
      text.replace(/^export _args;.*$/m, ''),
    );
    assert.equal(ofUser[0], ofUser[1]);
  });

  test('roots', () => {
    const link = join(scratch.root, 'nix/var/nix/gcroots/mine');
    symlinkSync(out, link);
    const roots = same('nix-store', '--gc', '--print-roots');
    assert.match(roots, /mine -> .*fetched\n$/);
    same('nix-store', '--query', '--roots', out);
    const live = both('nix-store', ['--gc', '--print-live']).map((text) => text.split('\n').sort());
    assert.deepEqual(live[0], live[1]);
    const dead = both('nix-store', ['--gc', '--print-dead']).map((text) => text.split('\n').sort());
    assert.deepEqual(dead[0], dead[1]);
    rmSync(link);
  });

  test('the database as text, and back', async () => {
    const dump = same('nix-store', '--dump-db');
    same('nix-store', '--dump-db', out, drv);
    same('nix-store', '--check-validity', out);
    await using copy = new ScratchCommands();
    cpSync(join(scratch.root, 'nix/store'), join(copy.root, 'nix/store'), { recursive: true });
    copy.succeed('nix-store', ['--load-db'], { input: dump });
    assert.equal(copy.succeed('nix-store', ['--dump-db']), dump);
  });

  test('exports are the same bytes, and each imports the other’s', () => {
    const closure = scratch.succeed('nix-store', ['-qR', user]).trim().split('\n');
    const ours = scratch.run('nix-store', ['--export', ...closure]);
    const theirs = oracle.run(scratch.root, 'nix-store', ['--export', ...closure]);
    assert.equal(ours.stdout, theirs.toString());
  });

  test('adding', () => {
    const added = join(scratch.work, 'added');
    copyFileSync(file, added);
    same('nix-store', '--add', added);
    same('nix-store', '--add-fixed', 'sha1', added);
    same('nix-store', '--add-fixed', '--recursive', 'sha256', scratch.home);
    const hash = '0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73';
    same('nix-store', '--print-fixed-path', 'sha256', hash, 'name');
    same('nix-store', '--print-fixed-path', '--recursive', 'sha256', hash, 'name');
  });

  test('nix-hash', () => {
    const tree = join(scratch.work, 'tree');
    mkdirSync(tree);
    writeFileSync(join(tree, 'a'), 'a');
    same('nix-hash', tree, file);
    same('nix-hash', '--type', 'sha256', '--base32', tree);
    same('nix-hash', '--type', 'sha512', '--base64', '--flat', file);
    same('nix-hash', '--type', 'sha256', '--truncate', '--base32', '--flat', file);
    same('nix-hash', '--type', 'sha1', '--sri', tree);
    const sha1 = 'e4fd8ba5f7bbeaea5ace89fe10255536cd60dab6';
    for (const form of ['base16', 'base32', 'base64', 'sri'])
      same('nix-hash', `--to-${form}`, '--type', 'sha1', sha1);
  });

  test('nix-prefetch-url', () => {
    const url = `file://${file}`;
    same('nix-prefetch-url', '--print-path', url);
    same('nix-prefetch-url', '--print-path', '--name', 'other', '--type', 'sha1', url);
    same('nix-prefetch-url', '--print-path', '--executable', url);
    const hash = scratch.succeed('nix-hash', ['--type', 'sha256', '--flat', '--base32', file]).trim();
    same('nix-prefetch-url', '--print-path', url, hash);
  });

  test('nix-build of what is there', () => {
    assert.equal(same('nix-build', file, '-A', 'fetched', '--no-out-link').trim(), out);
    same('nix-build', file, '-A', 'fetched', '-A', 'fetched', '--no-out-link');
    same('nix-build', '--no-out-link', drv);
  });
});
