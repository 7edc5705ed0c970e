/** Commands in a machine, and questions to its systemd. */
import type { BackdoorResult } from './backdoor.ts';
import { actionTimedOut, commandFailed, commandSucceeded, commandTimedOut, TestError } from './errors.ts';
import { MachineBase } from './machine-base.ts';
import { DEFAULT_SECONDS, retry } from './retry.ts';

export interface CommandOptions {
  /** Seconds after which the command is ended and counts as failed; `null`: no limit. Default: 900. */
  readonly timeout?: number | null;
  /** Whether `set -euo pipefail` holds for the command. Default: true. */
  readonly strict?: boolean;
  /** What the command reads from its standard input. */
  readonly input?: Uint8Array;
}

/** Exit status of `timeout` when it ended the command. */
const TIMED_OUT = 124;

export class MachineCommands extends MachineBase {
  /** Runs a shell command; its exit status and standard output. */
  async execute(command: string, options: CommandOptions = {}): Promise<[status: number, output: string]> {
    const { status, output } = await this.executeBytes(command, options);
    return [status, output.toString('utf8')];
  }

  /** The same with the output as bytes. */
  async executeBytes(command: string, options: CommandOptions = {}): Promise<BackdoorResult> {
    const { timeout = DEFAULT_SECONDS, strict = true, input } = options;
    const text = strict ? `set -euo pipefail; ${command}` : command;
    const result = await this.run({ command: text, input, timeoutSeconds: timeout ?? undefined });
    if (result.status === TIMED_OUT)
      this.log(`the command ended with status ${TIMED_OUT}, as after a time-out`);
    return result;
  }

  /**
   * Runs commands one after the other; each must end with exit status 0.
   *
   * @returns their standard outputs, joined
   * @throws TestError
   */
  async succeed(...args: readonly (string | CommandOptions)[]): Promise<string> {
    return (await this.succeedBytes(...splitArguments(args))).toString('utf8');
  }

  mustSucceed(...args: readonly (string | CommandOptions)[]): Promise<string> {
    return this.succeed(...args);
  }

