/** Evaluates many expressions with Firn and with C++ Nix and tells where the answers differ. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NixError, renderError } from '../../src/diagnostics/index.ts';
import { EvalSession } from '../../src/eval/index.ts';
import { NodeIo } from './node-io.ts';
import type { Oracle } from './oracle.ts';

export interface Difference {
  readonly text: string;
  readonly strict: boolean;
  readonly firn: string;
  readonly cpp: string;
}

/** What an expression gives: its value printed, or `error: ` and the final message's first line. */
function firnAnswer(file: string, strict: boolean): string {
  const session = EvalSession.create(new NodeIo({}), { maxCallDepth: 2000, workingDir: '/' });
  try {
    return session.print(session.evalFile(file), { strict });
  } catch (error) {
    if (!(error instanceof NixError)) return `internal error: ${(error as Error).stack}`;
    return finalError(renderError(error, { showTrace: true, colour: false }));
  }
}

/** The last `error:` line; later lines are positions and excerpts. A message that begins on a line of its own is not told. */
function finalError(text: string): string {
  const lines = text.split('\n').filter((line) => /^\s*error: ./.test(line));
  return (lines.at(-1) ?? 'error:').trim();
}

/**
 * C++ Nix's answers. One process evaluates files until the first that fails; the next one goes on behind it.
 */
function cppAnswers(oracle: Oracle, root: string, files: readonly string[], strict: boolean): string[] {
  const answers: string[] = [];
  while (answers.length < files.length) {
    const rest = files.slice(answers.length, answers.length + 200);
    const flags = ['--eval', '--show-trace', ...(strict ? ['--strict'] : [])];
    const options = { env: { NIX_CONFIG: 'max-call-depth = 2000' } };
    const result = oracle.tryRun(root, 'nix-instantiate', [...flags, ...rest], options);
    const lines = result.stdout.toString('latin1').split('\n').slice(0, -1);
    answers.push(...lines);
    if (lines.length < rest.length) answers.push(finalError(result.stderr.toString('latin1')));
  }
  return answers;
}

/** @returns the differences, in the order of the expressions */
export function compareExpressions(oracle: Oracle, texts: readonly string[]): Difference[] {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'firn-generated-')));
  try {
    const files = texts.map((text, i) => {
      const file = join(root, `${i}.nix`);
      writeFileSync(file, text);
      return file;
    });
    return [false, true].flatMap((strict) => {
      const wanted = cppAnswers(oracle, root, files, strict);
      return files.flatMap((file, i) => {
        const firn = firnAnswer(file, strict);
        return sameAnswer(firn, wanted[i], { strict, text: texts[i] })
          ? []
          : [{ text: texts[i], strict, firn, cpp: wanted[i] }];
      });
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/**
 * Whether two answers are the same. Left out of the comparison:
 * - which error comes first where a whole value is computed: attributes are visited in the order in which their names
 *   were first met, in this process or in the other;
 * - which operand of `//` fails first: the right one since 2.36 (docs/language-differences.md), the left one before;
 * - values quoted by messages from the first function or thunk on: one side may have computed more of them;
 * - what newer versions say differently (syntax errors; the values that cannot be compared), and empty messages.
 */
function sameAnswer(firn: string, cpp: string, { strict, text }: { strict: boolean; text: string }): boolean {
  if (firn === cpp) return true;
  if (!firn.startsWith('error:') || !cpp.startsWith('error:')) return false;
  return strict || text.includes('//') || comparable(firn) === comparable(cpp);
}

function comparable(error: string): string {
  if (error.startsWith('error: syntax error')) return 'error: syntax error';
  const [text] = error.split(/\xc2\xab|; values are |\n/);
  return text;
}
