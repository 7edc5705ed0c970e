/**
 * The Logger interface. Its events are C++ Nix's activities and results (see the `internal-json` log format),
 * so that one stream of events feeds the plain, tree, JSON and in-memory renderers.
 */
import type { NixError } from './nix-error.ts';

/** Verbosity, numbered as in C++ Nix. */
export const Verbosity = {
  error: 0,
  warn: 1,
  notice: 2,
  info: 3,
  talkative: 4,
  chatty: 5,
  debug: 6,
  vomit: 7,
} as const;
export type Verbosity = (typeof Verbosity)[keyof typeof Verbosity];

/** Activity types, numbered as in C++ Nix's `internal-json`. */
export const ActivityType = {
  unknown: 0,
  copyPath: 100,
  fileTransfer: 101,
  realise: 102,
  copyPaths: 103,
  builds: 104,
  build: 105,
  optimiseStore: 106,
  verifyPaths: 107,
  substitute: 108,
  queryPathInfo: 109,
  postBuildHook: 110,
  buildWaiting: 111,
  fetchTree: 112,
} as const;
export type ActivityType = (typeof ActivityType)[keyof typeof ActivityType];

/** Result types, numbered as in C++ Nix's `internal-json`. */
export const ResultType = {
  fileLinked: 100,
  buildLogLine: 101,
  untrustedPath: 102,
  corruptedPath: 103,
  setPhase: 104,
  progress: 105,
  setExpected: 106,
  postBuildLogLine: 107,
  fetchStatus: 108,
} as const;
export type ResultType = (typeof ResultType)[keyof typeof ResultType];

export type LogField = string | number;

/** A running activity; `stop` ends it (and so does `using`). */
export interface Activity extends Disposable {
  readonly id: number;
  result(type: ResultType, ...fields: LogField[]): void;
  /** Shorthand for `ResultType.progress`. All counts in the activity's own unit (paths or bytes). */
  progress(done: number, expected: number, running?: number, failed?: number): void;
  stop(): void;
}

export interface Logger {
  readonly verbosity: Verbosity;
  log(verbosity: Verbosity, message: string): void;
  warn(message: string): void;
  error(error: NixError): void;
  /** Starts an activity; `parent` is the id of an enclosing one, 0 for none. */
  activity(type: ActivityType, text: string, fields?: readonly LogField[], parent?: number): Activity;
}

/** A logger that keeps everything, for tests and for handing events to another thread. */
export class MemoryLogger implements Logger {
  readonly verbosity: Verbosity;
  readonly messages: { verbosity: Verbosity; message: string }[] = [];
  readonly errors: NixError[] = [];
  readonly results: { id: number; type: ResultType; fields: LogField[] }[] = [];
  readonly activities: { id: number; type: ActivityType; text: string; fields: readonly LogField[] }[] = [];
  #next = 1;

  constructor(verbosity: Verbosity = Verbosity.info) {
    this.verbosity = verbosity;
  }

  log(verbosity: Verbosity, message: string): void {
    if (verbosity <= this.verbosity) this.messages.push({ verbosity, message });
  }

  warn(message: string): void {
    this.log(Verbosity.warn, `warning: ${message}`);
  }

  error(error: NixError): void {
    this.errors.push(error);
  }

  activity(type: ActivityType, text: string, fields: readonly LogField[] = []): Activity {
    const id = this.#next++;
    this.activities.push({ id, type, text, fields });
    const result = (kind: ResultType, ...values: LogField[]) => {
      this.results.push({ id, type: kind, fields: values });
    };
    const stop = () => {};
    return {
      id,
      result,
      progress: (done, expected, running = 0, failed = 0) =>
        result(ResultType.progress, done, expected, running, failed),
      stop,
      [Symbol.dispose]: stop,
    };
  }
}
