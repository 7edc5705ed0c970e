/**
 * The same derivations, built by C++ Nix and by Firn in sandboxes of their own, give the same bytes and references.
 * C++ Nix is that of `FIRN_TEST_ORACLE` (`bin/nix`, `lib/`).
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import {
  formatHash,
  parseDerivation,
  parseStorePath,
  printStorePath,
  type StorePath,
} from '../../src/formats/index.ts';
import { deleteTree, runProcess } from '../../src/platform/index.ts';
import { ScratchBuilder, system, toolsDirectory } from '../support/scratch-builder.ts';

const oracleDirectory = process.env['FIRN_TEST_ORACLE'];
const missing =
  toolsDirectory === undefined
    ? 'FIRN_TEST_BWRAP is not set'
    : oracleDirectory === undefined
      ? 'FIRN_TEST_ORACLE is not set'
      : false;

const expression = `
let
  make = name: script: extra: derivation ({
    inherit name; system = "${system}"; builder = "/bin/sh"; args = [ "-c" script ];
  } // extra);
in rec {
  environment = make "environment" "export -p | grep -v NIX_BUILD_CORES > $out; id >> $out; umask >> $out; cat /etc/passwd /etc/group /etc/hosts >> $out; hostname >> $out" {
    passAsFile = [ "large" ]; large = "text"; number = 1; truth = true; list = [ "a" "b" ];
  };
  tree = make "tree" ''
    mkdir -p $out/bin $out/empty; echo 'echo $0' > $out/bin/run; chmod 751 $out/bin/run; echo data > $out/data
    chmod 600 $out/data; ln $out/data $out/hard; ln -s data $out/link; ln -s /nowhere $out/dangling; touch "$out/a b"
  '' { };
  outputs = derivation {
    name = "outputs"; system = "${system}"; builder = "/bin/sh"; outputs = [ "out" "dev" "lib" ];
    args = [ "-c" "mkdir $out $dev $lib; echo $lib > $out/lib; echo $out $dev > $dev/all; echo x > $lib/x; echo \${tree} >> $lib/x" ];
  };
  placeholders = make "placeholders" "echo $self > $out" { self = "\${builtins.placeholder "out"}/x"; };
  closure = make "closure" "cat graph drvs > $out" { exportReferencesGraph = [ "graph" outputs "drvs" environment.drvPath ]; };
  structured = derivation {
    name = "structured"; system = "${system}"; builder = "/bin/sh"; __structuredAttrs = true;
    args = [ "-c" "o=$(sed -n 's/.*\\"out\\":\\"\\\\([^\\"]*\\\\)\\".*/\\\\1/p' $NIX_ATTRS_JSON_FILE); cat $NIX_ATTRS_SH_FILE $NIX_ATTRS_JSON_FILE > $o; export -p | grep -v NIX_BUILD_CORES >> $o" ];
    string = "it's"; int = 5; float = 1.5; yes = true; no = false; none = null; list = [ 1 "two" ]; mixed = [ 1 [ 2 ] ];
    set = { a = 1; "b c" = "d"; }; nested = { x.y = 1; }; exportReferencesGraph.graph = [ tree ];
  };
  fixed = make "fixed" "echo fixed > $out" {
    outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = builtins.hashString "sha256" "fixed\\n";
  };
  user = make "user" "echo \${tree}/data \${fixed} > $out; cat \${outputs.lib}/x >> $out" { };
}
`;
const attributes = [
  'environment',
  'tree',
  'outputs',
  'placeholders',
  'closure',
  'structured',
  'fixed',
  'user',
];

describe('builds against C++ Nix', { skip: missing }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'firn-oracle-'));
  const file = join(directory, 'expressions.nix');
  let scratch: ScratchBuilder;

  before(async () => {
    scratch = await ScratchBuilder.create();
    writeFileSync(file, expression);
    mkdirSync(join(directory, 'conf'));
    const shell = toolCommand(sandboxToolsIn(toolsDirectory!), 'busybox')[0];
    writeFileSync(
      join(directory, 'conf', 'nix.conf'),
      `sandbox = true\nbuild-hook =\nbuild-users-group =\nsubstituters =\nsandbox-paths = /bin/sh=${shell}\n`,
    );
  });
  after(async () => {
    await scratch[Symbol.asyncDispose]();
    await deleteTree(directory);
  });

  async function nix(command: string, ...args: string[]): Promise<string> {
    const library = join(oracleDirectory!, 'lib');
    const loader = readdirSync(library).find((name) => name.startsWith('ld-linux'))!;
    const result = await runProcess({
      program: join(library, loader),
      args: ['--argv0', command, '--library-path', library, join(oracleDirectory!, 'bin', 'nix'), ...args],
      env: {
        NIX_REMOTE: join(directory, 'root'),
        NIX_CONF_DIR: join(directory, 'conf'),
        HOME: directory,
        NIX_BUILD_HOOK: '',
      },
    });
    assert.deepEqual(result.status, { kind: 'exited', code: 0 }, result.stderr);
    return result.stdout.trim();
  }

  /** Copies a derivation and those that it needs into our store. */
  async function copyDerivation(path: string): Promise<StorePath> {
    const store = join(directory, 'root/nix/store');
    const derivation = parseDerivation(readFileSync(join(store, path.slice('/nix/store/'.length)), 'latin1'));
    for (const input of derivation.inputDrvs.keys()) await copyDerivation(input);
    const { derivationName } = parseStorePath('/nix/store', path);
    const copied = await scratch.store.addDerivation(derivationName, derivation);
    assert.equal(printStorePath('/nix/store', copied), path);
    return copied;
  }

  for (const attribute of attributes) {
    test(attribute, async () => {
      const drvPath = (await nix('nix-instantiate', file, '-A', attribute)).split('!')[0];
      await nix('nix-store', '--option', 'build-hook', '', '--realise', drvPath);
      const result = await scratch.build(await copyDerivation(drvPath));
      assert.equal(result.error, undefined);
      for (const path of result.outputs.values()) {
        const printed = printStorePath('/nix/store', path);
        const info = scratch.store.queryPathInfo(path)!;
        assert.equal(
          formatHash(info.narHash, 'nix32', true),
          await nix('nix-store', '-q', '--hash', printed),
        );
        const references = (await nix('nix-store', '-q', '--references', printed))
          .split('\n')
          .filter(Boolean);
        assert.deepEqual(
          info.references.map((each) => printStorePath('/nix/store', each)),
          references.sort(),
        );
      }
    });
  }
});
