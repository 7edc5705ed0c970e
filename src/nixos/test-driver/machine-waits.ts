/** Waiting until something is so in a machine. Every wait asks once a second and gives up after its time-out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { actionTimedOut, TestError, unitFailed, unitInactive } from './errors.ts';
import { MachineCommands, quote } from './machine-commands.ts';
import { DEFAULT_SECONDS, retry } from './retry.ts';

/**
 * What a text must match: a regular expression, its source, or a predicate (the regular expressions of other languages
 * are asked in the language that they come from).
 */
export type TextPattern = RegExp | string | TextPredicate;

export interface TextPredicate {
  /** For messages. */
  readonly source: string;
  readonly matches: (text: string) => boolean | Promise<boolean>;
}

export function toPredicate(pattern: TextPattern): TextPredicate {
  if (typeof pattern === 'object' && 'matches' in pattern) return pattern;
  const expression = typeof pattern === 'string' ? new RegExp(pattern) : pattern;
  // A sticky or global expression remembers where it was; each text is asked from its beginning.
  const stateless = new RegExp(expression.source, expression.flags.replace(/[gy]/g, ''));
  return { source: expression.source, matches: (text) => stateless.test(text) };
}

export class MachineWaits extends MachineCommands {
  #consoleSeen = 0;

  /**
   * Waits until a systemd unit is active.
   *
   * @throws TestError as soon as the unit fails, or is inactive with nothing left to start it
   */
  waitForUnit(unit: string, user?: string, timeoutSeconds = DEFAULT_SECONDS): Promise<void> {
    const whose = user === undefined ? '' : ` with user ‘${user}’`;
    return this.nest(`waiting for unit ‘${unit}’${whose}`, () =>
      retry(async () => {
        const state = await this.getUnitProperty(unit, 'ActiveState', user);
        if (state === 'failed') throw unitFailed(unit, state);
        if (state === 'inactive') await this.#requireJobs(unit, user);
        return state === 'active';
      }, timeoutSeconds),
    );
  }

  /** The older name of `waitForUnit`. */
  waitForJob(unit: string): Promise<void> {
    return this.waitForUnit(unit);
  }

  /** Waits until a file exists. */
  waitForFile(path: string, timeoutSeconds = DEFAULT_SECONDS): Promise<void> {
    return this.#until(`waiting for file ‘${path}’`, `test -e ${quote(path)}`, true, timeoutSeconds);
  }

