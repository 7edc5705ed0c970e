/**
 * The test driver: makes the machines and the networks of a test, runs its script against them, and ends them all,
 * whatever happened.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NixError } from '../../diagnostics/index.ts';
import { actionTimedOut, unknownMachine } from './errors.ts';
import type { TestLog } from './log.ts';
import { TestMachine } from './machine.ts';
import type { MachineEntry, TestManifest } from './manifest.ts';
import { DEFAULT_SECONDS, retry } from './retry.ts';
import { NetworkSwitch } from './switch.ts';

export interface DriverOptions {
  readonly manifest: TestManifest;
  readonly log: TestLog;
  /** Screenshots and copied files. */
  readonly outputDirectory: string;
  /** The machines' state is in `vm-state-NAME` below it. */
  readonly stateDirectory: string;
  /** For sockets, whose paths must be short. */
  readonly temporaryDirectory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whether what former runs left of the machines' disks is used on. */
  readonly keepState: boolean;
}

/** A condition that must hold all the time; see `Driver.polling`. */
export interface PollingCondition {
  readonly description: string;
  readonly seconds: number;
  readonly holds: () => Promise<boolean> | boolean;
}

/** How a machine that a script makes is described; names as in the test scripts of NixOS. */
export interface NewMachine {
  readonly name?: string;
  /** The program that starts it. */
  readonly startCommand: string;
}

export class Driver implements AsyncDisposable {
  readonly machines = new Map<string, TestMachine>();
  readonly log: TestLog;
  readonly manifest: TestManifest;
  readonly #options: DriverOptions;
  readonly #switches: NetworkSwitch[] = [];
  readonly #sockets: string;
  readonly #env: Record<string, string>;
  #succeeded = 0;
  #tests = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.log = options.log;
    this.manifest = options.manifest;
    this.#sockets = mkdtempSync(join(options.temporaryDirectory, 'firn-test-'));
    this.#env = {
      ...options.env,
      // Whether the processor helps is found out once for all machines.
      XDG_CACHE_HOME: options.env['XDG_CACHE_HOME'] ?? this.#sockets,
      QEMU_VLANS: `stream,server=off,addr.type=unix,addr.path=${this.#sockets}/vlan`,
    };
    for (const vlan of options.manifest.vlans) this.#startSwitch(vlan);
    for (const entry of options.manifest.machines) this.#addMachine(entry);
  }

  /** @throws TestError when there is no such machine */
  machine(name: string): TestMachine {
    const found = this.machines.get(name);
    if (!found) throw unknownMachine(name, [...this.machines.keys()]);
    return found;
  }

  /** Starts all machines, without waiting for their boot. */
  async startAll(): Promise<void> {
    await this.log.nest('starting all VMs', undefined, async () => {
      await Promise.all([...this.machines.values()].map((machine) => machine.start()));
    });
  }

  /** Waits until all machines have shut themselves down. */
  async joinAll(): Promise<void> {
    await this.log.nest('waiting for all VMs to finish', undefined, async () => {
      await Promise.all([...this.machines.values()].map((machine) => machine.waitForShutdown()));
    });
  }

  /** A part of the test with a name, counted in the report. */
  async subtest<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#tests++;
    const result = await this.log.nest(`subtest: ${name}`, undefined, work);
    this.#succeeded++;
    return result;
  }

  /** Counts a subtest that ran elsewhere. */
  countSubtest(succeeded: boolean): void {
    this.#tests++;
    if (succeeded) this.#succeeded++;
  }

  /** `N out of M tests succeeded`, or `undefined` when there were no subtests. */
  get summary(): string | undefined {
    return this.#tests === 0 ? undefined : `${this.#succeeded} out of ${this.#tests} tests succeeded`;
  }

  /** Adds a machine that the test's expression does not have. */
  createMachine({ name, startCommand }: NewMachine): TestMachine {
    const free = (n: number): string => (this.machines.has(`machine${n}`) ? free(n + 1) : `machine${n}`);
    return this.#addMachine({ name: name ?? free(1), script: startCommand });
  }

  /** Repeats an action until it gives true. */
  retry(
    action: (isLast: boolean) => Promise<boolean> | boolean,
    timeoutSeconds = DEFAULT_SECONDS,
  ): Promise<void> {
    return retry(action, timeoutSeconds);
  }

  /**
   * Runs `work`, which fails as soon as the condition does not hold.
   *
   * @throws NixError
   */
  async polling<T>(condition: PollingCondition, work: () => Promise<T>): Promise<T> {
    const stop = new AbortController();
    const watch = this.#watch(condition, stop.signal);
    try {
      return await Promise.race([work(), watch]);
    } finally {
      stop.abort();
    }
  }

  /**
   * Runs `work` within the test's time.
   *
   * @throws TestTimeout
   */
  async withinLimit(work: () => Promise<void>): Promise<void> {
    const { globalTimeout } = this.manifest;
    const over = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => over.reject(actionTimedOut(globalTimeout, 'the whole test')),
      globalTimeout * 1000,
    );
    try {
      await Promise.race([work(), over.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.machines.values()].map((machine) => machine[Symbol.asyncDispose]()));
    for (const each of this.#switches) each[Symbol.dispose]();
    rmSync(this.#sockets, { recursive: true, force: true });
  }

  #startSwitch(vlan: number): void {
    this.log.log(`starting VDE switch for network ${vlan}`);
    this.#switches.push(new NetworkSwitch(join(this.#sockets, `vlan${vlan}`)));
  }

  #addMachine({ name, script }: MachineEntry): TestMachine {
    const { stateDirectory, outputDirectory, keepState, manifest } = this.#options;
    const state = join(stateDirectory, `vm-state-${name}`);
    if (!keepState) rmSync(state, { recursive: true, force: true });
    mkdirSync(outputDirectory, { recursive: true });
    const machine = new TestMachine({
      name,
      script,
      stateDirectory: state,
      socketDirectory: this.#sockets,
      outputDirectory,
      env: this.#env,
      log: this.log,
      ocr: manifest.ocr ?? undefined,
    });
    this.machines.set(name, machine);
    return machine;
  }

  async #watch(condition: PollingCondition, signal: AbortSignal): Promise<never> {
    while (!signal.aborted) {
      if (!(await condition.holds()))
        throw new NixError(`the condition '${condition.description}' does not hold any more`, {
          code: 'test',
        });
      await new Promise((resolve) => setTimeout(resolve, condition.seconds * 1000));
    }
    return await new Promise<never>(() => {});
  }
}
