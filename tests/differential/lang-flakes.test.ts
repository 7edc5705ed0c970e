/** Flakes: lock files, what is known of them, and their values are the same with Firn and with C++ Nix. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Answer, BothNixes } from '../support/both-nixes.ts';
import { git } from '../support/fetch-scene.ts';
import { Oracle } from '../support/oracle.ts';

const env = { NIX_CONFIG: 'experimental-features = flakes nix-command\nflake-registry =\n' };

/** Flakes that name each other by path; `@ROOT@` is filled in. */
const flakes: Readonly<Record<string, string>> = {
  'data/file': 'hello\n',
  'leaf/flake.nix': `{ description = "leaf"; inputs.data = { url = "path:@ROOT@/data"; flake = false; };
    outputs = { self, data }: { text = builtins.readFile (data + "/file"); n = 1; }; }`,
  'middle/flake.nix': `{ inputs.leaf.url = "path:@ROOT@/leaf"; inputs.data.url = "path:@ROOT@/data"; inputs.data.flake = false;
    outputs = { self, leaf, data }: { n = leaf.n + 10; rev = self.rev or "none"; dir = toString self; }; }`,
  'top/flake.nix': `{
    description = "top";
    inputs = {
      leaf.url = "path:@ROOT@/leaf";
      middle = { url = "git+file://@ROOT@/middle"; inputs.leaf.follows = "leaf"; };
      other = { type = "git"; url = "file://@ROOT@/middle"; inputs.data.follows = "data"; };
      data = { url = "path:@ROOT@/data"; flake = false; };
      inner = { url = "path:./inner"; inputs.leaf.follows = "middle/leaf"; };
      archive = { url = "tarball+file://@ROOT@/leaf.tar.gz"; inputs.data.follows = ""; };
    };
    outputs = { self, ... }@inputs: {
      n = inputs.middle.n + inputs.other.n + inputs.inner.n;
      names = builtins.mapAttrs (_: input: builtins.attrNames input) inputs;
      info = builtins.mapAttrs (_: input: removeAttrs input.sourceInfo [ "outPath" ]) (removeAttrs inputs [ "data" ]);
      paths = builtins.mapAttrs (_: input: input.outPath) inputs;
      packages.x86_64-linux.default = derivation { name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; src = self; };
      packages.riscv64-linux.default = { };
      checks.x86_64-linux.a = self.packages.x86_64-linux.default;
      overlays.default = final: prev: { };
      nixosModules.m = { };
      lib = { };
    };
  }`,
  'top/inner/flake.nix':
    '{ inputs.leaf.url = "path:@ROOT@/leaf"; outputs = { self, leaf }: { n = leaf.n + 100; }; }',
};

