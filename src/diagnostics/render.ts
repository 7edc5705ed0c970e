/**
 * Errors as text, in C++ Nix's form: the trace from the outside in, then the message with its position, the source
 * lines around it and what to do. Without `showTrace` the trace is cut after a few frames.
 *
 * The result is a byte string, like the messages that evaluation makes.
 */
import { encodeBytes } from './byte-string.ts';
import { foldTraces, type IsForeign, isForeignPosition } from './fold-trace.ts';
import type { NixError, Trace } from './nix-error.ts';
import type { Position } from './position.ts';

export interface RenderOptions {
  readonly showTrace: boolean;
  /** ANSI colours, for terminals. */
  readonly colour: boolean;
  /** What stands before the colon. Default: `error`; warnings with a position are rendered the same way. */
  readonly label?: string;
  /** Files whose frames are left out, unless the whole trace is shown (see `foldTraces`). */
  readonly isForeign?: IsForeign | undefined;
}

/** Frames (a frame with a position counts twice) shown before the trace is cut. */
const FEW_FRAMES = 3;
/** Up to this many repeated frames in a row are printed. */
const FEW_REPEATED = 5;
/** Longer cycles are shown by their beginning and their end. */
const MOST_STEPS = 16;
const ELLIPSIS = encodeBytes('…');

const plain = { red: '', blue: '', magenta: '', normal: '' };
const ansi = { red: '\x1b[31;1m', blue: '\x1b[34;1m', magenta: '\x1b[35;1m', normal: '\x1b[0m' };

/** The whole error, without a newline at the end. */
export function renderError(error: NixError, options: RenderOptions): string {
  const colours = options.colour ? ansi : plain;
  const label = options.label ?? 'error';
  const prefix = `${options.label === undefined ? colours.red : colours.magenta}${label}:${colours.normal} `;
  const isForeign = options.showTrace ? undefined : options.isForeign;
  const traces = isForeign ? foldTraces(error, isForeign) : error.traces;
  let text = renderTraces([...traces].reverse(), options, colours);
  const note = traces.length < error.traces.length && !text.includes(TRUNCATED) ? FOLDED : '';
  if (text !== '') text += `\n${prefix}`;
  text += `${asBytes(error.message)}\n${renderPlace(error.pos, '', colours)}`;
  text += renderCycle(error.cycle, isForeign);
  if (error.hint) text += `${asBytes(error.hint)}\n`;
  if (note !== '') text += `${colours.magenta}${note}${colours.normal}\n`;
  return indent(prefix, ' '.repeat(label.length + 2), text.replace(/[\s\n]+$/, ''));
}

const TRUNCATED = "(stack trace truncated; use '--show-trace' to show the full, detailed trace)";
const FOLDED = "(use '--show-trace' to show how evaluation got there)";

/** The steps of an infinite recursion; those in foreign files are only counted. */
function renderCycle(steps: readonly Position[], isForeign: IsForeign | undefined): string {
  if (steps.length < 2) return '';
  const lines: string[] = [];
  let hidden = 0;
  const count = () => {
    if (hidden > 0) lines.push(`  (${hidden} ${hidden === 1 ? 'step' : 'steps'} elsewhere)`);
    hidden = 0;
  };
  for (const pos of steps) {
    if (isForeign && isForeignPosition(pos, isForeign)) hidden++;
    else {
      count();
      lines.push(`  ${renderStep(pos)}`);
    }
  }
  if (lines.length === 0) return '';
  count();
  if (lines.length > MOST_STEPS) {
    const left = lines.length - MOST_STEPS;
    lines.splice(MOST_STEPS - 4, left, `  (${left} more steps)`);
  }
  return `each of these needs the next, and the last one the first:\n${lines.join('\n')}\n`;
}

function renderStep(pos: Position): string {
  const { line } = pos.source.lineColumn(pos.offset);
  return `${placeOf(pos)}: ${pos.source.line(line)?.trim() ?? ''}`;
}

/** Messages of other parts are Unicode texts; those of evaluation are bytes already. */
function asBytes(message: string): string {
  return /[^\x00-\xff]/.test(message) ? encodeBytes(message) : message;
}

type Colours = typeof plain;

/** Prints traces, outermost first; repeated ones are left out, and without `showTrace` all but the first few. */
function renderTraces(traces: readonly Trace[], { showTrace }: RenderOptions, colours: Colours): string {
  const seen = new Set<string>();
  let text = '';
  let count = 0;
  let skipped: string[] = [];
  let truncated = false;
  for (const trace of traces) {
    if (trace.message === '') continue;
    if (!showTrace && count > FEW_FRAMES) truncated = true;
    if (truncated && !trace.always) continue;
    const key = `${placeOf(trace.pos)}\0${trace.message}`;
    if (seen.has(key)) {
      skipped.push(renderTrace(trace, colours));
      continue;
    }
    seen.add(key);
    text += renderSkipped(skipped, colours) + renderTrace(trace, colours);
    skipped = [];
    count += trace.pos ? 2 : 1;
  }
  text += renderSkipped(skipped, colours);
  if (!truncated) return text;
  return `${text}\n${colours.magenta}${TRUNCATED}${colours.normal}\n`;
}

function renderTrace(trace: Trace, colours: Colours): string {
  return `\n${ELLIPSIS} ${trace.message}\n${renderPlace(trace.pos, '  ', colours)}`;
}

/** A few repeated frames are printed after all; more are only counted. */
function renderSkipped(skipped: readonly string[], colours: Colours): string {
  if (skipped.length <= FEW_REPEATED) return skipped.join('');
  return `\n${colours.magenta}(${skipped.length} duplicate frames omitted)${colours.normal}\n`;
}

function placeOf(pos: Position | undefined): string {
  if (!pos) return '';
  const { line, column } = pos.source.lineColumn(pos.offset);
  return `${pos.source.displayName}:${line}:${column}`;
}

/** "at FILE:LINE:COLUMN:" with the lines around it and a caret, without colours; empty for an unknown position. */
export function renderPosition(pos: Position | undefined): string {
  return renderPlace(pos, '', plain);
}

function renderPlace(pos: Position | undefined, prefix: string, colours: Colours): string {
  if (!pos) return '';
  const { line, column } = pos.source.lineColumn(pos.offset);
  const place = `${pos.source.displayName}:${line}:${column}`;
  const head = `${prefix}${colours.blue}at ${colours.magenta}${place}${colours.normal}:`;
  const current = pos.source.line(line);
  if (current === undefined) return `${head} (source not available)\n`;
  const rows: string[] = [];
  const row = (number: number, source: string) => rows.push(` ${String(number).padStart(5)}| ${source}`);
  const before = line > 1 ? pos.source.line(line - 1) : undefined;
  const after = pos.source.line(line + 1);
  if (before !== undefined) row(line - 1, before);
  row(line, current);
  rows.push(`      |${' '.repeat(column)}${colours.red}^${colours.normal}`);
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
