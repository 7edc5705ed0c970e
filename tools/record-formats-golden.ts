/**
 * Records what C++ Nix says, for the tests of `src/formats` (`src/formats/fixtures/golden.json`):
 *
 *     node scripts/run.mjs tools/record-formats-golden.ts COMMAND
 *
 * COMMAND is a program that runs `COMMAND nix-store ARGS…` with C++ Nix 2.26 on a scratch store (the environment
 * variable NIX_REMOTE is set to one).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FEATURES = 'nix-command ca-derivations impure-derivations';
const fixtures = join(import.meta.dirname, '../src/formats/fixtures');
const oracle = process.argv[2];
const scratch = mkdtempSync(join(tmpdir(), 'golden-'));
const env = {
  ...process.env,
  NIX_REMOTE: join(scratch, 'root'),
  NIX_CONFIG: `experimental-features = ${FEATURES}`,
};

function run(...args: string[]): Buffer {
  return execFileSync(oracle, args, { env, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
}

function evaluate(expression: string): string {
  return JSON.parse(run('nix-instantiate', '--eval', '--json', '-E', expression).toString());
}

function failure(expression: string): string {
  const result = spawnSync(oracle, ['nix-instantiate', '--eval', '--strict', '-E', expression], { env });
  const text = result.stderr.toString('latin1').replace(/\u001b\[[0-9;]*m/g, '');
  const last = text.slice(text.lastIndexOf('error: ') + 'error: '.length);
  return last.split('\n')[0];
}

function derivations() {
  const file = join(fixtures, 'derivations.nix');
  const texts: Record<string, string> = {};
  const paths = run('nix-instantiate', file).toString().trim().split('\n');
  for (const path of run('nix-store', '-qR', ...paths)
    .toString()
    .trim()
    .split('\n')) {
    if (path.endsWith('.drv')) texts[path] = readFileSync(join(env.NIX_REMOTE, path), 'latin1');
  }
  const show = JSON.parse(run('nix', 'derivation', 'show', ...Object.keys(texts)).toString());
  return { texts, show };
}

const DIGITS = {
  md5: 'd41d8cd98f00b204e9800998ecf8427e',
  sha1: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  sha512:
    'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
};

function fixedPaths() {
  return Object.entries(DIGITS).flatMap(([algorithm, digits]) =>
    [true, false].map((recursive) => {
      const flags = recursive ? ['--recursive'] : [];
      const path = run('nix-store', '--print-fixed-path', ...flags, algorithm, digits, 'some-name_1.0+x?=');
      return { algorithm, digits, recursive, path: path.toString().trim() };
    }),
  );
}

function textPaths() {
  const plain = evaluate('builtins.toFile "plain" "text"');
  const one = evaluate('builtins.toFile "one" ("see " + builtins.toFile "plain" "text")');
  const two = evaluate(
    'let p = builtins.toFile "plain" "text"; in builtins.toFile "two" (builtins.toFile "one" ("see " + p) + " " + p)',
  );
  return [
    { name: 'plain', text: 'text', references: [], path: plain },
    { name: 'one', text: `see ${plain}`, references: [plain], path: one },
    { name: 'two', text: `${one} ${plain}`, references: [one, plain], path: two },
  ];
}

function hashes() {
  const formats = ['base16', 'nix32', 'base64', 'sri'];
  return Object.entries(DIGITS).map(([algorithm, digits]) => ({
    algorithm,
    digits,
    forms: Object.fromEntries(
      formats.map((format) => [
        format,
        evaluate(
          `builtins.convertHash { hash = "${digits}"; hashAlgo = "${algorithm}"; toHashFormat = "${format}"; }`,
        ),
      ]),
    ),
  }));
}

const BAD_HASHES: [string, string?][] = [
  ['abc', 'sha256'],
  ['', 'sha256'],
  ['abc'],
  ['sha256-abc'],
  ['sha256:abc', 'md5'],
  ['sha999:abc'],
  ['zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', 'sha256'],
  ['ezzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', 'sha256'],
  ['xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85', 'sha256'],
  ['sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF*='],
];

function badHashes() {
  return BAD_HASHES.map(([text, algorithm]) => {
    const named = algorithm ? `hashAlgo = "${algorithm}";` : '';
    const message = failure(`builtins.convertHash { hash = "${text}"; ${named} toHashFormat = "sri"; }`);
    return { text, algorithm, message };
  });
}

const BAD_NAMES = ['', '.', '..', '.-x', '..-x', 'a/b', 'a b', 'ä', 'x'.repeat(212)];

function badNames() {
  return BAD_NAMES.map((name) => {
    const message = failure(`builtins.toFile ${JSON.stringify(name)} ""`);
    const reason = message.replace(/^path '.*' is not a valid store path: /, '');
    return { name: Buffer.from(name).toString('latin1'), message: reason };
  });
}

function badPaths() {
  const paths = [
    '/nix/store/foo',
    '/nix/stor/foo',
    `/nix/store/E${'z'.repeat(31)}-foo`,
    `/nix/store/${'z'.repeat(32)}`,
  ];
  return paths.map((path) => ({ path, message: failure(`builtins.storePath "${path}"`) }));
}

function nars() {
  const dump = (path: string) => run('nix-store', '--dump', path).toString('base64');
  const at = (name: string) => join(scratch, name);
  writeFileSync(at('empty'), '');
  writeFileSync(at('seven'), '1234567');
  writeFileSync(at('eight'), '12345678', { mode: 0o755 });
  symlinkSync('some/target', at('link'));
  mkdirSync(at('empty-directory'));
  const tree = at('tree');
  mkdirSync(join(tree, 'b/c'), { recursive: true });
  writeFileSync(join(tree, 'B'), 'upper');
  writeFileSync(join(tree, 'b/c/é'), 'name in UTF-8');
  writeFileSync(join(tree, 'b-'), 'sorts before b/');
  chmodSync(join(tree, 'B'), 0o744);
  symlinkSync('/absolute', join(tree, 'a'));
  return Object.fromEntries(
    ['empty', 'seven', 'eight', 'link', 'empty-directory', 'tree'].map((name) => [name, dump(at(name))]),
  );
}

const golden = {
  recordedFrom: run('nix-store', '--version').toString().trim(),
  hashes: hashes(),
  badHashes: badHashes(),
  badNames: badNames(),
  badPaths: badPaths(),
  placeholders: Object.fromEntries(['out', 'dev'].map((o) => [o, evaluate(`builtins.placeholder "${o}"`)])),
  fixedPaths: fixedPaths(),
  textPaths: textPaths(),
  nars: nars(),
  derivations: derivations(),
};
writeFileSync(join(fixtures, 'golden.json'), `${JSON.stringify(golden, null, 1)}\n`);
execFileSync('chmod', ['-R', 'u+w', scratch]);
rmSync(scratch, { recursive: true });
