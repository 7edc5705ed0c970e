/**
 * The renderers of the Logger's events: `raw` (lines only), `bar` (lines and one status line on a terminal),
 * `internal-json` (C++ Nix's machine-readable form). All of them write to standard error; standard output carries
 * results alone.
 */
import {
  type Activity,
  ActivityType,
  decodeBytes,
  type IsForeign,
  type LogField,
  type Logger,
  type NixError,
  ResultType,
  renderError,
  Verbosity,
} from '../diagnostics/index.ts';

/** Where a logger writes: standard error, or a collector in tests. */
export interface LogOutput {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Whether colours are wanted: on a terminal, unless NO_COLOR says otherwise. */
  readonly colours: boolean;
  /** Columns of the terminal; 80 when unknown. */
  readonly columns: number;
}

/** Standard error as a `LogOutput`. */
export const standardError: LogOutput = {
  write: (text) => {
    process.stderr.write(text);
  },
  get isTerminal() {
    return process.stderr.isTTY === true && process.env['TERM'] !== 'dumb';
  },
  get colours() {
    return this.isTerminal && !process.env['NO_COLOR'];
  },
  get columns() {
    return process.stderr.columns ?? 80;
  },
};

export type LogFormat = 'raw' | 'bar' | 'internal-json';

export interface LoggerOptions {
  readonly format: LogFormat;
  readonly verbosity: Verbosity;
  readonly showTrace: boolean;
  /** Whether lines of build logs are printed as they come (`-Q` switches this off). */
  readonly buildOutput: boolean;
}

/** A logger for the command line. Call `finish` before the program ends. */
export interface CommandLogger extends Logger {
  /** Files whose frames errors leave out, once it is known which they are. */
  isForeign: IsForeign | undefined;
  finish(): void;
}

export function makeLogger(output: LogOutput, options: LoggerOptions): CommandLogger {
  if (options.format === 'internal-json') return new JsonLogger(output, options);
  return new TextLogger(output, options, options.format === 'bar' && output.isTerminal);
}

interface Running {
  readonly type: ActivityType;
  readonly text: string;
  done: number;
  expected: number;
}

/** Lines, and below them one status line when the output is a terminal. */
class TextLogger implements CommandLogger {
  readonly verbosity: Verbosity;
  isForeign: IsForeign | undefined;
  readonly #output: LogOutput;
  readonly #options: LoggerOptions;
  readonly #withBar: boolean;
  readonly #running = new Map<number, Running>();
  #next = 1;
  #shownBar = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(output: LogOutput, options: LoggerOptions, withBar: boolean) {
    this.verbosity = options.verbosity;
    this.#output = output;
    this.#options = options;
    this.#withBar = withBar;
  }

  log(verbosity: Verbosity, message: string): void {
    if (verbosity <= this.verbosity) this.#line(message);
  }

  warn(message: string): void {
    const label = this.#output.colours ? '\x1b[35;1mwarning:\x1b[0m' : 'warning:';
    this.log(Verbosity.warn, `${label} ${message}`);
  }

  error(error: NixError): void {
    const { showTrace } = this.#options;
    const { isForeign } = this;
    this.#line(renderError(error, { showTrace, colour: this.#output.colours, isForeign }));
  }

  activity(type: ActivityType, text: string, _fields: readonly LogField[] = []): Activity {
    const id = this.#next++;
    const running: Running = { type, text, done: 0, expected: 0 };
    this.#running.set(id, running);
    if (text && isAnnounced(type)) this.log(Verbosity.info, text);
    this.#scheduleBar();
    const result = (kind: ResultType, ...fields: LogField[]) => {
      if (kind === ResultType.buildLogLine || kind === ResultType.postBuildLogLine) {
        if (this.#options.buildOutput) this.#line(String(fields[0]));
      } else if (kind === ResultType.progress) {
        running.done = Number(fields[0]);
        running.expected = Number(fields[1]);
        this.#scheduleBar();
      }
    };
    const stop = () => {
      this.#running.delete(id);
      this.#scheduleBar();
    };
    const progress = (done: number, expected: number) => result(ResultType.progress, done, expected);
    return { id, result, progress, stop, [Symbol.dispose]: stop };
  }

  finish(): void {
    clearTimeout(this.#timer);
    this.#eraseBar();
  }

  #line(text: string): void {
    this.#eraseBar();
    this.#output.write(`${decodeBytes(text)}\n`);
    this.#scheduleBar();
  }

  #eraseBar(): void {
    if (this.#shownBar === '') return;
    this.#output.write('\r\x1b[K');
    this.#shownBar = '';
  }

  /** Redraws the status line at most ten times a second. */
  #scheduleBar(): void {
    if (!this.#withBar || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const bar = statusLine([...this.#running.values()]).slice(0, this.#output.columns - 1);
      if (bar === this.#shownBar) return;
      this.#output.write(`\r\x1b[K${bar}`);
      this.#shownBar = bar;
    }, 100);
    this.#timer.unref();
  }
}