  /** Waits until something listens on a TCP port. */
  waitForOpenPort(port: number, address = 'localhost', timeoutSeconds = DEFAULT_SECONDS): Promise<void> {
    return this.#until(
      `waiting for TCP port ${port} on ${address}`,
      probe(port, address),
      true,
      timeoutSeconds,
    );
  }

  /** Waits until nothing listens on a TCP port. */
  waitForClosedPort(port: number, address = 'localhost', timeoutSeconds = DEFAULT_SECONDS): Promise<void> {
    const title = `waiting for TCP port ${port} on ${address} to be closed`;
    return this.#until(title, probe(port, address), false, timeoutSeconds);
  }

  /** Waits until a Unix socket is listened on; `isDatagram` when it is one for datagrams. */
  waitForOpenUnixSocket(path: string, isDatagram = false, timeoutSeconds = DEFAULT_SECONDS): Promise<void> {
    const kind = isDatagram ? '--dgram' : '--listening';
    const command = `ss --no-header --unix ${kind} src ${quote(path)} | grep -q .`;
    return this.#until(`waiting for Unix socket ‘${path}’`, command, true, timeoutSeconds);
  }

  /** What a virtual terminal shows, as text. */
  async getTtyText(tty: string | number): Promise<string> {
    const [, output] = await this.execute(
      `fold -w$(stty -F /dev/tty${tty} size | cut -d' ' -f2) /dev/vcs${tty}`,
    );
    return output;
  }

  /** Waits until what a virtual terminal shows matches. */
  waitUntilTtyMatches(
    tty: string | number,
    pattern: TextPattern,
    timeoutSeconds = DEFAULT_SECONDS,
  ): Promise<void> {
    const { source, matches } = toPredicate(pattern);
    return this.nest(`waiting for ‘${source}’ to appear on tty ${tty}`, () =>
      retry(async (isLast) => {
        const text = await this.getTtyText(tty);
        if (isLast)
          this.log(`Last chance to match ‘${source}’ on tty ${tty}, which currently contains:\n${text}`);
        return await matches(text);
      }, timeoutSeconds),
    );
  }

  /** Waits until the console shows a matching text that no former call has seen. */
  waitForConsoleText(pattern: TextPattern, timeoutSeconds = DEFAULT_SECONDS): Promise<void> {
    const { source, matches } = toPredicate(pattern);
    return this.nest(`waiting for ‘${source}’ to appear on console`, async () => {
      await this.start();
      const deadline = performance.now() + timeoutSeconds * 1000;
      for (;;) {
        const text = this.consoleText;
        if (this.#consoleSeen > text.length) this.#consoleSeen = 0;
        if (await matches(text.slice(this.#consoleSeen))) {
          this.#consoleSeen = text.length;
          return;
        }
        const left = deadline - performance.now();
        if (left <= 0) throw actionTimedOut(timeoutSeconds);
        if (!this.isUp())
          throw new TestError(`machine '${this.name}' stopped before its console showed ‘${source}’`);
        if (text === this.consoleText) await this.consoleChange(left);
      }
    });
  }

  /** Waits until the X server takes connections. */
  waitForX(timeoutSeconds = DEFAULT_SECONDS): Promise<void> {
    const command = 'test -e /tmp/.X11-unix/X0 && xwininfo -root >/dev/null 2>&1';
    return this.#until('waiting for the X11 server', command, true, timeoutSeconds);
  }

  /** The names of the windows that the X server knows. */
  async getWindowNames(): Promise<string[]> {
    const output = await this.succeed(
      `xwininfo -root -tree | sed -n 's/.*0x[0-9a-f]* "\\([^"]*\\)".*/\\1/p'`,
    );
    return output.split('\n').filter((line) => line !== '');
  }

  /** Waits until there is an X window whose name matches. */
  waitForWindow(pattern: TextPattern, timeoutSeconds = DEFAULT_SECONDS): Promise<void> {
    const { source, matches } = toPredicate(pattern);
    return this.nest(`waiting for a window to appear: ‘${source}’`, () =>
      retry(async (isLast) => {
        const names = await this.getWindowNames();
        if (isLast) this.log(`Last chance to match ‘${source}’ on the window list: ${names.join(', ')}`);
        for (const name of names) if (await matches(name)) return true;
        return false;
      }, timeoutSeconds),
    );
  }

  /** Waits until QEMU tells of an event, such as `RTC_CHANGE`; what it tells. */
  async waitForQmpEvent(
    matches: (event: Record<string, unknown>) => boolean | Promise<boolean>,
    timeoutSeconds = DEFAULT_SECONDS,
  ): Promise<Record<string, unknown>> {
    const control = await this.control();
    const deadline = performance.now() + timeoutSeconds * 1000;
    for (;;) {
      const event = await control.nextEvent(deadline - performance.now());
      if (event === undefined) throw actionTimedOut(timeoutSeconds);
      if (await matches(event)) return event;
    }
  }

  /** Lets seconds pass on the machine's clock, or on ours while it does not run. */
  async sleep(seconds: number): Promise<void> {
    if (this.isUp()) await this.execute(`sleep ${seconds}`, { timeout: null });
    else await sleep(seconds * 1000);
  }

  #until(title: string, command: string, wanted: boolean, timeoutSeconds: number): Promise<void> {
    return this.nest(title, () =>
      retry(async () => {
        const { status } = await this.run({ command, timeoutSeconds });
        return (status === 0) === wanted;
      }, timeoutSeconds),
    );
  }

  /** An inactive unit is only worth waiting for while systemd has something to do. */
  async #requireJobs(unit: string, user: string | undefined): Promise<void> {
    const [, jobs] = await this.systemctl('list-jobs --full 2>&1', user);
    if (!jobs.includes('No jobs')) return;
    if ((await this.getUnitProperty(unit, 'ActiveState', user)) === 'inactive') throw unitInactive(unit);
  }
}

/** Ends with 0 when a TCP connection can be made; needs nothing but bash. */
function probe(port: number, address: string): string {
  return `timeout 5 bash -c ${quote(`exec 2>/dev/null; : </dev/tcp/${address}/${port}`)}`;
}
