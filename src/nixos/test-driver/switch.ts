/**
 * A virtual network: an Ethernet switch to which the machines' QEMUs connect over a Unix socket (`-netdev stream`: each
 * frame with its length before it, four bytes, the highest first). Frames go where their destination was last seen, and to
 * everybody when that is not known.
 */
import { createServer, type Server, type Socket } from 'node:net';

const LENGTH_BYTES = 4;
const ADDRESS_BYTES = 6;
/** No frame is longer, even with segmentation offload; a longer one means that the stream is out of step. */
const LONGEST_FRAME = 128 * 1024;

interface Port {
  readonly socket: Socket;
  pending: Buffer;
}

export class NetworkSwitch implements Disposable {
  /** The socket's path. */
  readonly path: string;
  readonly #server: Server;
  readonly #ports = new Set<Port>();
  readonly #portOf = new Map<string, Port>();
  /** How many frames came in. */
  frames = 0;

  constructor(path: string) {
    this.path = path;
    this.#server = createServer((socket) => this.#connect(socket));
    this.#server.listen(path);
  }

  /** How many machines are connected. */
  get ports(): number {
    return this.#ports.size;
  }

  [Symbol.dispose](): void {
    for (const port of this.#ports) port.socket.destroy();
    this.#server.close();
  }

  #connect(socket: Socket): void {
    const port: Port = { socket, pending: Buffer.alloc(0) };
    this.#ports.add(port);
    socket.on('data', (data) => this.#receive(port, data));
    socket.on('error', () => {});
    socket.on('close', () => this.#forget(port));
  }

  #forget(port: Port): void {
    this.#ports.delete(port);
    for (const [address, owner] of this.#portOf) if (owner === port) this.#portOf.delete(address);
  }

  #receive(port: Port, data: Buffer): void {
    const all = port.pending.length > 0 ? Buffer.concat([port.pending, data]) : data;
    let at = 0;
    while (all.length - at >= LENGTH_BYTES) {
      const length = all.readUInt32BE(at);
      if (length > LONGEST_FRAME) {
        port.socket.destroy();
        return;
      }
      const end = at + LENGTH_BYTES + length;
      if (end > all.length) break;
      this.#forward(port, all.subarray(at, end));
      at = end;
    }
    port.pending = Buffer.from(all.subarray(at));
  }

  /** @param frame with its length before it */
  #forward(from: Port, frame: Buffer): void {
    if (frame.length < LENGTH_BYTES + 2 * ADDRESS_BYTES) return;
    this.frames++;
    const destination = frame.toString('latin1', LENGTH_BYTES, LENGTH_BYTES + ADDRESS_BYTES);
    const source = frame.toString('latin1', LENGTH_BYTES + ADDRESS_BYTES, LENGTH_BYTES + 2 * ADDRESS_BYTES);
    this.#portOf.set(source, from);
    const isGroup = (frame[LENGTH_BYTES] & 1) === 1;
    const known = isGroup ? undefined : this.#portOf.get(destination);
    if (known) {
      if (known !== from) known.socket.write(frame);
      return;
    }
    for (const port of this.#ports) if (port !== from) port.socket.write(frame);
  }
}
