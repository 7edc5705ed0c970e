/**
 * Standard output, which carries results alone. A reader that goes away (`nix-store --query ... | head -1`) ends the
 * program quietly, as a broken pipe ends every other program; a result that cannot be written is an error.
 */
import { once } from 'node:events';

/** Where results go. */
export interface ResultOutput {
  write(chunk: string | Uint8Array): void;
  /** Waits while more than a little is still to be taken by the reader. */
  drained(): Promise<void>;
}

/** The exit status of a program that SIGPIPE ended, as shells show it. */
const BROKEN_PIPE_STATUS = 141;

export const standardOutput: ResultOutput = {
  write: (chunk) => {
    process.stdout.write(chunk);
  },
  drained: async () => {
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  },
};

/** Says what happens when standard output cannot be written. Call once, before anything is printed. */
export function watchStandardOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(BROKEN_PIPE_STATUS);
    process.stderr.write(`error: cannot write to standard output: ${describe(error)}\n`);
    process.exit(1);
  });
  // Nobody reads what we say: that is no reason to stop what we do.
  process.stderr.on('error', () => {});
}

function describe(error: NodeJS.ErrnoException): string {
  return error.code === 'ENOSPC' ? 'no space left on device' : error.message;
}
