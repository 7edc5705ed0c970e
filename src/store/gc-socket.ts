/**
 * The socket through which processes tell a running collector of new temporary roots. A socket's path has at most
 * 107 bytes; deeper state directories are reached through `/proc/self/fd`.
 */
import { chmodSync, closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type StorePath, tryParseStorePath } from '../formats/index.ts';

const LONGEST_SOCKET_PATH = 107;

/** `DIRECTORY/socket` in a form that is short enough; `close` when it has been used. */
export function reachableSocketPath(directory: string): { readonly path: string; close(): void } {
  const path = join(directory, 'socket');
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return { path, close: () => {} };
  const descriptor = openSync(directory, 'r');
  return { path: `/proc/self/fd/${descriptor}/socket`, close: () => closeSync(descriptor) };
}

/** Receives new roots while a collector runs. */
export class GcSocketServer {
  readonly #server: Server;
  readonly #directory: string;
  readonly #clients = new Set<Socket>();

  private constructor(server: Server, directory: string) {
    this.#server = server;
    this.#directory = directory;
  }

  /**
   * Listens. `onRoot` is called for each root and must not return (resolve) before the collector is certain not to
   * delete the path any more, or has finished deleting it.
   */
  static async listen(
    stateDir: string,
    storeDir: string,
    onRoot: (path: StorePath) => Promise<void> | void,
  ): Promise<GcSocketServer> {
    const directory = join(stateDir, 'gc-socket');
    mkdirSync(directory, { recursive: true });
    rmSync(join(directory, 'socket'), { force: true });
    const server = createServer();
    const result = new GcSocketServer(server, directory);
    server.on('connection', (socket) => result.#serve(socket, storeDir, onRoot));
    const reachable = reachableSocketPath(directory);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(reachable.path, resolve);
      });
    } finally {
      reachable.close();
    }
    chmodSync(join(directory, 'socket'), 0o666);
    return result;
  }

  #serve(socket: Socket, storeDir: string, onRoot: (path: StorePath) => Promise<void> | void): void {
    this.#clients.add(socket);
    socket.on('close', () => this.#clients.delete(socket)).on('error', () => {});
    let text = '';
    let work: Promise<void> = Promise.resolve();
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      // Nobody has a reason to send a line longer than a path.
      if (text.length > 65536 && !text.includes('\n')) socket.destroy();
      const lines = text.split('\n');
      text = lines.pop()!;
      for (const line of lines) {
        const path = tryParseStorePath(storeDir, line);
        work = work.then(async () => {
          if (path) await onRoot(path);
          if (!socket.destroyed) socket.write('1');
        });
      }
    });
  }

  /** Answers who has asked already, stops listening and drops all clients, who then take the ordinary way. */
  async close(): Promise<void> {
    // One turn of the event loop accepts, the next reads, the third answers.
    for (let turn = 0; turn < 4; turn++) await nextTurn();
    for (const socket of this.#clients) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    rmSync(join(this.#directory, 'socket'), { force: true });
  }
}
