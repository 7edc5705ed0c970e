/**
 * The log of a test: a tree of what was done, by whom and how long it took, with the machines' console output where it
 * came. Entries are shown on the terminal as they happen and kept for the report.
 *
 * Which entry is open is known by asynchronous context, so that actions on several machines at once keep their own
 * place in the tree.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** One line: a message of the driver or of a machine. */
export interface LogLine {
  readonly kind: 'line';
  readonly machine: string | undefined;
  /** Seconds since the test began. */
  readonly at: number;
  readonly text: string;
  readonly source: 'driver' | 'console' | 'script' | 'error';
}

/** A picture that a test took. */
export interface LogImage {
  readonly kind: 'image';
  readonly machine: string | undefined;
  readonly at: number;
  /** Its name, relative to the output directory. */
  readonly file: string;
  readonly title: string;
}

/** Something that takes time and holds other entries. */
export interface LogGroup {
  readonly kind: 'group';
  readonly machine: string | undefined;
  readonly at: number;
  readonly title: string;
  readonly entries: LogEntry[];
  /** Seconds; absent while it runs. */
  seconds?: number;
  failed?: boolean;
}

export type LogEntry = LogLine | LogImage | LogGroup;

/** Where lines are shown; without newline at their end. */
export type LineSink = (line: string) => void;

export class TestLog {
  readonly root: LogGroup;
  readonly #current = new AsyncLocalStorage<LogGroup>();
  readonly #show: LineSink;
  readonly #start: number;
  #consoleShown = true;

  /** @param clock seconds, ever increasing */
  constructor(show: LineSink, clock: () => number = () => performance.now() / 1000) {
    this.#show = show;
    this.#clock = clock;
    this.#start = clock();
    this.root = { kind: 'group', machine: undefined, at: 0, title: 'test', entries: [] };
  }

  readonly #clock: () => number;

  /** Seconds since the log began. */
  get now(): number {
    return this.#clock() - this.#start;
  }

  /** The entry that holds what is logged now. */
  get current(): LogGroup {
    return this.#current.getStore() ?? this.root;
  }

  /** Whether console output is shown on the terminal; it is kept in any case. */
  showConsole(shown: boolean): void {
    this.#consoleShown = shown;
  }

  /** A message of the driver, about `machine` when given. */
  log(text: string, machine?: string): void {
    this.#add(text, machine, 'driver', machine === undefined ? text : `${machine}: ${text}`);
  }

  /** What a test script printed. */
  script(text: string): void {
    this.#add(text, undefined, 'script', text);
  }

  error(text: string): void {
    this.#add(text, undefined, 'error', `!!! ${text.replaceAll('\n', '\n!!! ')}`);
  }

  /** A line of a machine's console. It stands in the entry that is open for all. */
  console(text: string, machine: string): void {
    this.root.entries.push({ kind: 'line', machine, at: this.now, text, source: 'console' });
    if (this.#consoleShown) this.#show(`${machine} # [${this.now.toFixed(1).padStart(6)}] ${text}`);
  }

  image(file: string, title: string, machine: string): void {
    this.current.entries.push({ kind: 'image', machine, at: this.now, file, title });
  }

  /** Runs `work` inside a new entry, which gets its time; an error marks it and passes on. */
  async nest<T>(title: string, machine: string | undefined, work: () => Promise<T>): Promise<T> {
    const group = this.open(title, machine);
    try {
      return await this.#current.run(group, work);
    } catch (error) {
      group.failed = true;
      throw error;
    } finally {
      this.close(group);
    }
  }

  /** Begins an entry whose end is told by `close`; for scripts in other processes. */
  open(title: string, machine?: string): LogGroup {
    const group: LogGroup = { kind: 'group', machine, at: this.now, title, entries: [] };
    this.current.entries.push(group);
    this.#show(machine === undefined ? title : `${machine}: ${title}`);
    return group;
  }

  close(group: LogGroup): void {
    group.seconds = this.now - group.at;
    const subject = group.machine === undefined ? '' : `${group.machine}: `;
    this.#show(
      `${subject}(${group.failed ? 'failed' : 'finished'}: ${group.title}, in ${group.seconds.toFixed(2)} seconds)`,
    );
  }

  /** Runs `work` as if inside the open entry `group`. */
  within<T>(group: LogGroup, work: () => T): T {
    return this.#current.run(group, work);
  }

  #add(text: string, machine: string | undefined, source: LogLine['source'], shown: string): void {
    this.current.entries.push({ kind: 'line', machine, at: this.now, text, source });
    this.#show(shown);
  }
}
