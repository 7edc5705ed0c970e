/** `nixos-option` and `nixos-version` on a configuration of the test's own. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { makeTestChannel, ScratchCommands } from '../support/scratch-commands.ts';

const configuration = `
{ lib, ... }:
{
  options.test = {
    documented = lib.mkOption {
      type = lib.types.listOf lib.types.int;
      default = [ ];
      example = [ 1 2 ];
      description = "Numbers of a test.";
    };
    unset = lib.mkOption { type = lib.types.str; };
    people = lib.mkOption {
      type = lib.types.attrsOf (lib.types.submodule { options.age = lib.mkOption { default = 7; }; });
    };
  };
  config.test = {
    documented = [ 3 ];
    people.alice = { };
  };
}
`;

describe('nixos-option', () => {
  const scratch = new ScratchCommands();
  after(() => scratch[Symbol.asyncDispose]());
  const channel = join(scratch.directory, 'channel');
  makeTestChannel(channel);
  const file = join(scratch.work, 'configuration.nix');
  writeFileSync(file, configuration);
  scratch.extraEnvironment['NIX_PATH'] = `nixpkgs=${channel}:nixos-config=${file}`;

  test('an option: its value and all that is known of it', () => {
    assert.equal(
      scratch.succeed('nixos-option', ['test.documented']),
      `Value:
  [
    3
  ]

Default:
  [ ]

Type:
  list of signed integer

Example:
  [
    1
    2
  ]

Description:
  Numbers of a test.

Declared by:
  "${file}"

Defined by:
  "${file}"
`,
    );
  });

  test('a set of options, a value inside of one, an option without a value', () => {
    assert.equal(
      scratch.succeed('nixos-option', ['test']),
      'This attribute set contains:\ndocumented\npeople\nunset\n',
    );
    assert.equal(scratch.succeed('nixos-option', ['test.people.alice.age']), 'Value:\n7\n');
    assert.match(scratch.succeed('nixos-option', ['test.unset']), /^Value:\n {2}\(.*\)\n/);
  });

  test('what does not exist is answered with the nearest name', () => {
    assert.equal(
      scratch.fail('nixos-option', ['test.documnted']),
      "error: the option 'test.documnted' does not exist: 'documnted' is not there\n       did you mean 'test.documented'?\n",
    );
    assert.match(
      scratch.fail('nixos-option', ['test.people.alise.age']),
      /did you mean 'test\.people\.alice'\?/,
    );
  });

  test('as data', () => {
    const data = JSON.parse(scratch.succeed('nixos-option', ['--json', 'test.documented'])) as {
      type: string;
    };
    assert.equal(data.type, 'list of signed integer');
    assert.match(scratch.succeed('nixos-option', ['--xml', 'test.documented']), /<attr name="description">/);
  });

  test('nixos-version off NixOS says whose version it prints', () => {
    const { stdout, stderr } = scratch.run('nixos-version', []);
    assert.match(stdout, /^\d\d\.\d\d\S* \(\w+\)\n$/);
    assert.match(stderr, /warning: this is not a NixOS machine/);
  });
});
