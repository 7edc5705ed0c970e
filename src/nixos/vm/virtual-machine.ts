/**
 * A running virtual machine: the script that `nixos-rebuild build-vm` made, its serial console and its control socket.
 * The console's output is kept (the last `KEPT` characters) and can be waited on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NixError } from '../../diagnostics/index.ts';
import { type RunningProcess, startProcess } from '../../platform/index.ts';
import { QmpClient } from './qmp.ts';

export interface VirtualMachineOptions {
  /** `result/bin/run-HOST-vm`. */
  readonly script: string;
  /** Where the machine's disk image is kept. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Rows and columns of the terminal that the console is shown on; 24 and 80 unless told otherwise. */
  readonly consoleSize?: readonly [rows: number, columns: number];
  /** Gets every piece of console output. */
  readonly onOutput?: (text: string) => void;
}

const KEPT = 256 * 1024;

export class VirtualMachine implements AsyncDisposable {
  readonly startedAt = performance.now();
  readonly #process: RunningProcess;
  readonly #socketDirectory: string;
  readonly #listeners = new Set<() => void>();
  #onOutput: ((text: string) => void) | undefined;
  #output = '';
  #ended = false;

  private constructor(process: RunningProcess, socketDirectory: string, onOutput?: (text: string) => void) {
    this.#process = process;
    this.#socketDirectory = socketDirectory;
    this.#onOutput = onOutput;
    for (const stream of [process.stdout, process.stderr]) {
      stream?.setEncoding('latin1');
      stream?.on('data', (text: string) => this.#receive(text));
    }
    void process.exited
      .catch((error: Error) => this.#receive(`\n${error.message}\n`))
      .then(() => {
        this.#ended = true;
        this.#notify();
      });
  }

  /** Starts the machine with its serial console on pipes of ours and no display. */
  static start(options: VirtualMachineOptions): VirtualMachine {
    const sockets = mkdtempSync(join(tmpdir(), 'firn-vm-'));
    const { env, consoleSize = [24, 80] } = options;
    const extra = `-display none -serial stdio -monitor none -qmp unix:${join(sockets, 'qmp')},server=on,wait=off`;
    const process = startProcess({
      program: options.script,
      cwd: options.directory,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
      env: {
        ...env,
        QEMU_OPTS: joinWords(env['QEMU_OPTS'], extra),
        QEMU_KERNEL_PARAMS: joinWords(terminalSize(consoleSize), env['QEMU_KERNEL_PARAMS']),
      },
    });
    return new VirtualMachine(process, sockets, options.onOutput);
  }

  /** What the console has shown so far (bytes; the oldest part is dropped). */
  get output(): string {
    return this.#output;
  }

  /** The process that became QEMU, or that waits for it. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Drops what the console has shown so far, so that it can be waited for what comes next. */
  forgetOutput(): void {
    this.#output = '';
  }

  /** Whether QEMU has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Waits until the console's output matches.
   *
   * @returns seconds since QEMU's start
   * @throws NixError when the machine ends first or the time is over; the message has the console's last lines
   */
  async waitForText(pattern: RegExp, timeoutSeconds: number): Promise<number> {
    const deadline = performance.now() + timeoutSeconds * 1000;
    while (!pattern.test(this.#output)) {
      const left = deadline - performance.now();
      if (this.#ended) throw this.#failure(`the machine stopped before its console showed ${pattern}`);
      if (left <= 0)
        throw this.#failure(`the console did not show ${pattern} within ${timeoutSeconds} seconds`);
      await this.#change(left);
    }
    return (performance.now() - this.startedAt) / 1000;
  }

  /** Types into the serial console. */
  type(text: string): void {
    this.#process.stdin?.write(text, 'latin1');
  }

  /** Sends the console's output somewhere else from now on. */
  redirect(onOutput: ((text: string) => void) | undefined): void {
    this.#onOutput = onOutput;
  }

  /** Connects to the control socket. */
  async control(): Promise<QmpClient> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await QmpClient.connect(join(this.#socketDirectory, 'qmp'));
      } catch (error) {
        if (attempt >= 50 || this.#ended) throw error;
        await sleep(100);
      }
    }
  }

  /**
   * Presses the power button and waits for the machine to shut itself down. A machine that is still starting may not
   * listen to the button yet, so it is pressed again every few seconds.
   */
  async powerDown(timeoutSeconds = 90): Promise<void> {
    using control = await this.control();
    const press = () => void control.execute('system_powerdown').catch(() => {});
    press();
    const again = setInterval(press, 5000);
    try {
      await this.waitForEnd(timeoutSeconds);
    } finally {
      clearInterval(again);
    }
  }

  /** Waits until QEMU has ended. */
  async waitForEnd(timeoutSeconds: number): Promise<void> {
    const deadline = performance.now() + timeoutSeconds * 1000;
    while (!this.#ended) {
      const left = deadline - performance.now();
      if (left <= 0) throw this.#failure(`the machine did not stop within ${timeoutSeconds} seconds`);
      await this.#change(left);
    }
  }

  /** Resolves when QEMU ends. */
  async wait(): Promise<void> {
    while (!this.#ended) await this.#change(60_000);
  }

  /** Ends the machine at once, as if its plug were pulled. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    rmSync(this.#socketDirectory, { recursive: true, force: true });
  }

  #receive(text: string): void {
    this.#output = (this.#output + text).slice(-KEPT);
    this.#onOutput?.(text);
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves at the next output or end, at the latest after `milliseconds`. */
  #change(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#listeners.add(done);
    });
  }

  #failure(message: string): NixError {
    const lines = this.#output
      .split('\n')
      .slice(-20)
      .map((line) => `  > ${line.trimEnd()}`);
    return new NixError(`${message}; the console's last lines:\n${lines.join('\n')}`, { code: 'vm' });
  }
}

/** systemd then need not ask the terminal, and wait for an answer that pipes do not give: a second and a half of a boot. */
function terminalSize([rows, columns]: readonly [number, number]): string {
  const words = ['ttyS0', 'ttyAMA0', 'console'].flatMap((terminal) => [
    `systemd.tty.rows.${terminal}=${rows}`,
    `systemd.tty.columns.${terminal}=${columns}`,
  ]);
  return words.join(' ');
}

function joinWords(...texts: readonly (string | undefined)[]): string {
  return texts.filter((text) => text).join(' ');
}
