/**
 * Runs the language suite of a NixOS/nix checkout against Firn: `node tools/lang-suite.ts CHECKOUT [--diff] [FILTER]`.
 * The suite's own files are the expectation: `.exp` and `.exp.xml` for results, `.err.exp` for what is printed on
 * standard error. For failing cases the final message with its position must be the same; the traces before it are
 * compared too, and counted. `--diff` shows both texts. Exit status 1 when any case fails.
 *
 * The cases run in a Worker, whose stack can be made big enough for the deep ones.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';
import { NixError, renderError } from '../src/diagnostics/index.ts';
import { AttrSet, EvalSession, type EvalSettings, type Lazy } from '../src/eval/index.ts';
import { NodeIo } from '../tests/support/node-io.ts';

interface Outcome {
  readonly output: string;
  readonly errors: string;
  readonly failed: boolean;
}

/** What the suite's `.flags` files may say, as far as it is not a setting. */
interface Flags {
  readonly settings: Partial<EvalSettings>;
  readonly args: readonly (readonly ['arg' | 'argstr', string, string])[];
  readonly attrPath: string | undefined;
  readonly search: readonly string[];
}

/** What the configuration of the suite switches on for all cases. */
const suiteFeatures = ['nix-command', 'flakes', 'fetch-tree'];

class Case {
  readonly name: string;
  readonly #directory: string;
  readonly #base: string;

  constructor(name: string, directory: string) {
    this.name = name;
    this.#directory = directory;
    this.#base = join(directory, name);
  }

  get isParse(): boolean {
    return this.name.startsWith('parse-');
  }

  get shouldFail(): boolean {
    return /^(parse|eval)-fail-/.test(this.name);
  }

  /** The expected text with a suffix, `undefined` where the suite has none. */
  expected(suffix: string): string | undefined {
    const file = `${this.#base}.${suffix}`;
    if (!existsSync(file)) return undefined;
    // The advice about `--help` comes from the program around the evaluator.
    return readFileSync(file, 'latin1')
      .replace(/^Try '.* --help' for more information\.\n/m, '')
      .trimEnd();
  }

