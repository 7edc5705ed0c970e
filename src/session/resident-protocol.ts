/**
 * Between commands and the resident evaluator: a Unix socket in a directory that is the user's alone, one JSON value a
 * line. A command asks one thing per connection; the evaluator works on it while the connection lasts.
 */
import { lstatSync, mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { EvaluationRequest } from './evaluation.ts';
import type { EvaluationOutcome } from './evaluation-cache.ts';
import type { EvaluationInputs } from './evaluation-inputs.ts';
import type { Settings } from './settings.ts';
import { cacheDirectory } from './store-location.ts';

/** What a session is opened with, as far as it can be told to another process. */
export interface ResidentSession {
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  readonly storeUri: string | undefined;
  readonly searchPath: readonly string[];
  readonly onlyReads: boolean;
  /** The working directory. */
  readonly directory: string;
}

export type ResidentQuestion =
  | { readonly kind: 'evaluate'; readonly session: ResidentSession; readonly request: EvaluationRequest }
  | { readonly kind: 'status' }
  | { readonly kind: 'stop' };

/** What `status` tells. */
export interface ResidentStatus {
  readonly pid: number;
  readonly evaluations: number;
  /** Resident set, bytes. */
  readonly memory: number;
  readonly isBusy: boolean;
}

export type ResidentAnswer =
  /** The question was understood, and is being worked on. */
  | { readonly kind: 'accepted' }
  /** Somebody else's is being worked on, or it takes what this process does not do. */
  | { readonly kind: 'declined' }
  | { readonly kind: 'print'; readonly message: string }
  | { readonly kind: 'done'; readonly outcome: EvaluationOutcome; readonly learned: EvaluationInputs }
  | { readonly kind: 'status'; readonly status: ResidentStatus }
  | { readonly kind: 'stopping' };

/** Longest path of a socket that Linux takes, in bytes. */
const longestPath = 107;

/**
 * Where the socket of a build's evaluator is; the directory is made. `undefined` when it cannot be had, or is not the
 * user's alone.
 */
export function residentSocket(env: NodeJS.ProcessEnv, build: string): string | undefined {
  const directory = join(cacheDirectory(env), 'evaluator');
  const path = join(directory, `${build}.sock`);
  if (Buffer.byteLength(path) > longestPath) return undefined;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(directory);
    return uid === process.getuid?.() && (mode & 0o077) === 0 ? path : undefined;
  } catch {
    return undefined;
  }
}

export function send(socket: Socket, message: ResidentQuestion | ResidentAnswer): void {
  socket.write(`${JSON.stringify(message)}\n`);
}

/** Hands over each message that comes; what is no message ends the connection. */
export function receive(socket: Socket, handle: (message: unknown) => void): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      try {
        handle(JSON.parse(line));
      } catch (error) {
        socket.destroy(error as Error);
        return;
      }
    }
  });
}
