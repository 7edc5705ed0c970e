/**
 * The evaluator's view of the outside world in Node. Files are read here, in the Worker, synchronously; what needs
 * the store or the network goes to the main thread (see `sync-channel.ts`). Store paths are computed here, so that
 * `.drv` files and sources can be posted and written while evaluation goes on.
 */
import { decodeBytes } from '../diagnostics/index.ts';
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
import { variableAnswer } from './check-inputs.ts';
import {
  failureAnswer,
  hashOf,
  type InputRecorder,
  listingAnswer,
  signatureOf,
} from './evaluation-inputs.ts';
import { access, FileAccess } from './file-access.ts';
import { hashTree } from './hash-tree.ts';
import { lazyCrypto } from './lazy-crypto.ts';
import type { PathResolver } from './path-resolver.ts';
import type { SyncCaller } from './sync-channel.ts';

export interface NodeEvalIoOptions {
  readonly storeDir: string;
  readonly resolver: PathResolver;
  readonly caller: Pick<SyncCaller, 'call' | 'post'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `false`: paths are computed but nothing is written. */
  readonly writeStore: boolean;
  /** Gets what evaluation learns. */
  readonly recorder?: InputRecorder | undefined;
}

const hasher: Hasher = (algorithm, data) => {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  return new Uint8Array(lazyCrypto().hash(algorithm, bytes, 'buffer'));
};

export class NodeEvalIo implements EvalIo {
  readonly storeDir: string;
  writeStore: boolean;
  readonly #files: FileAccess;
  readonly #recorder: InputRecorder | undefined;
  readonly #caller: Pick<SyncCaller, 'call' | 'post'>;
  readonly #env: Readonly<Record<string, string | undefined>>;
  /** What this evaluation posted: printed store path -> contents for texts, `undefined` for trees. */
  readonly #posted = new Map<string, string | undefined>();

  constructor(options: NodeEvalIoOptions) {
    this.storeDir = options.storeDir;
    this.writeStore = options.writeStore;
    this.#files = new FileAccess(options.resolver);
    this.#recorder = options.recorder;
    this.#caller = options.caller;
    this.#env = options.env;
  }

  lstat(path: string): FileType | undefined {
    const type = this.#files.typeOf(path);
    if (type !== undefined || this.#posted.get(path) === undefined) {
      this.#recorder?.note('type', path, type ?? '');
      return type;
    }
    return 'regular';
  }

  readFile(path: string): string {
    const posted = this.#posted.get(path);
    if (posted !== undefined) return posted;
    const recorder = this.#recorder;
    if (recorder === undefined) return this.#files.contents(path).toString('latin1');
    const physical = this.#files.resolver.follow(path);
    // Taken before reading: what changes in between changes the signature too.
    const signature = signatureOf(physical);
    if (signature === undefined) recorder.impure(`'${path}' is no regular file`);
    const note = (answer: string, bytes?: Buffer) => {
      const isWhole = bytes !== undefined && signatureOf(physical, bytes.length) === signature;
      recorder.note('file', path, answer, isWhole ? signature : '');
    };
    return noting(
      () => this.#files.contents(path),
      (answer, bytes) => note(bytes === undefined ? answer : hashOf(bytes), bytes),
    ).toString('latin1');
  }

  readDirectory(path: string): { name: string; type: FileType }[] {
    return noting(
      () => this.#files.list(path),
      (answer, list) => this.#recorder?.note('directory', path, list ? listingAnswer(list) : answer),
    );
  }

  readLink(path: string): string {
    return noting(
      () => this.#files.target(path),
      (answer, target) => this.#recorder?.note('link', path, target ?? answer),
    );
  }

  getEnv(name: string): string | undefined {
    const value = this.#env[decodeBytes(name)];
    this.#recorder?.note('variable', name, variableAnswer(value));
    return value === undefined ? undefined : Buffer.from(value, 'utf8').toString('latin1');
  }

  hash(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512', bytes: string): string {
    return Buffer.from(hasher(algorithm, bytes)).toString('latin1');
  }

  currentTime(): number {
    this.#recorder?.impure('it asked for the time');
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
    this.#recorder?.produced(printed, references);
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
    const physical = this.#files.resolver.follow(path);
    const recorder = this.#recorder;
    recorder?.note('place', path, physical);
    const tree = access(path, () => hashTree({ physical, logical: path, recursive, filter, recorder }));
    const printed = make(tree.digest);
    if (!this.#posted.has(printed)) {
      this.#posted.set(printed, undefined);
      recorder?.produced(printed, []);
      if (this.writeStore) this.#caller.post('addPath', printed, physical, name, recursive, tree.excluded);
    }
    return printed;
  }

  readDerivation(path: string): string {
    return this.readFile(path);
  }

  queryReferences(path: string): readonly string[] {
    const references = this.#call('queryReferences', path) as readonly string[];
    this.#recorder?.note('valid', path, 'true');
    return references;
  }

  isValidPath(path: string): boolean {
    if (this.#posted.has(path)) return true;
    const isValid = this.#call('isValidPath', path) as boolean;
    this.#recorder?.note('valid', path, String(isValid));
    return isValid;
  }

  ensurePath(path: string): void {
    if (this.#posted.has(path)) return;
    this.#call('ensurePath', path);
    this.#recorder?.note('valid', path, 'true');
  }

  build(installables: readonly { readonly drvPath: string; readonly outputs: readonly string[] }[]): void {
    this.#call('build', installables);
  }

  toRealPath(path: string): string {
    return this.#files.resolver.map(path);
  }

  fetch(request: FetchRequest): FetchResult {
    const result = this.#call('fetch', request) as FetchResult;
    const isFixed = (request.kind === 'url' || request.kind === 'tarball') && request.sha256 !== undefined;
    if (isFixed) this.#recorder?.note('valid', result.storePath, 'true');
    else this.#recorder?.impure('it fetched something that no hash fixes');
    return result;
  }

  print(message: string): void {
    this.#recorder?.print(message);
    this.#caller.post('print', message);
  }

  /** Asks the main thread; its failures may have causes that nothing here records. */
  #call(method: string, ...args: unknown[]): unknown {
    try {
      return this.#caller.call(method, ...args);
    } catch (error) {
      this.#recorder?.impure(`'${method}' failed`);
      throw error;
    }
  }
}

/** Does `get`, telling `note` its result, or how it failed. */
function noting<T>(get: () => T, note: (answer: string, result?: T) => void): T {
  let result: T;
  try {
    result = get();
  } catch (error) {
    note(failureAnswer(error));
    throw error;
  }
  note('', result);
  return result;
}
