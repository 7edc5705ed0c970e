/** From code that pushes chunks into a sink to an iterable that hands them out when asked. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** The producer is held at its next pause while so much waits to be read. */
const HIGH_WATER_BYTES = 4 * 1024 * 1024;

/**
 * Runs `produce` and gives what it writes. The producer awaits `pause` now and then, which holds it while the reader
 * is behind. When the reader stops early, the producer's next write throws.
 */
export async function* chunkStream(
  produce: (sink: (chunk: Uint8Array) => void, pause: () => Promise<void>) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const channel = new Channel();
  const running = produce(
    (chunk) => channel.write(chunk),
    () => channel.pause(),
  ).then(
    () => channel.end(),
    (error) => channel.fail(error),
  );
  try {
    for (let chunk = await channel.read(); chunk; chunk = await channel.read()) yield chunk;
  } finally {
    channel.stop();
    await running;
  }
}

class Channel {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #state: 'open' | 'ended' | 'stopped' = 'open';
  #failure: { readonly error: unknown } | undefined;
  #wakeReader = () => {};
  #wakeWriter = () => {};

  write(chunk: Uint8Array): void {
    if (this.#state === 'stopped') throw new Error('nobody reads this stream any more');
    this.#chunks.push(chunk.slice());
    this.#bytes += chunk.length;
    this.#wakeReader();
  }

  async pause(): Promise<void> {
    await nextTurn();
    while (this.#bytes > HIGH_WATER_BYTES && this.#state === 'open') {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#failure) throw this.#failure.error;
      if (this.#state === 'ended') return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const chunk = this.#chunks.shift()!;
    this.#bytes -= chunk.length;
    this.#wakeWriter();
    return chunk;
  }

  end(): void {
    this.#state = 'ended';
    this.#wakeReader();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wakeReader();
  }

  stop(): void {
    this.#state = 'stopped';
    this.#wakeWriter();
  }
}
