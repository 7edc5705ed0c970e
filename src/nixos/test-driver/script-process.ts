/**
 * Test scripts in Python and Perl: run by the language's own interpreter, in a process that asks the driver for everything
 * that it does to machines. What the script prints goes to the log.
 */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { NixError } from '../../diagnostics/index.ts';
import { type RunningProcess, startProcess } from '../../platform/index.ts';
import type { Driver } from './driver.ts';
import { TestError } from './errors.ts';
import type { LogGroup } from './log.ts';
import type { TextPredicate } from './machine-waits.ts';
import { variableName } from './manifest.ts';
import { type Arguments, type Method, machineMethods } from './methods.ts';
import { RpcPeer } from './rpc-peer.ts';
import type { ScriptRunner } from './script-runner.ts';

type Params = Readonly<Record<string, unknown>>;

export class InterpretedScript implements ScriptRunner {
  readonly #driver: Driver;
  readonly #process: RunningProcess;
  readonly #peer: RpcPeer;
  /** The entries of the log that the script has opened, the innermost last. */
  readonly #open: LogGroup[] = [];

  /** Starts the interpreter; it waits for what it is to run. */
  constructor(driver: Driver) {
    this.#driver = driver;
    const [program, ...args] = driver.manifest.interpreter ?? [];
    if (program === undefined) throw new NixError(`there is no interpreter for this test's script`);
    this.#process = startProcess({
      program,
      args: [...args, driver.manifest.testScript],
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      extra: ['pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      createInterface({ input: stream! }).on('line', (line) => this.#inScript(() => driver.log.script(line)));
    this.#peer = new RpcPeer(
      this.#process.streams[3] as Readable,
      this.#process.streams[4] as Writable,
      (method, params) => this.#inScript(() => this.#answer(method, params)),
    );
  }

  async run(): Promise<void> {
    await this.#request('run', { file: this.#driver.manifest.testScript });
  }

  async evaluate(code: string): Promise<string> {
    return String((await this.#request('evaluate', { code })) ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  /** A request that fails when the interpreter ends. */
  async #request(method: string, params: Params): Promise<unknown> {
    const ended = this.#process.exited.then((status) => {
      const how = status.kind === 'exited' ? `exit code ${status.code}` : status.signal;
      throw new TestError(`the interpreter of the test script ended (${how})`);
    });
    return await Promise.race([this.#peer.request(method, params), ended]);
  }

  #inScript<T>(work: () => T): T {
    const group = this.#open.at(-1);
    return group ? this.#driver.log.within(group, work) : work();
  }

  async #answer(method: string, params: Params): Promise<unknown> {
    const driver = this.#driver;
    switch (method) {
      case 'describe':
        return this.#describe();
      case 'call':
        return await this.#call(params);
      case 'start_all':
        return await driver.startAll();
      case 'join_all':
        return await driver.joinAll();
      case 'log':
        return driver.log.log(String(params['message']));
      case 'show_console':
        return driver.log.showConsole(Boolean(params['shown']));
      case 'begin':
        return this.#begin(String(params['title']), (params['machine'] ?? undefined) as string | undefined);
      case 'end':
        return this.#end(params);
      case 'create_machine':
        return this.#describeMachine(
          driver.createMachine({
            name: (params['name'] ?? undefined) as string | undefined,
            startCommand: String(params['start_command']),
          }).name,
        );
      default:
        throw new NixError(`the driver has no function '${method}'`);
    }
  }

  #begin(title: string, machine?: string): void {
    this.#open.push(this.#driver.log.open(title, machine));
  }

  #end({ failed, subtest }: Params): void {
    const group = this.#open.pop();
    if (!group) return;
    group.failed = Boolean(failed);
    this.#driver.log.close(group);
    if (subtest) this.#driver.countSubtest(!failed);
  }

  #describe() {
    return {
      machines: [...this.#driver.machines.keys()].map((name) => this.#describeMachine(name)),
      methods: machineMethods.map(({ name, camelName, parameters }) => ({ name, camelName, parameters })),
      vlans: this.#driver.manifest.vlans,
    };
  }

  #describeMachine(name: string) {
    return { name, variable: variableName(name), state_dir: this.#driver.machine(name).stateDir };
  }

  async #call({ machine, method: name, args, kwargs }: Params): Promise<unknown> {
    const method = machineMethods.find((each) => each.name === name);
    if (!method) throw new NixError(`machines have no method '${name}'`);
    const bound = bindArguments(method, (args ?? []) as unknown[], (kwargs ?? {}) as Params);
    for (const [parameter, value] of Object.entries(bound)) {
      const match = (value as { $match?: { id: number; source: string } } | null)?.$match;
      if (match) (bound as Record<string, unknown>)[parameter] = this.#predicate(match);
    }
    return await method.call(this.#driver.machine(String(machine)), bound);
  }

  #predicate({ id, source }: { id: number; source: string }): TextPredicate {
    return { source, matches: async (text) => (await this.#peer.request('match', { id, text })) === true };
  }
}

/**
 * Positional and named arguments by the names of a method's parameters.
 *
 * @throws NixError for too many, unknown or doubled ones
 */
export function bindArguments(method: Method, args: readonly unknown[], kwargs: Params): Arguments {
  const names = method.parameters.map((parameter) => parameter.replace(/^[*/]/, ''));
  const rest = method.parameters.findIndex((parameter) => parameter.startsWith('*'));
  const bound: Record<string, unknown> = {};
  if (rest >= 0) bound[names[rest]] = args.slice(rest);
  const positional = rest >= 0 ? args.slice(0, rest) : args;
  if (positional.length > names.length)
    throw new NixError(`'${method.name}' takes at most ${names.length} arguments, not ${args.length}`, {
      hint: `they are: ${names.join(', ') || 'none'}`,
    });
  positional.forEach((value, i) => {
    bound[names[i]] = value;
  });
  for (const [name, value] of Object.entries(kwargs)) {
    if (name !== 'strict' && !names.includes(name))
      throw new NixError(`'${method.name}' has no parameter '${name}'`, {
        hint: `its parameters are: ${names.join(', ') || 'none'}`,
      });
    if (names.indexOf(name) >= 0 && names.indexOf(name) < positional.length)
      throw new NixError(`'${method.name}' got its parameter '${name}' twice`);
    bound[name] = value;
  }
  return bound;
}
