/**
 * Errors of evaluation as data: with positions and traces, and the source lines around them, so that the main thread
 * can render them without reading the files again.
 */
import { NixError, type Position, SourceFile, type SourceOrigin } from '../diagnostics/index.ts';
import { type ErrorRecord, errorToRecord, recordToError } from './sync-channel.ts';

interface TransferredPosition {
  readonly source: number;
  readonly offset: number;
}

export interface TransferredError extends ErrorRecord {
  readonly pos: TransferredPosition | undefined;
  readonly traces: readonly {
    readonly message: string;
    readonly pos: TransferredPosition | undefined;
    readonly always: boolean;
  }[];
  readonly cycle: readonly TransferredPosition[];
  /** The sources that positions refer to. */
  readonly sources: readonly { readonly origin: SourceOrigin; readonly text: string }[];
}

/** Turns any thrown value into data. */
export function transferError(error: unknown): TransferredError {
  const sources: SourceFile[] = [];
  const transfer = (pos: Position | undefined): TransferredPosition | undefined => {
    if (!pos) return undefined;
    let source = sources.indexOf(pos.source);
    if (source < 0) source = sources.push(pos.source) - 1;
    return { source, offset: pos.offset };
  };
  const isNix = error instanceof NixError;
  const pos = transfer(isNix ? error.pos : undefined);
  const traces = (isNix ? error.traces : []).map((trace) => ({
    message: trace.message,
    pos: transfer(trace.pos),
    always: trace.always === true,
  }));
  const cycle = (isNix ? error.cycle : []).map((step) => transfer(step)!);
  return {
    ...errorToRecord(error),
    pos,
    traces,
    cycle,
    sources: sources.map((source) => ({ origin: source.origin, text: textOf(source) })),
  };
}

/** The error that the data stands for. */
export function rebuildError(transferred: TransferredError): Error {
  const error = recordToError(transferred);
  if (!(error instanceof NixError)) return error;
  const sources = transferred.sources.map(({ origin, text }) => new SourceFile(origin, text));
  const place = (pos: TransferredPosition | undefined): Position | undefined =>
    pos && { source: sources[pos.source], offset: pos.offset };
  error.pos = place(transferred.pos);
  error.cycle = transferred.cycle.map((step) => place(step)!);
  for (const { message, pos, always } of transferred.traces) error.addTrace(message, place(pos), always);
  return error;
}

/** The text, or nothing when the file can no longer be read. */
function textOf(source: SourceFile): string {
  try {
    return source.text;
  } catch {
    return '';
  }
}
