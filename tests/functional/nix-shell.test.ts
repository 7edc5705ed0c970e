/** `nix-shell` on a private store with a small `<nixpkgs>`: packages, files, `--pure`, hooks, scripts, mistakes. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScratchCommands } from '../support/scratch-commands.ts';

/** `runCommand` with a set-up that puts inputs into `PATH`, and one program. */
const nixpkgs = String.raw`
{ ... }:
let
  make = name: text: derivation {
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" text ];
  };
  setup = make "setup" ''
    mkdir -p $out
    echo 'for i in $buildInputs; do PATH=$i/bin:$PATH; done; export PATH' > $out/setup
    echo 'runHook() { eval "eval \"\$$1\""; }' >> $out/setup
  '';
  pkgs = {
    inherit pkgs;
    greet = make "greet" ''
      mkdir -p $out/bin
      printf '#!/bin/sh\necho "Hello $*"\n' > $out/bin/greet
      chmod +x $out/bin/greet
    '';
    runCommand = name: attrs: text:
      derivation ({ inherit name; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" text ]; stdenv = setup; } // attrs);
  };
in
pkgs
`;

const shell = `
{ inNixShell ? false }:
let pkgs = import <nixpkgs> { }; in
pkgs.runCommand "work" {
  buildInputs = [ pkgs.greet ];
  TEXT = "a b'c";
  passAsFile = [ "long" ];
  long = "from a file";
  shellHook = "export HOOK=\${toString inNixShell}";
} ""
`;

function scene(): ScratchCommands {
  const commands = new ScratchCommands();
  mkdirSync(join(commands.work, 'nixpkgs'));
  writeFileSync(join(commands.work, 'nixpkgs/default.nix'), nixpkgs);
  writeFileSync(join(commands.work, 'shell.nix'), shell);
  Object.assign(commands.extraEnvironment, {
    NIX_PATH: `nixpkgs=${join(commands.work, 'nixpkgs')}`,
    NIX_BUILD_SHELL: '/bin/bash',
  });
  return commands;
}

test('packages by name, and nothing of the shell is left behind', async () => {
  await using commands = scene();
  const run = (...args: string[]) => commands.succeed('nix-shell', ['-p', 'greet', ...args]);
  assert.equal(run('--run', 'greet you; echo $IN_NIX_SHELL'), 'Hello you\nimpure\n');
  const directory = run('--run', 'echo $TMPDIR').trim();
  commands.succeed('nix-shell', ['-p', '--run', `test ! -e ${directory}`]);
  assert.equal(commands.run('nix-shell', ['-p', '--run', 'exit 3']).status, 3);
});

test('the environment of a derivation', async () => {
  await using commands = scene();
  const run = (...args: string[]) => commands.succeed('nix-shell', args, { env: { FOO: 'foo', BAR: 'bar' } });
  assert.equal(
    run('--run', 'greet $TEXT; cat $longPath; echo " $HOOK$FOO"'),
    "Hello a b'c\nfrom a file 1foo\n",
  );
  assert.equal(run('--pure', '--keep', 'FOO', '--run', 'echo $FOO-$BAR-$IN_NIX_SHELL'), 'foo--pure\n');
  // Other functions do not get the argument.
  writeFileSync(
    join(commands.work, 'other.nix'),
    '{ ... }@args: (import ./nixpkgs { }).runCommand "x" { names = builtins.attrNames args; } ""',
  );
  assert.equal(run('other.nix', '--run', 'echo "<$names>"'), '<>\n');
});

test('the shell is in the session of its caller, so that it has the terminal', async () => {
  await using commands = scene();
  const session = (text: string) => text.replace(/^.*\) /, '').split(' ')[3];
  const inside = commands.succeed('nix-shell', ['-p', '--run', 'read -r line < /proc/$$/stat; echo "$line"']);
  assert.equal(session(inside.trim()), session(readFileSync('/proc/self/stat', 'utf8')));
});

test('scripts that say what they need', async () => {
  await using commands = scene();
  const script = join(commands.work, 'script');
  writeFileSync(
    script,
    '#! /usr/bin/env nix-shell\n#! nix-shell -i bash\n#! nix-shell -p "greet" --pure\necho "$1" "$2"; greet $IN_NIX_SHELL; exit 7\n',
  );
  const outcome = commands.run('nix-shell', [script, "it's", '--run'], { cwd: '/' });
  assert.deepEqual([outcome.status, outcome.stdout], [7, "it's --run\nHello pure\n"]);
});

test('mistakes', async () => {
  await using commands = scene();
  const fail = (...args: string[]) => commands.fail('nix-shell', args);
  assert.match(fail('-p', '-E', '1'), /'-p' and '-E' are mutually exclusive/);
  assert.match(fail('-E', '[ ]'), /nix-shell requires a single derivation/);
  assert.match(fail('-p', 'grete'), /undefined variable 'grete'/);
  const empty = join(commands.work, 'nixpkgs/empty');
  mkdirSync(empty);
  assert.match(commands.fail('nix-shell', [], 1, { cwd: empty }), /no argument specified and no 'shell.nix'/);
});