  run(): Outcome {
    const io = new NodeIo({ TEST_VAR: 'foo', HOME: '/fake-home' });
    let output = '';
    try {
      output = this.isParse ? this.#parse(io) : this.#evaluate(io);
      return { output: this.#shown(output), errors: this.#shown(io.printed.join('\n')), failed: false };
    } catch (error) {
      if (!(error instanceof NixError)) throw error;
      const showTrace = !this.#flagText().includes('--no-show-trace');
      const text = [...io.printed, renderError(error, { showTrace, colour: false })].join('\n');
      return { output: '', errors: this.#shown(text), failed: true };
    }
  }

  #shown(text: string): string {
    return text.replaceAll(join(this.#directory, '..'), '/pwd').trimEnd();
  }

  #session(io: NodeIo, flags: Flags): EvalSession {
    const workingDir = join(this.#directory, '..');
    const search = [...flags.search, 'lang/dir3', 'lang/dir4'];
    const nixPath = this.shouldFail ? [] : search.map(searchEntry);
    const showTrace = !this.#flagText().includes('--no-show-trace');
    return EvalSession.create(io, {
      workingDir,
      nixPath,
      homeDir: '/fake-home',
      showTrace,
      experimentalFeatures: new Set(suiteFeatures),
      ...flags.settings,
    });
  }

  #parse(io: NodeIo): string {
    const session = this.#session(io, this.#flags());
    const text = readFileSync(`${this.#base}.nix`, 'latin1');
    return session.parse({
      text,
      origin: { kind: 'stdin', basePath: this.#directory },
      basePath: this.#directory,
    });
  }

  #evaluate(io: NodeIo): string {
    const flags = this.#flags();
    const session = this.#session(io, flags);
    let value: Lazy = session.evalFile(`${this.#base}.nix`);
    if (!this.shouldFail || flags.args.length > 0)
      value = session.autoCall(value, this.#autoArgs(session, flags));
    if (flags.attrPath !== undefined) value = session.selectPath(value, flags.attrPath).value;
    if (this.expected('exp.xml') !== undefined)
      return session.toXml(value, { strict: true, locations: false });
    return session.print(session.autoCall(value), { strict: true });
  }

  #autoArgs(session: EvalSession, flags: Flags): AttrSet {
    const basePath = join(this.#directory, '..');
    const value = (kind: 'arg' | 'argstr', text: string): Lazy =>
      kind === 'argstr' ? text : session.evalString({ text, origin: { kind: 'string', basePath }, basePath });
    return AttrSet.from(flags.args.map(([kind, name, text]) => [name, value(kind, text)]));
  }

  #flagText(): string {
    return (this.expected('flags') ?? '').replaceAll(/#.*/g, '');
  }

  #flags(): Flags {
    const words = this.#flagText()
      .split(/\s+/)
      .filter((word) => word !== '');
    const settings: Record<string, unknown> = {};
    const args: ['arg' | 'argstr', string, string][] = [];
    const search: string[] = [];
    let attrPath: string | undefined;
    for (let i = 0; i < words.length; i++) {
      const word = words[i];
      if (word === '--arg' || word === '--argstr') {
        args.push([word.slice(2) as 'arg' | 'argstr', words[i + 1], words[i + 2]]);
        i += 2;
      } else if (word === '-A') attrPath = words[++i];
      else if (word === '-I') search.push(words[++i]);
      else if (word === '--max-call-depth') settings['maxCallDepth'] = Number(words[++i]);
      else if (word === '--extra-experimental-features')
        settings['experimentalFeatures'] = new Set([...suiteFeatures, ...words[++i].split(' ')]);
      else if (word.startsWith('--lint-')) {
        const name = word.slice(2).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
        settings[name] = words[++i];
      }
    }
    return { settings: settings as Partial<EvalSettings>, args, attrPath, search };
  }
}

function searchEntry(text: string): [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? ['', text] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** The final message with its position: from the last `error:` on. */
function finalMessage(text: string): string {
  const at = Math.max(text.lastIndexOf('\n       error:'), text.startsWith('error:') ? 0 : -1);
  return at <= 0 ? text : text.slice(at + 1).replaceAll(/^ {7}/gm, '');
}

/** Whether a message is the expected one, perhaps with lines of our own after it. */
function saysAtLeast(message: string, wanted: string): boolean {
  return message === wanted || message.startsWith(`${wanted}\n`);
}

type Verdict = 'passed' | 'trace differs' | 'failed';

function judge(one: Case, outcome: Outcome): Verdict {
  if (outcome.failed !== one.shouldFail) return 'failed';
  const errors = one.expected('err.exp');
  if (one.shouldFail) {
    if (errors === undefined || outcome.errors === errors) return 'passed';
    return saysAtLeast(finalMessage(outcome.errors), finalMessage(errors)) ? 'trace differs' : 'failed';
  }
  const output = one.expected('exp.xml') ?? one.expected('exp') ?? '';
  if (outcome.output !== output) return 'failed';
  return errors === undefined || outcome.errors === errors ? 'passed' : 'failed';
}

function tryRun(one: Case): Outcome {
  try {
    return one.run();
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { output: '', errors: `INTERNAL ERROR ${text}`, failed: !one.shouldFail };
  }
}

function runAll(checkout: string, filter: string, diff: boolean): boolean {
  const directory = join(checkout, 'tests/functional/lang');
  const names = readdirSync(directory).filter((name) => /^(parse|eval)-(okay|fail)-.*\.nix$/.test(name));
  const counts: Record<Verdict, number> = { passed: 0, 'trace differs': 0, failed: 0 };
  for (const name of names.filter((text) => text.includes(filter))) {
    const one = new Case(name.slice(0, -'.nix'.length), directory);
    if (one.expected('exp-disabled') !== undefined) continue;
    const outcome = tryRun(one);
    const verdict = judge(one, outcome);
    counts[verdict]++;
    if (verdict !== 'passed') report(one, outcome, verdict, diff);
  }
  console.log(
    `${counts.passed} passed, ${counts['trace differs']} with other traces, ${counts.failed} failed`,
  );
  return counts.failed === 0;
}

function report(one: Case, outcome: Outcome, verdict: Verdict, diff: boolean): void {
  console.log(`${verdict}: ${one.name}`);
  if (!diff) return;
  const expected = [one.expected('exp'), one.expected('exp.xml'), one.expected('err.exp')]
    .filter(Boolean)
    .join('\n');
  const text = `--- expected\n${expected}\n--- actual\n${outcome.output}${outcome.errors}\n`;
  console.log(Buffer.from(text, 'latin1').toString());
}

const words = process.argv.slice(2).filter((word) => word !== '--diff');
if (words.length === 0) {
  console.error('usage: lang-suite.ts CHECKOUT [--diff] [FILTER]');
  process.exitCode = 2;
} else if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), {
    argv: process.argv.slice(2),
    resourceLimits: { stackSizeMb: 900, maxOldGenerationSizeMb: 4096 },
  });
  worker.on('exit', (code) => {
    process.exitCode = code;
  });
} else if (!runAll(words[0], words[1] ?? '', process.argv.includes('--diff'))) process.exitCode = 1;
