/**
 * `nix-store --export` and `--import`: closures as one stream. For each path, dependencies first:
 *
 *     1, NAR, "NIXE", path, references (count, each), deriver or "", 0
 *
 * and a 0 at the end. Numbers are 64-bit little-endian; strings are counted and padded to 8 bytes, as in a NAR.
 */
import {
  equalHashes,
  formatHash,
  NarReader,
  parseStorePath,
  printStorePath,
  type StorePath,
  zeroHash,
} from '../formats/index.ts';
import { sortByReferences } from './closure.ts';
import { badExport, pathModified } from './errors.ts';
import type { LocalStore } from './local-store.ts';
import { HashSink } from './node-hash.ts';

const EXPORT_MAGIC = 0x4558494e;
const LONGEST_STRING = 4096;
const MOST_REFERENCES = 1_000_000;

/**
 * The stream for `paths` (just these: give a closure to be able to import it elsewhere).
 *
 * @throws StoreError `path-modified` when a path's contents are no longer what was registered
 */
export async function* exportPaths(
  store: LocalStore,
  paths: readonly StorePath[],
): AsyncGenerator<Uint8Array> {
  for (const path of sortByReferences(store, paths)) {
    yield number(1);
    const info = store.queryPathInfo(path);
    const hash = new HashSink('sha256');
    for await (const chunk of store.narFromPath(path)) {
      hash.write(chunk);
      yield chunk;
    }
    const got = hash.finish();
    const printed = printStorePath(store.storeDir, path);
    if (!info || (!equalHashes(got, info.narHash) && !equalHashes(info.narHash, zeroHash('sha256')))) {
      const expected = info ? formatHash(info.narHash, 'nix32', true) : 'none';
      throw pathModified(printed, expected, formatHash(got, 'nix32', true));
    }
    yield number(EXPORT_MAGIC);
    yield string(printed);
    yield number(info.references.length);
    for (const reference of info.references) yield string(printStorePath(store.storeDir, reference));
    yield string(info.deriver ? printStorePath(store.storeDir, info.deriver) : '');
    yield number(0);
  }
  yield number(0);
}

/**
 * Adds all paths of a stream, one after the other; those before a fault stay.
 *
 * @returns the paths, in the stream's order
 * @throws StoreError `bad-export`; NixError `bad-archive`
 */
export async function importPaths(
  store: LocalStore,
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<StorePath[]> {
  const input = new ByteReader(stream);
  const imported: StorePath[] = [];
  for (;;) {
    const marker = await input.number();
    if (marker === 0) return imported;
    if (marker !== 1) throw badExport("input doesn't look like something created by 'nix-store --export'");
    // The path is named after its NAR, so that has to be kept until then.
    const { chunks, sizeBytes, narHash } = await input.nar();
    if ((await input.number()) !== EXPORT_MAGIC)
      throw badExport('Nix archive cannot be imported; wrong format');
    const path = parseStorePath(store.storeDir, await input.string());
    const count = await input.number();
    if (count > MOST_REFERENCES) throw badExport(`path '${path}' has too many references`);
    const references: StorePath[] = [];
    for (let i = 0; i < count; i++) references.push(parseStorePath(store.storeDir, await input.string()));
    const deriver = await input.string();
    // A signature of a kind that is no longer used may follow.
    if ((await input.number()) === 1) await input.string();
    await store.addFromNar(
      {
        path,
        narHash,
        narSizeBytes: sizeBytes,
        references,
        deriver: deriver === '' ? undefined : parseStorePath(store.storeDir, deriver),
        registrationTimeSeconds: 0,
        ultimate: false,
        signatures: [],
      },
      chunks,
    );
    imported.push(path);
  }
}

function number(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

function string(text: string): Uint8Array {
  const bytes = new Uint8Array(8 + Math.ceil(text.length / 8) * 8);
  bytes.set(number(text.length));
  bytes.set(Buffer.from(text, 'latin1'), 8);
  return bytes;
}

/** Reads numbers, strings and archives off a stream of chunks. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#chunks =
      Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
  }

  async number(): Promise<number> {
    const bytes = await this.#take(8);
    const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw badExport('the stream holds an impossible number');
    return Number(value);
  }

  async string(): Promise<string> {
    const length = await this.number();
    if (length > LONGEST_STRING) throw badExport('the stream holds an impossible string');
    const bytes = await this.#take(Math.ceil(length / 8) * 8);
    if (bytes.subarray(length).some((byte) => byte !== 0)) throw badExport('non-zero padding');
    return Buffer.from(bytes.subarray(0, length)).toString('latin1');
  }

  async nar() {
    const reader = new NarReader();
    const hash = new HashSink('sha256');
    const chunks: Uint8Array[] = [];
    while (!reader.done) {
      if (this.#held.length === 0) await this.#more();
      const chunk = this.#held;
      const { unread } = reader.pushSome(chunk);
      const own = chunk.subarray(0, chunk.length - unread.length);
      hash.write(own);
      chunks.push(own);
      this.#held = unread;
    }
    const { sizeBytes } = hash;
    return { chunks, sizeBytes, narHash: hash.finish() };
  }

  async #take(size: number): Promise<Uint8Array> {
    while (this.#held.length < size) await this.#more();
    const taken = this.#held.subarray(0, size);
    this.#held = this.#held.subarray(size);
    return taken;
  }

  async #more(): Promise<void> {
    const next = await this.#chunks.next();
    if (next.done) throw badExport('unexpected end of the stream');
    this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
  }
}
