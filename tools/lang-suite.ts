/**
 * Runs the language suite of a NixOS/nix checkout against Firn: `node tools/lang-suite.ts CHECKOUT [FILTER]`.
 * The suite's own files are the expectation: `.exp` for results, `.err.exp` for errors, whose first line (the
 * final message) and position are compared. Exit status 1 when any case fails.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NixError, SourceFile } from '../src/diagnostics/index.ts';
import { checkScopes, parse, printExpr } from '../src/syntax/index.ts';

/** What a case gave: the text for `.exp`, or the message and position that `.err.exp` begins with. */
type Outcome = { readonly output: string } | { readonly error: string };

const staticNames = new Set(
  (
    'abort baseNameOf break builtins derivation derivationStrict dirOf false fetchGit fetchMercurial fetchTarball ' +
    'fetchTree fromTOML import isNull map null placeholder removeAttrs scopedImport throw toString true ' +
    '__add __nixPath __findFile __sub __lessThan'
  ).split(' '),
);

function parseCase(file: string, directory: string): Outcome {
  try {
    const source = new SourceFile({ kind: 'stdin', basePath: directory }, readFileSync(file, 'latin1'));
    const parsed = parse(source, { basePath: directory, homeDir: '/fake-home' });
    checkScopes(parsed, staticNames);
    return { output: printExpr(parsed.root) };
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    return { error: describe(error) };
  }
}

/** The final message and position, as the first lines of an `.err.exp` file have them. */
function describe(error: NixError): string {
  const first = `error: ${error.message}`;
  if (!error.pos) return first;
  const { line, column } = error.pos.source.lineColumn(error.pos.offset);
  return `${first}\n       at ${error.pos.source.displayName}:${line}:${column}:`;
}

function expected(base: string): string {
  const errors = `${base}.err.exp`;
  if (!existsSync(errors)) return readFileSync(`${base}.exp`, 'latin1').trimEnd();
  return readFileSync(errors, 'latin1').split('\n').slice(0, 2).join('\n').trimEnd();
}

function run(checkout: string, filter: string): boolean {
  const directory = join(checkout, 'tests/functional/lang');
  const cases = readdirSync(directory).filter((name) => /^parse-(okay|fail)-.*\.nix$/.test(name));
  let passed = 0;
  const failures: string[] = [];
  for (const name of cases.filter((name) => name.includes(filter))) {
    const base = join(directory, name.slice(0, -'.nix'.length));
    const outcome = parseCase(join(directory, name), directory);
    const actual = 'output' in outcome ? outcome.output : outcome.error;
    if (actual === expected(base)) passed++;
    else failures.push(`${name}\n  expected: ${expected(base)}\n  actual:   ${actual}`);
  }
  for (const failure of failures) console.log(Buffer.from(failure, 'latin1').toString());
  console.log(`${passed} passed, ${failures.length} failed`);
  return failures.length === 0;
}

const [checkout, filter = ''] = process.argv.slice(2);
if (!checkout) {
  console.error('usage: lang-suite.ts CHECKOUT [FILTER]');
  process.exitCode = 2;
} else if (!run(checkout, filter)) process.exitCode = 1;
