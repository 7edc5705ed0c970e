/**
 * Traces for people who did not write the distribution: of the frames between a command and an error, those in files
 * that somebody else wrote (the channel, the store) say nothing about what to change. What stays is what concerns the
 * reader's own files, and the option whose value was asked for.
 */
import type { NixError, Trace } from './nix-error.ts';
import type { Position } from './position.ts';

/** Whether a file, by its displayed name, is not the reader's own. */
export type IsForeign = (file: string) => boolean;

/** `isForeign` for files below some directories; an absolute path each, without a slash at the end. */
export function foreignBelow(directories: readonly string[]): IsForeign {
  return (file) => directories.some((directory) => file.startsWith(`${directory}/`));
}

/** Whether a position is in a file that is not the reader's own. */
export function isForeignPosition(pos: Position, isForeign: IsForeign): boolean {
  return isForeign(pos.source.displayName);
}

const optionFrame = /^while evaluating the option `/;
const optionMessage = /^[^`\n]*\boption\b[^`\n]*`/;
const quotedPath = /(?:[`"]| located at )(\/[^'"`\s]+)/;

/**
 * The frames worth reading, innermost first. Without any foreign frame all of them; otherwise those in the reader's
 * files, those that somebody added to help the reader, the innermost option, and whatever lies further in than all
 * foreign ones.
 */
export function foldTraces({ message, traces }: NixError, isForeign: IsForeign): Trace[] {
  const foreign = (trace: Trace) => isForeignFrame(trace, isForeign);
  const firstForeign = traces.findIndex(foreign);
  if (firstForeign < 0) return [...traces];
  // The module system's own messages name the option themselves.
  const named = optionMessage.test(message);
  const option = named ? undefined : traces.find((trace) => optionFrame.test(trace.message));
  return traces.filter((trace, i) => {
    if (foreign(trace)) return false;
    if (i < firstForeign || trace.pos) return true;
    return optionFrame.test(trace.message) ? trace === option : trace.always === true;
  });
}

function isForeignFrame({ message, pos }: Trace, isForeign: IsForeign): boolean {
  if (pos) return isForeignPosition(pos, isForeign);
  const named = quotedPath.exec(message);
  return named !== null && isForeign(named[1]);
}
