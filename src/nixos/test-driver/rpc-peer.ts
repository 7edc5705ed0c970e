/**
 * JSON-RPC 2.0 with another process, one message a line, both sides asking: the script asks for actions, the driver asks
 * back whether a text matches a regular expression of the script's language.
 *
 * Bytes that may be no UTF-8 travel as `{"$bytes": BASE64}`.
 */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { NixError } from '../../diagnostics/index.ts';

export type RpcHandler = (method: string, params: Readonly<Record<string, unknown>>) => Promise<unknown>;

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The kinds of errors that a script may tell apart, as JSON-RPC error codes. */
const errorCodes = { failed: -32000, internal: -32603 } as const;

export class RpcPeer {
  readonly #output: Writable;
  readonly #handler: RpcHandler;
  readonly #asked = new Map<string, Asked>();
  #lastId = 0;

  constructor(input: Readable, output: Writable, handler: RpcHandler) {
    this.#output = output;
    this.#handler = handler;
    // A process that ends may reset its pipes; that it ended is told by whoever started it.
    output.on('error', () => {});
    input.on('error', () => {});
    const lines = createInterface({ input });
    lines.on('error', () => {});
    lines.on('line', (line) => this.#receive(line));
    lines.on('close', () => {
      for (const asked of this.#asked.values()) asked.reject(new NixError('the test script has ended'));
      this.#asked.clear();
    });
  }

  /** Asks the other side. */
  request(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = `driver-${++this.#lastId}`;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#send({ id, method, params });
    });
  }

  #send(message: Message): void {
    this.#output.write(`${JSON.stringify({ jsonrpc: '2.0', ...message }, encodeBytes)}\n`);
  }

  #receive(line: string): void {
    const message = JSON.parse(line) as Message;
    if (message.method !== undefined) void this.#answer(message);
    else {
      const asked = this.#asked.get(String(message.id));
      this.#asked.delete(String(message.id));
      if (message.error) asked?.reject(new NixError(message.error.message));
      else asked?.resolve(message.result);
    }
  }

  async #answer({ id, method, params }: Message): Promise<void> {
    try {
      const result = await this.#handler(method!, params ?? {});
      this.#send({ id, result: result ?? null });
    } catch (error) {
      this.#send({ id, error: describeError(error) });
    }
  }
}

function describeError(error: unknown): { code: number; message: string; data: { kind: string } } {
  const known = error instanceof NixError;
  const message = error instanceof Error ? error.message : String(error);
  const hint = known && error.hint ? `\n${error.hint}` : '';
  return {
    code: known ? errorCodes.failed : errorCodes.internal,
    message: `${message}${hint}`,
    data: { kind: known ? error.code : 'internal' },
  };
}

/** `JSON.stringify`'s view of a Buffer is the object that `toJSON` gave. */
function encodeBytes(_key: string, value: unknown): unknown {
  const isBuffer = (v: unknown): v is { type: 'Buffer'; data: number[] } =>
    typeof v === 'object' && v !== null && (v as { type?: unknown }).type === 'Buffer';
  return isBuffer(value) ? { $bytes: Buffer.from(value.data).toString('base64') } : value;
}
