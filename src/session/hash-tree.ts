/**
 * The hash of a file tree as `builtins.path` needs it: SHA-256 of its NAR (recursive) or of the plain file, computed
 * synchronously, with a filter that evaluation may supply.
 */
import { closeSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { EvalError } from '../diagnostics/index.ts';
import type { PathFilter } from '../eval/index.ts';
import { NarWriter } from '../formats/index.ts';
import { type InputRecorder, listingAnswer, nodeAnswer, signatureOf } from './evaluation-inputs.ts';
import { isExecutable, listPhysical } from './file-access.ts';
import { lazyCrypto } from './lazy-crypto.ts';
import { fsPath, tryLstat } from './path-resolver.ts';

export interface TreeToHash {
  /** Where the files are. */
  readonly physical: string;
  /** What evaluation calls it; the filter sees paths below this. */
  readonly logical: string;
  readonly recursive: boolean;
  readonly filter?: PathFilter | undefined;
  /** Gets what every node of the tree is. */
  readonly recorder?: InputRecorder | undefined;
}

/** The digest, and the relative paths (byte order of the walk) that the filter left out. */
export interface HashedTree {
  readonly digest: Uint8Array;
  readonly excluded: readonly string[];
}

const CHUNK = 1 << 17;

/** @throws EvalError for files of a kind that cannot be archived; the system's error where reading fails */
export function hashTree(tree: TreeToHash): HashedTree {
  const digest = lazyCrypto().createHash('sha256');
  const sink = (chunk: Uint8Array) => void digest.update(chunk);
  const excluded: string[] = [];
  if (tree.recursive) {
    const writer = new NarWriter(sink);
    writeNode(writer, tree, '', excluded);
    writer.end();
  } else {
    const stats = tryLstat(tree.physical);
    if (!stats?.isFile()) throw notRegular(tree.logical);
    readFile(tree, tree.physical, stats, sink);
  }
  return { digest: new Uint8Array(digest.digest()), excluded };
}

function writeNode(writer: NarWriter, tree: TreeToHash, relative: string, excluded: string[]): void {
  const physical = tree.physical + relative;
  const stats = tryLstat(physical);
  if (stats?.isSymbolicLink()) {
    const target = readlinkSync(fsPath(physical), 'latin1');
    tree.recorder?.node(physical, nodeAnswer('symlink', target));
    writer.symlink(target);
  } else if (stats?.isFile()) {
    writer.file(stats.size, isExecutable(stats));
    readFile(tree, physical, stats, (chunk) => writer.contents(chunk));
    writer.endFile(stats.size);
  } else if (stats?.isDirectory()) {
    writer.directory();
    const entries = listPhysical(physical);
    tree.recorder?.node(physical, nodeAnswer('directory', listingAnswer(entries)));
    for (const { name, type } of entries) {
      const child = `${relative}/${name}`;
      if (tree.filter && !tree.filter(tree.logical + child, type)) {
        excluded.push(child);
        continue;
      }
      writer.entry(name);
      writeNode(writer, tree, child, excluded);
    }
    writer.endDirectory();
  } else {
    throw new EvalError(`file '${tree.logical}${relative}' has an unsupported type`, {
      hint: 'only regular files, directories and symbolic links can be copied to the store',
    });
  }
}

/** Hands a file's contents over; what is recorded is what was handed over. */
function readFile(
  { recorder }: TreeToHash,
  physical: string,
  stats: Stats,
  sink: (chunk: Uint8Array) => void,
): void {
  if (recorder === undefined) {
    readChunks(physical, sink);
    return;
  }
  const signature = signatureOf(physical, stats.size);
  const digest = lazyCrypto().createHash('sha256');
  readChunks(physical, (chunk) => {
    digest.update(chunk);
    sink(chunk);
  });
  const kind = isExecutable(stats) ? 'executable' : 'regular';
  recorder.node(physical, nodeAnswer(kind, digest.digest('base64')), signature);
}

function readChunks(path: string, sink: (chunk: Uint8Array) => void): void {
  const descriptor = openSync(fsPath(path), 'r');
  try {
    const buffer = new Uint8Array(CHUNK);
    for (let size = readSync(descriptor, buffer); size > 0; size = readSync(descriptor, buffer)) {
      sink(buffer.subarray(0, size));
    }
  } finally {
    closeSync(descriptor);
  }
}

function notRegular(path: string): EvalError {
  return new EvalError(`cannot hash '${path}' flat: it is not a regular file`, {
    hint: 'leave out recursive = false',
  });
}
