/**
 * Reading what is to be added, and copying it: every byte that is written to the store has been hashed on the same
 * way, so that what is registered is what is there.
 */
import {
  bytesFromString,
  type ContentAddress,
  equalHashes,
  type Hash,
  NarReader,
  NarWriter,
  type StorePath,
} from '../formats/index.ts';
import { deleteTree } from '../platform/index.ts';
import { dumpFile, dumpTree } from './dump-tree.ts';
import { narSizeMismatch } from './errors.ts';
import { toBytePath } from './host-path.ts';
import { HashSink } from './node-hash.ts';
import { TreeRestorer } from './restore-tree.ts';
import { ReferenceScanner } from './scan-references.ts';
import type { AddPathOptions, TakenOutput } from './store.ts';

/** NARs up to this size are kept in memory between hashing and writing. */
const HELD_BYTES = 32 * 1024 * 1024;

/** A NAR that has been read through: its hash and size, and the hash that the path follows from. */
export interface ReadSource {
  readonly narHash: Hash;
  readonly narSizeBytes: number;
  readonly address: ContentAddress;
}

/** Chunks of a NAR, as long as they are not too many. */
export class HeldChunks {
  chunks: Uint8Array[] = [];
  complete = true;
  #size = 0;

  add(chunk: Uint8Array): void {
    if (!this.complete) return;
    this.#size += chunk.length;
    if (this.#size > HELD_BYTES) {
      this.complete = false;
      this.chunks = [];
    } else this.chunks.push(chunk.slice());
  }
}

/** Reads a source of the host, writing its NAR to `sink`. A flat one becomes a file that is not executable. */
export async function readSource(
  sourcePath: string,
  options: AddPathOptions,
  sink: (chunk: Uint8Array) => void,
): Promise<ReadSource> {
  const method = options.method ?? 'nar';
  const algorithm = options.algorithm ?? 'sha256';
  const nar = new HashSink('sha256');
  const own = method === 'nar' && algorithm === 'sha256' ? undefined : new HashSink(algorithm);
  const tee = (chunk: Uint8Array) => {
    nar.write(chunk);
    if (method === 'nar') own?.write(chunk);
    sink(chunk);
  };
  if (method === 'nar') await dumpTree(sourcePath, tee, { filter: options.filter });
  else {
    const writer = new NarWriter(tee);
    const chunks = (chunk: Uint8Array) => {
      own?.write(chunk);
      writer.contents(chunk);
    };
    const size = await dumpFile(sourcePath, chunks, (sizeBytes) => writer.file(sizeBytes, false));
    writer.endFile(size);
    writer.end();
  }
  const { sizeBytes } = nar;
  const narHash = nar.finish();
  return { narHash, narSizeBytes: sizeBytes, address: { method, hash: own?.finish() ?? narHash } };
}

/** Copies a source that was too large to hold; `undefined` when it is not what it was when it was hashed. */
export async function copyAgain(
  sourcePath: string,
  options: AddPathOptions,
  realPath: string,
  expected: ReadSource,
): Promise<number | undefined> {
  const reader = new NarReader();
  const restorer = new TreeRestorer(toBytePath(realPath), { canonical: true });
  try {
    const again = await readSource(sourcePath, options, (chunk) => {
      for (const event of reader.push(chunk)) restorer.add(event);
    });
    return equalHashes(again.narHash, expected.narHash) ? restorer.entries : undefined;
  } finally {
    restorer.close();
  }
}

/** Copies a tree to new inodes, hashing and searching the same bytes that are written, and removes the original. */
export async function copyScanning(
  from: string,
  realPath: string,
  candidates: readonly StorePath[],
): Promise<TakenOutput> {
  const reader = new NarReader();
  const restorer = new TreeRestorer(toBytePath(realPath), { canonical: true });
  const scanner = new ReferenceScanner(candidates);
  const hash = new HashSink('sha256');
  try {
    await dumpTree(toBytePath(from), (chunk) => {
      hash.write(chunk);
      scanner.write(chunk);
      for (const event of reader.push(chunk)) restorer.add(event);
    });
  } finally {
    restorer.close();
  }
  await deleteTree(from);
  return { narSizeBytes: hash.sizeBytes, narHash: hash.finish(), references: scanner.found() };
}

/**
 * The hash of a self-referential object: its own hash part is read as zeros, and the places where it stood follow as
 * `|OFFSET` each.
 */
export async function hashModuloSelf(
  realPath: string,
  address: ContentAddress,
  hashPart: string,
): Promise<Hash> {
  const chunks: Uint8Array[] = [];
  const sink = (chunk: Uint8Array) => chunks.push(chunk.slice());
  if (address.method === 'nar') await dumpTree(toBytePath(realPath), sink);
  else await dumpFile(toBytePath(realPath), sink);
  const bytes = Buffer.concat(chunks);
  const hash = new HashSink(address.hash.algorithm);
  let positions = '';
  for (let at = bytes.indexOf(hashPart); at >= 0; at = bytes.indexOf(hashPart, at + hashPart.length)) {
    bytes.fill(0, at, at + hashPart.length);
    positions += `|${at}`;
  }
  hash.write(bytes);
  hash.write(bytesFromString(positions));
  return hash.finish();
}

/** Stops a stream that is longer than announced before it fills the disk. */
export async function* limitBytes(
  nar: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit: number,
  path: string,
): AsyncIterable<Uint8Array> {
  let size = 0;
  for await (const chunk of nar) {
    size += chunk.length;
    if (size > limit) throw narSizeMismatch(path, limit, size);
    yield chunk;
  }
}
