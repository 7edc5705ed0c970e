/**
 * Decompression of `.xz` files by a WebAssembly build of xz-embedded (see docs/decisions/0006-xz.md). Loaded at the
 * first use. The decoder works on one stream at a time: calls queue up.
 */

/** Why a decompression stopped. */
export class XzError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'XzError';
  }
}

/**
 * The decompressed contents of a whole `.xz` stream. Stops with `XzError` when the data are damaged or end early,
 * and as soon as they exceed `maxBytes`, so that a small file cannot fill the memory.
 */
export async function decompressXz(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const { XzReadableStream } = await loadDecoder();
  const reader = new XzReadableStream(inputStream(bytes)).getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error: Error) => {
      throw new XzError(`damaged or truncated xz data (${error.message})`);
    });
    if (done) return Buffer.concat(chunks, size);
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      throw new XzError(`more than the expected ${maxBytes} bytes`);
    }
    chunks.push(value);
  }
}

/** The package is CommonJS with exports that Node cannot see from outside: they are on the default export. */
async function loadDecoder(): Promise<typeof import('xz-decompress')> {
  const module: { default?: typeof import('xz-decompress') } = await import('xz-decompress');
  return module.default!;
}

/** A stream of one chunk, then nothing: the decoder asks again only when the data end too early. */
function inputStream(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}