  /** `succeed` with the output as bytes. */
  succeedBytes(commands: readonly string[], options: CommandOptions = {}): Promise<Buffer> {
    return this.#each(commands, 'must succeed', async (command) => {
      const startedAt = performance.now();
      const { status, output } = await this.executeBytes(command, options);
      if (status === 0) return output;
      const seconds = options.timeout === undefined ? DEFAULT_SECONDS : options.timeout;
      if (status === TIMED_OUT && seconds !== null && performance.now() - startedAt >= seconds * 1000)
        throw commandTimedOut(command, seconds);
      throw commandFailed(command, status, output.toString('utf8'));
    });
  }

  /** Like `succeed`, but each command must end with another exit status than 0. */
  async fail(...args: readonly (string | CommandOptions)[]): Promise<string> {
    return (await this.failBytes(...splitArguments(args))).toString('utf8');
  }

  mustFail(...args: readonly (string | CommandOptions)[]): Promise<string> {
    return this.fail(...args);
  }

  /** `fail` with the output as bytes. */
  failBytes(commands: readonly string[], options: CommandOptions = {}): Promise<Buffer> {
    return this.#each(commands, 'must fail', async (command) => {
      const { status, output } = await this.executeBytes(command, options);
      if (status === 0) throw commandSucceeded(command);
      return output;
    });
  }

  /** Repeats a command every second until it succeeds; its output. */
  async waitUntilSucceeds(command: string, timeoutSeconds = DEFAULT_SECONDS): Promise<string> {
    return (await this.repeatBytes(command, true, { timeout: timeoutSeconds })).toString('utf8');
  }

  /** Repeats a command every second until it fails; its output. */
  async waitUntilFails(command: string, timeoutSeconds = DEFAULT_SECONDS): Promise<string> {
    return (await this.repeatBytes(command, false, { timeout: timeoutSeconds })).toString('utf8');
  }

  /** Repeats a command until it succeeds, or fails when `wanted` is false. */
  repeatBytes(command: string, wanted: boolean, options: CommandOptions = {}): Promise<Buffer> {
    const timeoutSeconds = options.timeout ?? DEFAULT_SECONDS;
    let last = Buffer.alloc(0);
    return this.nest(`waiting for ${wanted ? 'success' : 'failure'}: ${command}`, async () => {
      try {
        await retry(async () => {
          const { status, output } = await this.executeBytes(command, {
            ...options,
            timeout: timeoutSeconds,
          });
          last = Buffer.from(output);
          return (status === 0) === wanted;
        }, timeoutSeconds);
      } catch (error) {
        if (error instanceof TestError && error.code === 'test-timeout')
          throw actionTimedOut(timeoutSeconds, last.toString('utf8'));
        throw error;
      }
      return last;
    });
  }

  /** Runs `systemctl` for the system, or for `user`; exit status and output. */
  async systemctl(query: string, user?: string): Promise<[status: number, output: string]> {
    if (user === undefined) return await this.execute(`systemctl ${query}`);
    const environment = `XDG_RUNTIME_DIR=/run/user/$(id -u ${quote(user)})`;
    const inner = `${environment} systemctl --user ${query}`;
    return await this.execute(`su -l ${quote(user)} --shell /bin/sh -c ${quote(inner)}`);
  }

  /** The properties of a unit, as `systemctl show` lists them. */
  async getUnitInfo(unit: string, user?: string): Promise<Record<string, string>> {
    const [status, output] = await this.systemctl(`--no-pager show ${quote(unit)}`, user);
    if (status !== 0)
      throw new TestError(
        `cannot get info on unit ‘${unit}’${user === undefined ? '' : ` of user ‘${user}’`}`,
        {
          hint: `systemctl ended with exit code ${status}`,
        },
      );
    const info: Record<string, string> = {};
    for (const line of output.split('\n')) {
      const at = line.indexOf('=');
      if (at > 0) info[line.slice(0, at)] = line.slice(at + 1);
    }
    return info;
  }

  /** One property of a unit. */
  async getUnitProperty(unit: string, property: string, user?: string): Promise<string> {
    const [status, output] = await this.systemctl(
      `--no-pager show ${quote(unit)} --property=${quote(property)}`,
      user,
    );
    const at = output.indexOf('=');
    if (status !== 0 || at < 0)
      throw new TestError(`cannot get property ‘${property}’ of unit ‘${unit}’`, {
        hint: `systemctl ended with exit code ${status}`,
      });
    return output.slice(at + 1).trimEnd();
  }

  /** Throws unless the unit's `ActiveState` is `state`. */
  async requireUnitState(unit: string, state = 'active'): Promise<void> {
    await this.nest(`checking if unit ‘${unit}’ has reached state ‘${state}’`, async () => {
      const actual = await this.getUnitProperty(unit, 'ActiveState');
      if (actual !== state)
        throw new TestError(
          `expected unit ‘${unit}’ to be in state ‘${state}’ but it is in state ‘${actual}’`,
        );
    });
  }

  /** Starts a unit; exit status and output of `systemctl start`. */
  startJob(unit: string, user?: string): Promise<[status: number, output: string]> {
    return this.systemctl(`start ${quote(unit)}`, user);
  }

  /** Stops a unit; exit status and output of `systemctl stop`. */
  stopJob(unit: string, user?: string): Promise<[status: number, output: string]> {
    return this.systemctl(`stop ${quote(unit)}`, user);
  }

  async #each(
    commands: readonly string[],
    what: string,
    work: (command: string) => Promise<Buffer>,
  ): Promise<Buffer> {
    const outputs: Buffer[] = [];
    for (const command of commands) outputs.push(await this.nest(`${what}: ${command}`, () => work(command)));
    return Buffer.concat(outputs);
  }
}

/** The commands and, when the last argument is no command, the options. */
function splitArguments(args: readonly (string | CommandOptions)[]): [string[], CommandOptions] {
  const commands = args.filter((argument) => typeof argument === 'string');
  const last = args.at(-1);
  return [commands, typeof last === 'object' ? last : {}];
}

/** A word for the shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
