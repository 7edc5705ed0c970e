/**
 * The evaluator's view of the outside world in Node. Files are read here, in the Worker, synchronously; what needs
 * the store or the network goes to the main thread (see `sync-channel.ts`). Store paths are computed here, so that
 * `.drv` files and sources can be posted and written while evaluation goes on.
 */
import { type Dirent, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { decodeBytes, EvalError } from '../diagnostics/index.ts';
import type {
  DerivationToWrite,
  EvalIo,
  FetchRequest,
  FetchResult,
  FileType,
  PathFilter,
} from '../eval/index.ts';
import {
  type Hasher,
  makeFixedOutputPath,
  makeTextPath,
  parseStorePath,
  printStorePath,
} from '../formats/index.ts';
import { hashTree } from './hash-tree.ts';
import { lazyCrypto } from './lazy-crypto.ts';
import { fsPath, type PathResolver, tryLstat } from './path-resolver.ts';
import type { SyncCaller } from './sync-channel.ts';

export interface NodeEvalIoOptions {
  readonly storeDir: string;
  readonly resolver: PathResolver;
  readonly caller: Pick<SyncCaller, 'call' | 'post'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `false`: paths are computed but nothing is written. */
  readonly writeStore: boolean;
}

const hasher: Hasher = (algorithm, data) => {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  return new Uint8Array(lazyCrypto().hash(algorithm, bytes, 'buffer'));
};

export class NodeEvalIo implements EvalIo {
  readonly storeDir: string;
  writeStore: boolean;
  readonly #resolver: PathResolver;
  readonly #caller: Pick<SyncCaller, 'call' | 'post'>;
  readonly #env: Readonly<Record<string, string | undefined>>;
  /** What this evaluation posted: printed store path -> contents for texts, `undefined` for trees. */
  readonly #posted = new Map<string, string | undefined>();

  constructor(options: NodeEvalIoOptions) {
    this.storeDir = options.storeDir;
    this.writeStore = options.writeStore;
    this.#resolver = options.resolver;
    this.#caller = options.caller;
    this.#env = options.env;
  }

  lstat(path: string): FileType | undefined {
    const stats = tryLstat(this.#resolver.locate(path));
    if (stats) return fileType(stats);
    return this.#posted.get(path) === undefined ? undefined : 'regular';
  }

  readFile(path: string): string {
    const posted = this.#posted.get(path);
    if (posted !== undefined) return posted;
    return access(path, () => {
      const physical = fsPath(this.#resolver.follow(path));
      return readFileSync(physical, 'latin1');
    });
  }

  readDirectory(path: string): { name: string; type: FileType }[] {
    return access(path, () => {
      const physical = fsPath(this.#resolver.follow(path));
      const entries = readdirSync(physical, {
        withFileTypes: true,
        encoding: 'latin1',
      }) as unknown as Dirent[];
      return entries
        .map((entry) => ({ name: entry.name, type: fileType(entry) }))
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    });
  }

  readLink(path: string): string {
    return access(path, () => readlinkSync(fsPath(this.#resolver.locate(path)), 'latin1'));
  }

  getEnv(name: string): string | undefined {
    const value = this.#env[decodeBytes(name)];
    return value === undefined ? undefined : Buffer.from(value, 'utf8').toString('latin1');
  }

  hash(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512', bytes: string): string {
    return Buffer.from(hasher(algorithm, bytes)).toString('latin1');
  }

  currentTime(): number {
    return Math.floor(Date.now() / 1000);
  }

  addText(name: string, contents: string, references: readonly string[]): string {
    const parsed = references.map((path) => parseStorePath(this.storeDir, path));
    const path = makeTextPath({ storeDir: this.storeDir, hasher }, name, hasher('sha256', contents), parsed);
    const printed = printStorePath(this.storeDir, path);
    this.#postText(printed, name, contents, references);
    return printed;
  }

  writeDerivation(drv: DerivationToWrite): string {
    return this.addText(drv.name, drv.aterm, drv.references);
  }

  #postText(printed: string, name: string, contents: string, references: readonly string[]): void {
    if (this.#posted.has(printed)) return;
    this.#posted.set(printed, contents);
    if (this.writeStore) this.#caller.post('addText', printed, name, contents, references);
  }

  addPath(options: {
    readonly path: string;
    readonly name: string;
    readonly recursive: boolean;
    readonly filter?: PathFilter;
    readonly expectedSha256?: string;
  }): string {
    const context = { storeDir: this.storeDir, hasher };
    const { path, name, recursive, filter, expectedSha256 } = options;
    const make = (digest: Uint8Array) =>
      printStorePath(
        this.storeDir,
        makeFixedOutputPath(context, name, recursive ? 'nar' : 'flat', { algorithm: 'sha256', digest }),
      );
    if (expectedSha256 !== undefined) {
      const expected = make(new Uint8Array(Buffer.from(expectedSha256, 'hex')));
      if (this.isValidPath(expected)) return expected;
    }
    const physical = this.#resolver.follow(path);
    const tree = access(path, () => hashTree({ physical, logical: path, recursive, filter }));
    const printed = make(tree.digest);
    if (!this.#posted.has(printed)) {
      this.#posted.set(printed, undefined);
      if (this.writeStore) this.#caller.post('addPath', printed, physical, name, recursive, tree.excluded);
    }
    return printed;
  }

  readDerivation(path: string): string {
    return this.readFile(path);
  }

  queryReferences(path: string): readonly string[] {
    return this.#caller.call('queryReferences', path) as readonly string[];
  }

  isValidPath(path: string): boolean {
    return this.#posted.has(path) || (this.#caller.call('isValidPath', path) as boolean);
  }

  ensurePath(path: string): void {
    if (!this.#posted.has(path)) this.#caller.call('ensurePath', path);
  }

  build(installables: readonly { readonly drvPath: string; readonly outputs: readonly string[] }[]): void {
    this.#caller.call('build', installables);
  }

  toRealPath(path: string): string {
    return this.#resolver.map(path);
  }

  fetch(request: FetchRequest): FetchResult {
    return this.#caller.call('fetch', request) as FetchResult;
  }

  print(message: string): void {
    this.#caller.post('print', message);
  }
}

/** Runs a file operation, turning the system's error into one that names the logical path. */
function access<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new EvalError(explain(code, path), { code: `file-${code.toLowerCase()}`, cause: error });
  }
}

function explain(code: string, path: string): string {
  switch (code) {
    case 'ENOENT':
      return `path '${path}' does not exist`;
    case 'EISDIR':
      return `reading from file '${path}': Is a directory`;
    case 'ENOTDIR':
      return `opening directory '${path}': Not a directory`;
    case 'EACCES':
      return `opening file '${path}': Permission denied`;
    default:
      return `cannot read '${path}': ${code}`;
  }
}

function fileType(entry: Stats | Dirent): FileType {
  if (entry.isFile()) return 'regular';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'unknown';
}
