/** `nix-copy-closure` between two private stores; the SSH client is a script that runs the command here. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository, ScratchCommands } from '../support/scratch-commands.ts';

test('closures to and from another machine', async () => {
  await using here = new ScratchCommands();
  const other = join(here.directory, 'other');
  mkdirSync(join(here.work, 'bin'));
  const ssh = join(here.work, 'bin/ssh');
  writeFileSync(
    ssh,
    `#!/bin/sh\necho "$@" >> ${here.work}/log\nwhile [ "$1" != -- ]; do shift; done; shift\ncommand=$1; shift\nNIX_REMOTE=${other} exec ${repository}/bin/$command "$@"\n`,
  );
  chmodSync(ssh, 0o755);
  here.extraEnvironment['PATH'] = `${join(here.work, 'bin')}:${process.env['PATH']}`;
  const there = (program: string, ...args: string[]) =>
    here.run(program, args, { env: { NIX_REMOTE: other } });

  const expression =
    'builtins.toFile "outer" "see ${builtins.toFile "inner" "1"} and ${builtins.toFile "second" "2"}"';
  const outer = here
    .succeed('nix-instantiate', ['--eval', '--read-write-mode', '--raw', '-E', expression])
    .trim();
  const first = here.run('nix-copy-closure', ['--gzip', 'me@there', outer]);
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stderr, /copying 3 paths to 'me@there'/);
  assert.equal(there('nix-store', '--check-validity', outer).status, 0);
  assert.equal(there('nix-store', '--verify', '--check-contents').status, 0);
  // Everything is there now.
  assert.equal(here.succeed('nix-copy-closure', ['--to', 'me@there', outer]), '');

  here.succeed('nix-store', ['--delete', outer]);
  const back = here.run('nix-copy-closure', ['--from', 'me@there', outer]);
  assert.match(back.stderr, /copying 1 paths from 'me@there'/);
  assert.equal(here.run('nix-store', ['--check-validity', outer]).status, 0);

  assert.match(here.fail('nix-copy-closure', []), /you must specify a host name/);
  assert.match(here.fail('nix-copy-closure', ['-oProxyCommand=x', outer]), /unrecognised flag/);
  const unknown = outer.replace(/[0-9a-z]{32}/, 'a'.repeat(32));
  assert.match(
    here.fail('nix-copy-closure', ['--from', 'me@there', unknown]),
    /'nix-store --query' on 'me@there' failed with/,
  );
});
