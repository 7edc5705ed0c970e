/** Pure and restricted evaluation refuse and allow the same as C++ Nix; symbolic links lead nobody out. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { BothNixes } from '../support/both-nixes.ts';
import { Oracle } from '../support/oracle.ts';

/** Flags and expression; `@ROOT@` is filled in. */
const cases: Readonly<Record<string, readonly [flags: readonly string[], expression: string]>> = {
  'restricted: a file outside': [['--restrict-eval'], 'builtins.readFile "@ROOT@/outside/secret"'],
  'restricted: a file in the search path': [
    ['--restrict-eval', '-I', '@ROOT@/inside'],
    'builtins.readFile "@ROOT@/inside/file"',
  ],
  'restricted: by name': [['--restrict-eval', '-I', 'in=@ROOT@/inside'], 'builtins.readFile <in/file>'],
  'restricted: a link that leads out': [
    ['--restrict-eval', '-I', '@ROOT@/inside'],
    'builtins.readFile "@ROOT@/inside/escape"',
  ],
  'restricted: a directory link that leads out': [
    ['--restrict-eval', '-I', '@ROOT@/inside'],
    'builtins.readFile "@ROOT@/inside/out/secret"',
  ],
  'restricted: a link that stays in': [
    ['--restrict-eval', '-I', '@ROOT@/inside'],
    'builtins.readFile "@ROOT@/inside/link"',
  ],
  'restricted: dots that lead out': [
    ['--restrict-eval', '-I', '@ROOT@/inside'],
    'builtins.readFile "@ROOT@/inside/../outside/secret"',
  ],
  'restricted: import through a link': [
    ['--restrict-eval', '-I', '@ROOT@/inside'],
    'import "@ROOT@/inside/out/code.nix"',
  ],
  'restricted: whether something exists': [
    ['--restrict-eval', '-I', '@ROOT@/inside'],
    'map builtins.pathExists [ "@ROOT@/outside/secret" "@ROOT@/inside/file" ]',
  ],
  'restricted: listing': [['--restrict-eval', '-I', '@ROOT@/inside'], 'builtins.readDir "@ROOT@/inside"'],
  'restricted: listing outside': [
    ['--restrict-eval', '-I', '@ROOT@/inside'],
    'builtins.readDir "@ROOT@/outside"',
  ],
  'restricted: the environment': [['--restrict-eval'], 'builtins.getEnv "HOME"'],
  'restricted: what evaluation wrote': [
    ['--restrict-eval'],
    'builtins.readFile (builtins.toFile "x" "text")',
  ],
  'restricted: a copy of something outside': [['--restrict-eval'], '"${@ROOT@/outside/secret}"'],
  'restricted: a URL': [['--restrict-eval'], 'builtins.fetchurl "file://@ROOT@/outside/secret"'],
  'restricted: an allowed URL': [
    ['--restrict-eval', '--option', 'allowed-uris', 'file://@ROOT@/outside'],
    'builtins.readFile (builtins.fetchurl "file://@ROOT@/outside/secret")',
  ],
  'restricted: beside an allowed URL': [
    ['--restrict-eval', '--option', 'allowed-uris', 'file://@ROOT@/out'],
    'builtins.fetchurl "file://@ROOT@/outside/secret"',
  ],
  'pure: a file': [['--pure-eval'], 'builtins.readFile "@ROOT@/outside/secret"'],
  'pure: the environment': [['--pure-eval'], 'builtins.getEnv "HOME"'],
  'pure: the time': [['--pure-eval'], 'builtins ? currentTime || builtins ? currentSystem'],
  'pure: a name': [['--pure-eval', '-I', 'in=@ROOT@/inside'], '<in/file>'],
  'pure: a store path': [
    ['--pure-eval'],
    'builtins.storePath "/nix/store/00000000000000000000000000000000-x"',
  ],
  'pure: what evaluation wrote': [['--pure-eval'], 'builtins.readFile (builtins.toFile "x" "text")'],
  'pure: a URL without a hash': [['--pure-eval'], 'builtins.fetchurl "file://@ROOT@/outside/secret"'],
  'pure: a tarball without a hash': [['--pure-eval'], 'builtins.fetchTarball "file://@ROOT@/outside/secret"'],
  'pure: a copy': [['--pure-eval'], '"${@ROOT@/outside/secret}"'],
};

/**
 * The final message, without positions and what Firn advises after it. Of a path that is refused C++ Nix names the first
 * part that may not be looked at, Firn the path that was asked for.
 */
function finalMessage(text: string): string {
  const lines = text.split('\n').filter((line) => /^\s*error: ./.test(line));
  const message = (lines.at(-1) ?? text).trim();
  return message.replace(/(access to absolute path) '[^']*'/, '$1');
}

for (const oracle of Oracle.all().filter(({ version }) => version.startsWith('2.26'))) {
  describe(`access as with C++ Nix ${oracle.version}`, () => {
    const nixes = new BothNixes(oracle);
    const { root } = nixes;
    after(() => nixes[Symbol.dispose]());
    for (const name of ['inside', 'outside']) mkdirSync(join(root, name));
    writeFileSync(join(root, 'inside/file'), 'file\n');
    writeFileSync(join(root, 'outside/secret'), 'secret\n');
    writeFileSync(join(root, 'outside/code.nix'), '"code"');
    symlinkSync('file', join(root, 'inside/link'));
    symlinkSync('../outside/secret', join(root, 'inside/escape'));
    symlinkSync('../outside', join(root, 'inside/out'));
    for (const [name, [flags, expression]] of Object.entries(cases)) {
      test(name, () => {
        const fill = (text: string) => text.replaceAll('@ROOT@', root);
        const args = ['--eval', '--strict', '--read-write-mode', ...flags.map(fill), '-E', fill(expression)];
        const [ours, theirs] = [nixes.firn('nix-instantiate', args), nixes.cpp('nix-instantiate', args)];
        assert.equal(ours.output, theirs.output, ours.errors);
        assert.equal(ours.status, theirs.status, ours.errors);
        if (theirs.status !== 0) assert.equal(finalMessage(ours.errors), finalMessage(theirs.errors));
      });
    }
  });
}
