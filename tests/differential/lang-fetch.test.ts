/** What the fetching builtins give, Firn's against C++ Nix's: attributes, hashes and store paths. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { BothNixes } from '../support/both-nixes.ts';
import { git, makeArchives, makeRepositories } from '../support/fetch-scene.ts';
import { Oracle } from '../support/oracle.ts';

const features = { NIX_CONFIG: 'experimental-features = flakes nix-command' };

/** Expressions by name; `@ROOT@` and `@REV@` are filled in. */
const expressions: Readonly<Record<string, string>> = {
  'working directory': 'builtins.fetchGit @ROOT@/repo',
  'working directory by URL': 'builtins.fetchGit "file://@ROOT@/repo"',
  'a name': 'builtins.fetchGit { url = @ROOT@/repo; name = "other-name"; }',
  'a revision': 'builtins.fetchGit { url = @ROOT@/repo; rev = "@REV@"; }',
  'a branch': 'builtins.fetchGit { url = @ROOT@/repo; ref = "other"; }',
  'a tag': 'builtins.fetchGit { url = @ROOT@/repo; ref = "refs/tags/v1"; }',
  'nothing left out': 'builtins.fetchGit { url = @ROOT@/repo; ref = "main"; exportIgnore = false; }',
  shallow: 'builtins.fetchGit { url = @ROOT@/repo; ref = "main"; shallow = true; }',
  'a bare repository': 'builtins.fetchGit "file://@ROOT@/bare.git"',
  'a bare repository, a branch': 'builtins.fetchGit { url = "file://@ROOT@/bare.git"; ref = "other"; }',
  'a bare repository, a revision': 'builtins.fetchGit { url = "file://@ROOT@/bare.git"; rev = "@REV@"; }',
  'a bare repository, all references':
    'builtins.fetchGit { url = "file://@ROOT@/bare.git"; rev = "@REV@"; allRefs = true; }',
  'no submodules': 'builtins.fetchGit @ROOT@/parent',
  'submodules of a working directory': 'builtins.fetchGit { url = @ROOT@/parent; submodules = true; }',
  'submodules of a branch': 'builtins.fetchGit { url = @ROOT@/parent; ref = "main"; submodules = true; }',
  'uncommitted changes': 'builtins.fetchGit @ROOT@/dirty',
  'a tree by URL': 'builtins.fetchTree "git+file://@ROOT@/repo?ref=other&shallow=1"',
  'a tree, revision':
    'builtins.fetchTree { type = "git"; url = "@ROOT@/repo"; rev = "@REV@"; shallow = true; }',
  'a path': 'removeAttrs (builtins.fetchTree { type = "path"; path = "@ROOT@/unpacked/tree"; }) [ ]',
  'a path with what is known': 'builtins.fetchTree "path:@ROOT@/unpacked/tree?lastModified=5&rev=@REV@"',
  'a tarball': 'builtins.fetchTarball "file://@ROOT@/tree.tar.gz"',
  'a flat tarball': 'builtins.fetchTarball { url = "file://@ROOT@/flat.tar"; name = "flat"; }',
  'a tarball as a tree': 'builtins.fetchTree "file://@ROOT@/tree.tar.gz"',
  'a plain file': 'builtins.fetchTree "file+file://@ROOT@/plain.txt"',
  'a tarball as a file': 'builtins.fetchTree "file+file://@ROOT@/flat.tar"',
  'a file': 'builtins.fetchurl "file://@ROOT@/plain.txt"',
  'a file with a name': 'builtins.fetchurl { url = "file://@ROOT@/plain.txt"; name = "named"; }',
  'what was fetched can be read': 'builtins.readDir (builtins.fetchTarball "file://@ROOT@/tree.tar.gz")',
};

/** Failures that both must have; the words may differ where 2.26's are older. */
const failures: Readonly<Record<string, string>> = {
  'no such branch': 'builtins.fetchGit { url = @ROOT@/repo; ref = "nowhere"; }',
  'no such revision':
    'builtins.fetchGit { url = @ROOT@/repo; rev = "00000000000000000000000000000000000000ff"; }',
  'no such archive': 'builtins.fetchTarball "file://@ROOT@/nowhere.tar"',
  'another hash':
    'builtins.fetchTarball { url = "file://@ROOT@/flat.tar"; sha256 = "0000000000000000000000000000000000000000000000000000"; }',
  'another file hash':
    'builtins.fetchurl { url = "file://@ROOT@/plain.txt"; sha256 = "0000000000000000000000000000000000000000000000000000"; }',
  'both at once': 'builtins.fetchGit { url = @ROOT@/repo; submodules = true; exportIgnore = true; }',
};

for (const oracle of Oracle.all().filter(({ version }) => !version.startsWith('2.8'))) {
  describe(`fetching as C++ Nix ${oracle.version}`, () => {
    const nixes = new BothNixes(oracle, features);
    after(() => nixes[Symbol.dispose]());
    const { root } = nixes;
    makeRepositories(root);
    makeArchives(root);
    git(root, 'clone', '--quiet', join(root, 'repo'), join(root, 'dirty'));
    writeFileSync(join(root, 'dirty/a.txt'), 'changed\n');
    writeFileSync(join(root, 'dirty/new'), 'new\n');
    git(join(root, 'dirty'), 'add', 'new');
    git(join(root, 'dirty'), 'rm', '--quiet', '--cached', 'bin/run');
    const rev = git(join(root, 'repo'), 'rev-parse', 'HEAD');
    const fill = (text: string) => text.replaceAll('@ROOT@', root).replaceAll('@REV@', rev);

    const members = Object.entries(expressions).map(
      ([name, text]) => `  ${JSON.stringify(name)} = ${fill(text)};`,
    );
    const args = ['--eval', '--strict', '--json', join(root, 'print.nix')];
    writeFileSync(
      join(root, 'print.nix'),
      `builtins.mapAttrs (_: v: if v ? outPath then { path = v.outPath; rest = removeAttrs v [ "outPath" ]; } else v) {\n${members.join('\n')}\n}`,
    );
    const ours = nixes.firn('nix-instantiate', args);
    const theirs = nixes.cpp('nix-instantiate', args);
    test('both evaluate', () => {
      assert.equal(theirs.status, 0, theirs.errors);
      assert.equal(ours.status, 0, ours.errors);
    });
    const parse = (text: string) => JSON.parse(text || '{}') as Record<string, unknown>;
    const [mine, wanted] = [parse(ours.output), parse(theirs.output)];
    for (const name of Object.keys(expressions)) test(name, () => assert.deepEqual(mine[name], wanted[name]));

    for (const [name, text] of Object.entries(failures)) {
      test(name, () => {
        const failing = ['--eval', '--strict', '-E', fill(text)];
        const [mine, wanted] = [
          nixes.firn('nix-instantiate', failing),
          nixes.cpp('nix-instantiate', failing),
        ];
        assert.equal(mine.status, wanted.status, mine.errors);
        assert.doesNotMatch(mine.errors, /internal error/);
      });
    }
  });
}
