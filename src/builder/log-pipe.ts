/**
 * The pipe that a build's output goes through. Node connects children by sockets, which a builder cannot open
 * again as `/dev/stderr` or `/dev/stdout`; so we make a FIFO (with busybox's `mkfifo`), and hand its writing end over.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { BuildError } from '../diagnostics/index.ts';

/** A pipe with its writing end still open here. */
export interface LogPipe {
  /** To be handed to the child, and then closed by `closeWriter`. */
  readonly writer: number;
  readonly reader: Socket;
  closeWriter(): void;
}

/**
 * Makes a pipe by way of a FIFO at `path`, which is removed again at once. `mkfifo` is the program's argument vector;
 * `owner` may open the pipe anew.
 */
export function openLogPipe(
  path: string,
  mkfifo: readonly string[],
  owner: { readonly uid: number; readonly gid: number } | undefined,
): LogPipe {
  const [program, ...args] = mkfifo;
  const made = spawnSync(program, [...args, path], { stdio: ['ignore', 'ignore', 'pipe'] });
  if (made.status !== 0) {
    throw new BuildError(
      `cannot make the pipe '${path}' for a build's output: ${made.error?.message ?? made.stderr}`,
      {
        code: 'log-pipe',
      },
    );
  }
  chmodSync(path, 0o600);
  if (owner) chownSync(path, owner.uid, owner.gid);
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  unlinkSync(path);
  let open = true;
  return {
    writer,
    reader: new Socket({ fd: readEnd, readable: true, writable: false }),
    closeWriter() {
      if (open) closeSync(writer);
      open = false;
    },
  };
}
