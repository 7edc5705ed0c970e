/**
 * Errors as text, in C++ Nix's form: the trace from the outside in, then the message with its position, the source
 * lines around it and what to do. Without `showTrace` the trace is cut after a few frames.
 *
 * The result is a byte string, like the messages that evaluation makes.
 */
import { encodeBytes } from './byte-string.ts';
import type { NixError, Trace } from './nix-error.ts';
import type { Position } from './position.ts';

export interface RenderOptions {
  readonly showTrace: boolean;
  /** ANSI colours, for terminals. */
  readonly colour: boolean;
}

/** Frames (a frame with a position counts twice) shown before the trace is cut. */
const FEW_FRAMES = 3;
const ELLIPSIS = encodeBytes('…');

const plain = { red: '', blue: '', magenta: '', normal: '' };
const ansi = { red: '\x1b[31;1m', blue: '\x1b[34;1m', magenta: '\x1b[35;1m', normal: '\x1b[0m' };

/** The whole error, without a newline at the end. */
export function renderError(error: NixError, options: RenderOptions): string {
  const colours = options.colour ? ansi : plain;
  const prefix = `${colours.red}error:${colours.normal} `;
  let text = renderTraces([...error.traces].reverse(), options, colours);
  if (text !== '') text += `\n${prefix}`;
  text += `${asBytes(error.message)}\n${renderPosition(error.pos, '', colours)}`;
  if (error.hint) text += `${asBytes(error.hint)}\n`;
  return indent(prefix, ' '.repeat('error: '.length), text.replace(/[\s\n]+$/, ''));
}

/** Messages of other parts are Unicode texts; those of evaluation are bytes already. */
function asBytes(message: string): string {
  return /[^\x00-\xff]/.test(message) ? encodeBytes(message) : message;
}

type Colours = typeof plain;

function renderTraces(traces: readonly Trace[], { showTrace }: RenderOptions, colours: Colours): string {
  const seen = new Set<string>();
  let text = '';
  let count = 0;
  let skipped = 0;
  let truncated = false;
  for (const trace of traces) {
    if (trace.message === '') continue;
    if (!showTrace && count > FEW_FRAMES) truncated = true;
    if (truncated && !trace.always) continue;
    const frame = `\n${ELLIPSIS} ${trace.message}\n${renderPosition(trace.pos, '  ', colours)}`;
    if (seen.has(frame)) {
      skipped++;
      continue;
    }
    text += renderSkipped(skipped, colours);
    if (skipped > 0) seen.clear();
    skipped = 0;
    seen.add(frame);
    count += trace.pos ? 2 : 1;
    text += frame;
  }
  text += renderSkipped(skipped, colours);
  if (truncated) {
    text += `\n${colours.magenta}(stack trace truncated; use '--show-trace' to show the full, detailed trace)${colours.normal}\n`;
  }
  return text;
}

function renderSkipped(skipped: number, colours: Colours): string {
  if (skipped === 0) return '';
  return `\n${colours.magenta}(${skipped} duplicate frame${skipped === 1 ? '' : 's'} omitted)${colours.normal}\n`;
}

function renderPosition(pos: Position | undefined, prefix: string, colours: Colours): string {
  if (!pos) return '';
  const { line, column } = pos.source.lineColumn(pos.offset);
  const place = `${pos.source.displayName}:${line}:${column}`;
  const head = `${prefix}${colours.blue}at ${colours.magenta}${place}${colours.normal}:`;
  const current = pos.source.line(line);
  if (current === undefined) return `${head} (source not available)\n`;
  const rows: string[] = [];
  const row = (number: number, source: string) =>
    rows.push(`${prefix} ${String(number).padStart(5)}| ${source}`);
  const before = line > 1 ? pos.source.line(line - 1) : undefined;
  const after = pos.source.line(line + 1);
  if (before !== undefined) row(line - 1, before);
  row(line, current);
  rows.push(`${prefix}      |${' '.repeat(column)}${colours.red}^${colours.normal}`);
  if (after !== undefined) row(line + 1, after);
  return `${head}\n${rows.join('\n')}\n`;
}

/** Puts `first` before the first line and `rest` before every other one that is not empty. */
function indent(first: string, rest: string, text: string): string {
  return text
    .split('\n')
    .map((line, i) => (i === 0 ? first + line : line === '' ? line : rest + line).trimEnd())
    .join('\n');
}
