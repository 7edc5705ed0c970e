/** Brings flakes into the store and reads them. */
import { NixError } from '../diagnostics/index.ts';
import { fetchInput, type Runtime } from '../eval/index.ts';
import { FlakeRef, Input } from '../inputs/index.ts';
import { type FlakeFile, readFlakeFile } from './flake-file.ts';
import { type InputPath, LockFile } from './lock-file.ts';

export type RegistryUse = 'none' | 'limited' | 'all';

/** A flake that was read; its outputs were not. */
export interface Flake {
  readonly original: FlakeRef;
  /** After the registries. */
  readonly resolved: FlakeRef;
  /** With all that fetching found out. */
  readonly locked: FlakeRef;
  /** Store path of the whole tree. */
  readonly tree: string;
  /** Directory of `flake.nix`. */
  readonly directory: string;
  readonly file: FlakeFile;
}

export class FlakeLoader {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  get #features(): ReadonlySet<string> {
    return this.#runtime.settings.experimentalFeatures;
  }

  /** The reference that an input's name stands for where nothing else is said. */
  byName(id: string): FlakeRef {
    return new FlakeRef(Input.fromAttrs({ type: 'indirect', id }, this.#features));
  }

  /** @throws NixError when the flake is not there, or its file says something unknown */
  load(original: FlakeRef, registries: RegistryUse, lockPath: InputPath = []): Flake {
    const first = this.#fetch(original, registries);
    const flake = this.#read(original, first, lockPath);
    const { selfAttrs } = flake.file;
    if (Object.keys(selfAttrs).length === 0) return flake;
    for (const name of Object.keys(selfAttrs)) {
      if (name !== 'submodules' && name !== 'lfs')
        throw new NixError(`flake 'self' attribute '${name}' is not supported`);
    }
    // The flake itself says how it is to be fetched.
    const again = new FlakeRef(
      first.locked.input.without('narHash', '__final').with(selfAttrs),
      first.locked.subdir,
    );
    if (again.input.equals(first.locked.input.without('narHash', '__final'))) return flake;
    const second = this.#fetch(again, 'none');
    return this.#read(original, { ...second, resolved: first.resolved }, lockPath);
  }

  #fetch(ref: FlakeRef, registries: RegistryUse) {
    const result = fetchInput(this.#runtime, ref.input, registries);
    const subdir = result.resolved?.dir ?? ref.subdir;
    const input = (attrs: typeof result.attrs) => Input.fromAttrs(attrs, this.#features);
    return {
      tree: result.storePath,
      resolved: new FlakeRef(result.resolved ? input(result.resolved.attrs) : ref.input, subdir),
      locked: new FlakeRef(input({ ...result.attrs, __final: true }), subdir),
    };
  }

  #read(
    original: FlakeRef,
    fetched: { tree: string; resolved: FlakeRef; locked: FlakeRef },
    lockPath: InputPath,
  ): Flake {
    const { tree, resolved, locked } = fetched;
    const directory = resolved.subdir === '' ? tree : `${tree}/${resolved.subdir}`;
    const file = readFlakeFile({ runtime: this.#runtime, directory, lockPath, ref: resolved });
    return { original, resolved, locked, tree, directory, file };
  }

  /** A flake in the tree of another one. */
  inTree(ref: FlakeRef, relative: string, from: string, lockPath: InputPath): Flake {
    const root = this.#runtime.absolutePath(`${from}/${relative}`);
    const directory = ref.subdir === '' ? root : `${root}/${ref.subdir}`;
    const file = readFlakeFile({ runtime: this.#runtime, directory, lockPath, ref });
    return { original: ref, resolved: ref, locked: ref, tree: root, directory, file };
  }

  /** An input that is no flake. */
  tree(ref: FlakeRef, from: string, registries: RegistryUse): { locked: FlakeRef; directory: string } {
    const relative = ref.input.relativePath;
    if (relative !== undefined)
      return { locked: ref, directory: this.#runtime.absolutePath(`${from}/${relative}`) };
    const { tree, locked } = this.#fetch(ref, registries);
    return { locked: new FlakeRef(locked.input, ref.subdir), directory: tree };
  }

  /** A flake's own lock file; an empty one where it has none. */
  lockFileOf({ directory }: Flake): LockFile {
    const { io } = this.#runtime;
    const path = `${directory}/flake.lock`;
    if (io.lstat(path) === undefined) return new LockFile();
    const warn = (message: string) => this.#runtime.warn(message);
    return LockFile.parse(io.readFile(path), path, this.#features, warn);
  }
}