for (const oracle of Oracle.all().filter(({ version }) => version.startsWith('2.26'))) {
  describe(`flakes as C++ Nix ${oracle.version}`, () => {
    const nixes = new BothNixes(oracle, env);
    const { root } = nixes;
    after(() => nixes[Symbol.dispose]());
    const write = (name: string, text: string) => {
      mkdirSync(join(root, name, '..'), { recursive: true });
      writeFileSync(join(root, name), text.replaceAll('@ROOT@', root));
    };

    before(() => {
      for (const [name, text] of Object.entries(flakes)) write(name, text);
      for (const name of ['middle', 'top']) {
        git(join(root, name), 'init', '--quiet');
        git(join(root, name), 'add', '.');
        git(join(root, name), 'commit', '--quiet', '-m', 'first');
      }
      assert.equal(spawnSync('tar', ['-C', root, '-czf', join(root, 'leaf.tar.gz'), 'leaf']).status, 0);
    });

    const plain = (text: string) =>
      text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '');
    const both = (args: readonly string[]): [Answer, Answer] => [
      nixes.firn('nix', args),
      nixes.cpp('nix', args),
    ];
    const lockFile = () => readFileSync(join(root, 'top/flake.lock'), 'utf8');

    /** Runs a command that changes the lock file with both, each from the same state. */
    function lockWithBoth(args: readonly string[]): void {
      const ours = nixes.firn('nix', args);
      assert.equal(ours.status, 0, ours.errors);
      const mine = lockFile();
      git(join(root, 'top'), 'reset', '--quiet', '--hard');
      const theirs = nixes.cpp('nix', args);
      assert.equal(theirs.status, 0, theirs.errors);
      assert.equal(mine, lockFile());
      git(join(root, 'top'), 'add', '.');
      git(join(root, 'top'), 'commit', '--quiet', '--allow-empty', '-m', 'locked');
    }

    test('a first lock file', () => lockWithBoth(['flake', 'lock', `${root}/top`]));

    test('nothing changed, nothing written', () => {
      const was = lockFile();
      const [ours] = both(['flake', 'lock', `${root}/top`]);
      assert.equal(ours.errors, '');
      assert.equal(lockFile(), was);
    });

    for (const attribute of ['n', 'names', 'info', 'paths', 'packages.x86_64-linux.default.drvPath']) {
      test(`eval ${attribute}`, () => {
        const [ours, theirs] = both(['eval', '--json', `${root}/top#${attribute}`]);
        assert.equal(ours.status, 0, ours.errors);
        // 2.36 gives inputs that are no flakes a `sourceInfo`, too.
        const known = (text: string) => text.replace(/("outPath"),"sourceInfo"\]/, '$1]');
        assert.equal(known(ours.output), theirs.output);
      });
    }

    test('metadata', () => {
      const [ours, theirs] = both(['flake', 'metadata', `${root}/top`]);
      // The fingerprint is a key of C++ Nix's own cache.
      assert.equal(ours.output, plain(theirs.output).replace(/^Fingerprint:.*\n/m, ''));
      const [mine, wanted] = both(['flake', 'metadata', '--json', `${root}/top`]).map(
        ({ output }) => JSON.parse(output) as { locked: Record<string, unknown>; fingerprint?: string },
      );
      delete wanted.locked['__final'];
      delete wanted.fingerprint;
      assert.deepEqual(mine, wanted);
    });

    test('show', () => {
      const [ours, theirs] = both(['flake', 'show', `${root}/top`]);
      assert.equal(ours.output, plain(theirs.output));
    });

    test('an input changed: only an update takes it', () => {
      write('data/file', 'changed\n');
      write('middle/new', 'new\n');
      git(join(root, 'middle'), 'add', '.');
      git(join(root, 'middle'), 'commit', '--quiet', '-m', 'second');
      lockWithBoth(['flake', 'lock', `${root}/top`]);
      lockWithBoth(['flake', 'update', '--flake', `${root}/top`, 'middle']);
      lockWithBoth(['flake', 'update', '--flake', `${root}/top`]);
    });

    test('inputs come and go', () => {
      const text = flakes['top/flake.nix'];
      write(
        'top/flake.nix',
        text
          .replace(/archive = .*;/, 'leaf2.follows = "middle/leaf";')
          .replace('inputs.leaf.follows = "leaf";', ''),
      );
      git(join(root, 'top'), 'commit', '--quiet', '-am', 'other inputs');
      lockWithBoth(['flake', 'lock', `${root}/top`]);
    });

    test('uncommitted changes', () => {
      write('top/extra.nix', '1');
      git(join(root, 'top'), 'add', 'extra.nix');
      const [ours, theirs] = both(['eval', '--json', `${root}/top#paths`]);
      assert.equal(ours.output, theirs.output, ours.errors);
      assert.match(ours.errors, /is dirty/);
    });

    test('another flake for one time', () => {
      const args = ['eval', '--json', '--override-input', 'data', `path:${root}/leaf`, `${root}/top#paths`];
      const [ours, theirs] = both(args);
      assert.equal(ours.output, theirs.output, ours.errors);
    });

    for (const [name, text, message] of [
      ['no outputs', '{ }', /lacks attribute 'outputs'/],
      ['an unknown attribute', '{ output = 1; outputs = _: { }; }', /unsupported attribute/],
      ['a circle', '{ inputs.a.follows = "b"; inputs.b.follows = "a"; outputs = _: { }; }', /follow cycle/],
      ['a follow to nowhere', '{ inputs.a.follows = "b"; outputs = _: { }; }', /non-existent input/],
      [
        'both at once',
        '{ inputs.a = { url = "path:/x"; follows = "b"; }; outputs = _: { }; }',
        /both a flake reference/,
      ],
    ] as const) {
      test(`refused: ${name}`, () => {
        write('bad/flake.nix', text);
        const [ours, theirs] = both(['flake', 'metadata', `${root}/bad`]);
        assert.notEqual(theirs.status, 0);
        assert.equal(ours.status, theirs.status);
        assert.match(ours.errors, message);
      });
    }
  });
}