/** Activities whose start is worth a line of its own. */
function isAnnounced(type: ActivityType): boolean {
  return type === ActivityType.build || type === ActivityType.copyPath || type === ActivityType.fileTransfer;
}

/** `[12/40 built, 3/281 fetched, 45.1/159.0 MiB] name of what runs`. */
function statusLine(running: readonly Running[]): string {
  const parts: string[] = [];
  for (const { type, done, expected } of running) {
    if (expected === 0) continue;
    if (type === ActivityType.builds) parts.push(`${done}/${expected} built`);
    else if (type === ActivityType.copyPaths) parts.push(`${done}/${expected} fetched`);
    else if (type === ActivityType.realise) parts.push(`${mebibytes(done)}/${mebibytes(expected)} MiB`);
  }
  const newest = running.findLast((entry) => entry.text !== '' && entry.expected === 0) ?? running.at(-1);
  if (parts.length === 0) return newest?.text ?? '';
  return `[${parts.join(', ')}] ${newest?.text ?? ''}`;
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

/** One JSON object a line, each after `@nix `. */
class JsonLogger implements CommandLogger {
  readonly verbosity: Verbosity;
  isForeign: IsForeign | undefined;
  readonly #output: LogOutput;
  readonly #showTrace: boolean;
  #next = 1;

  constructor(output: LogOutput, options: LoggerOptions) {
    this.verbosity = options.verbosity;
    this.#output = output;
    this.#showTrace = options.showTrace;
  }

  log(level: Verbosity, msg: string): void {
    if (level <= this.verbosity) this.#write({ action: 'msg', level, msg: decodeBytes(msg) });
  }

  warn(message: string): void {
    this.log(Verbosity.warn, `warning: ${message}`);
  }

  error(error: NixError): void {
    const { isForeign } = this;
    const text = renderError(error, { showTrace: this.#showTrace, colour: false, isForeign });
    const msg = decodeBytes(text);
    this.#write({ action: 'msg', level: Verbosity.error, msg, raw_msg: decodeBytes(error.message) });
  }

  activity(type: ActivityType, text: string, fields: readonly LogField[] = [], parent = 0): Activity {
    const id = this.#next++;
    this.#write({ action: 'start', id, level: Verbosity.info, parent, type, text, fields });
    const result = (kind: ResultType, ...values: LogField[]) => {
      this.#write({ action: 'result', id, type: kind, fields: values });
    };
    const stop = () => {
      this.#write({ action: 'stop', id });
    };
    return {
      id,
      result,
      progress: (done, expected, running = 0, failed = 0) =>
        result(ResultType.progress, done, expected, running, failed),
      stop,
      [Symbol.dispose]: stop,
    };
  }

  finish(): void {}

  #write(record: Record<string, unknown>): void {
    this.#output.write(`@nix ${JSON.stringify(record)}\n`);
  }
}
