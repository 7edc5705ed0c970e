/** Test scripts in TypeScript and JavaScript: run in the driver itself, with the machines as variables. */
import { stripTypeScriptTypes } from 'node:module';
import { inspect } from 'node:util';
import { NixError } from '../../diagnostics/index.ts';
import type { Driver, NewMachine } from './driver.ts';
import { TestError } from './errors.ts';
import type { TestMachine } from './machine.ts';
import { variableName } from './manifest.ts';
import type { ScriptRunner } from './script-runner.ts';

/** What a script finds beside the machines, each of which is a variable of its name. */
export interface TestScope {
  readonly driver: Driver;
  readonly machines: readonly TestMachine[];
  readonly startAll: () => Promise<void>;
  readonly joinAll: () => Promise<void>;
  /** A part of the test with a name. */
  readonly subtest: (name: string, work: () => Promise<unknown>) => Promise<unknown>;
  /** Repeats an action every second until it gives true. */
  readonly retry: Driver['retry'];
  /** Writes a message to the log. */
  readonly log: (message: unknown) => void;
  readonly createMachine: (description: NewMachine) => TestMachine;
  /** Runs the whole test script; for typing, not for the script itself. */
  readonly testScript: () => Promise<void>;
}

/** Names of `TestScope`, for looking at a script without machines. */
const scopeNames: readonly (keyof TestScope)[] = [
  'driver',
  'machines',
  'startAll',
  'joinAll',
  'subtest',
  'retry',
  'log',
  'createMachine',
  'testScript',
];

type Script = (...values: unknown[]) => Promise<unknown>;
const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => Script;

export class TypeScriptScript implements ScriptRunner {
  readonly #driver: Driver;
  readonly #source: string;

  constructor(driver: Driver, source: string) {
    this.#driver = driver;
    this.#source = source;
  }

  async run(): Promise<void> {
    const script = this.#compile(this.#source, '');
    try {
      await script();
    } catch (error) {
      throw locate(error, this.#source);
    }
  }

  async evaluate(code: string): Promise<string> {
    let script: () => Promise<unknown>;
    try {
      script = this.#compile(`(${code}\n)`, 'return ');
    } catch {
      script = this.#compile(code, '');
    }
    const value = await script();
    return value === undefined ? '' : inspect(typeof value === 'function' ? await value() : value);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #compile(source: string, prefix: string): () => Promise<unknown> {
    const scope = this.#scope();
    const script = compileScript(source, Object.keys(scope), prefix);
    return () => script(...Object.values(scope));
  }

  #scope(): Readonly<Record<string, unknown>> {
    const driver = this.#driver;
    const functions: TestScope = {
      driver,
      machines: [...driver.machines.values()],
      startAll: () => driver.startAll(),
      joinAll: () => driver.joinAll(),
      subtest: (name, work) => driver.subtest(name, work),
      retry: (action, timeoutSeconds) => driver.retry(action, timeoutSeconds),
      log: (message) => driver.log.log(typeof message === 'string' ? message : inspect(message)),
      createMachine: (description) => driver.createMachine(description),
      testScript: () => this.run(),
    };
    const variables = [...driver.machines].map(([name, machine]) => [variableName(name), machine]);
    return { ...functions, ...Object.fromEntries(variables) };
  }
}

/**
 * A script as a function of the variables that it has.
 *
 * @throws TestError when it is no TypeScript, or asks for what would have to be compiled (`enum`)
 */
function compileScript(source: string, names: readonly string[], prefix: string): Script {
  try {
    // Types are allowed and `await` and `return` too: what is stripped is the inside of a function.
    const stripped = stripTypeScriptTypes(`async () => {${prefix}${source}\n}`);
    const body = stripped.slice(stripped.indexOf('{') + 1, stripped.lastIndexOf('}'));
    return new AsyncFunction(...names, `${body}\n//# sourceURL=testScript`);
  } catch (error) {
    throw new TestError(`the test script is not valid TypeScript: ${(error as Error).message}`);
  }
}

/**
 * Looks at a script's syntax.
 *
 * @param machines their names
 * @throws TestError
 */
export function checkTypeScript(source: string, machines: readonly string[]): void {
  compileScript(source, [...scopeNames, ...machines.map(variableName)], '');
}

/** The error with the line of the script that it came from. */
function locate(error: unknown, source: string): NixError {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const place = /testScript:(\d+):\d+/.exec(stack);
  const message = error instanceof Error ? error.message : String(error);
  // The lines of a function made from text begin after its parameters.
  const line = place ? Number(place[1]) - 2 : 0;
  const text = source.split('\n')[line - 1]?.trim();
  const where = text ? `line ${line} of the test script: ${text}` : undefined;
  const hint = [where, error instanceof NixError ? error.hint : undefined].filter(Boolean).join('\n');
  return new TestError(message, { hint: hint || undefined, cause: error });
}
