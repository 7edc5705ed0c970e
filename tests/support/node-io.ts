/**
 * `EvalIo` on the real file system without a store: store paths are computed, nothing is written, nothing is built or
 * fetched. Texts and derivations that evaluation makes are kept in memory and can be read back.
 */
import { hash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { EvalError } from '../../src/diagnostics/index.ts';
import type { DerivationToWrite, EvalIo, FetchResult, FileType, PathFilter } from '../../src/eval/index.ts';
import {
  type Hasher,
  makeFixedOutputPath,
  makeTextPath,
  parseStorePath,
  printStorePath,
} from '../../src/formats/index.ts';
import { hashTree } from '../../src/session/hash-tree.ts';

const hasher: Hasher = (algorithm, data) => {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  return new Uint8Array(hash(algorithm, bytes, 'buffer'));
};

interface StatsLike {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

function typeOf(stats: StatsLike): FileType {
  if (stats.isFile()) return 'regular';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'unknown';
}

/** A byte string as a path that Node understands whatever the bytes are. */
function fsPath(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

export class NodeIo implements EvalIo {
  readonly storeDir = '/nix/store';
  /** What evaluation printed. */
  readonly printed: string[] = [];
  /** Printed store path -> contents, for texts and derivations. */
  readonly texts = new Map<string, string>();
  readonly #copied = new Set<string>();
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(env: Readonly<Record<string, string | undefined>> = {}) {
    this.#env = env;
  }

  lstat(path: string): FileType | undefined {
    if (this.texts.has(path)) return 'regular';
    if (path === this.storeDir) return 'directory';
    const stats = lstatSync(fsPath(path), { throwIfNoEntry: false });
    return stats && typeOf(stats);
  }

  readFile(path: string): string {
    const text = this.texts.get(path);
    if (text !== undefined) return text;
    return this.#access(path, () => readFileSync(fsPath(path), 'latin1'));
  }

  readDirectory(path: string): { name: string; type: FileType }[] {
    const entries = this.#access(path, () =>
      readdirSync(fsPath(path), { withFileTypes: true, encoding: 'latin1' }),
    );
    return entries
      .map((entry) => ({ name: entry.name as unknown as string, type: typeOf(entry) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  readLink(path: string): string {
    return this.#access(path, () => readlinkSync(fsPath(path), 'latin1'));
  }

  #access<T>(path: string, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') throw new EvalError(`path '${path}' does not exist`, { cause });
      throw new EvalError(`cannot read '${path}': ${code}`, { cause });
    }
  }

  getEnv(name: string): string | undefined {
    return this.#env[name];
  }

  hash(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512', bytes: string): string {
    return hash(algorithm, Buffer.from(bytes, 'latin1'), 'buffer').toString('latin1');
  }

  currentTime(): number {
    return Math.floor(Date.now() / 1000);
  }

  addText(name: string, contents: string, references: readonly string[]): string {
    const parsed = references.map((path) => parseStorePath(this.storeDir, path));
    const path = makeTextPath({ storeDir: this.storeDir, hasher }, name, hasher('sha256', contents), parsed);
    const printed = printStorePath(this.storeDir, path);
    this.texts.set(printed, contents);
    return printed;
  }

  addPath(options: {
    readonly path: string;
    readonly name: string;
    readonly recursive: boolean;
    readonly filter?: PathFilter;
    readonly expectedSha256?: string;
  }): string {
    const { path, name, recursive, filter } = options;
    const { digest } = hashTree({ physical: path, logical: path, recursive, filter });
    const method = recursive ? 'nar' : 'flat';
    const context = { storeDir: this.storeDir, hasher };
    const made = makeFixedOutputPath(context, name, method, { algorithm: 'sha256', digest });
    const printed = printStorePath(this.storeDir, made);
    this.#copied.add(printed);
    return printed;
  }

  writeDerivation(drv: DerivationToWrite): string {
    return this.addText(drv.name, drv.aterm, drv.references);
  }

  readDerivation(path: string): string {
    return this.readFile(path);
  }

  queryReferences(): readonly string[] {
    return [];
  }

  isValidPath(path: string): boolean {
    return this.texts.has(path) || this.#copied.has(path);
  }

  ensurePath(path: string): void {
    if (!this.isValidPath(path)) throw new EvalError(`path '${path}' is not valid`);
  }

  build(): void {
    throw new EvalError('nothing can be built here');
  }

  toRealPath(path: string): string {
    return path;
  }

  fetch(): FetchResult {
    throw new EvalError('nothing can be fetched here');
  }

  print(message: string): void {
    this.printed.push(message);
  }
}
