/**
 * Computes a flake's lock file from its inputs and the lock file it had: what is unchanged keeps its lock, what is new
 * or to be updated is fetched, the inputs of inputs come from their own lock files, `follows` and overrides of the
 * flakes above win. The rules are C++ Nix's, so that both write the same file.
 */
import { NixError } from '../diagnostics/index.ts';
import { equalAttrs, type FlakeRef } from '../inputs/index.ts';
import type { FlakeInput, FlakeInputs } from './flake-file.ts';
import type { Flake, FlakeLoader, RegistryUse } from './flake-loader.ts';
import { type InputPath, LockFile, LockNode, printInputPath } from './lock-file.ts';

export interface LockOptions {
  /** Inputs to be locked anew, by path. */
  readonly updates: readonly InputPath[];
  /** Inputs replaced for this time, by path. */
  readonly overrides: readonly { readonly path: InputPath; readonly ref: FlakeRef }[];
  /** Forget the old lock file. */
  readonly recreate: boolean;
  readonly useRegistries: boolean;
  /** `false` in pure evaluation: nothing may be locked that is not fixed already. */
  readonly allowUnlocked: boolean;
}

/** An override that a flake makes for an input further down. */
interface Override {
  readonly input: FlakeInput;
  /** Directory that relative paths start from. */
  readonly directory: string;
  readonly parent: InputPath | undefined;
}

interface Level {
  readonly inputs: FlakeInputs;
  /** The node whose inputs are computed, and where it is. */
  readonly node: LockNode;
  readonly path: InputPath;
  /** What the locks can be taken from. */
  readonly old: LockNode | undefined;
  /** What `follows` in the old locks start from. */
  readonly followsPrefix: InputPath;
  /** Directory of the flake. */
  readonly directory: string;
  /** The old locks are known to be in step with the flakes. */
  readonly trusted: boolean;
}

export interface LockResult {
  readonly lockFile: LockFile;
  /** Directories of nodes that were fetched on the way. */
  readonly directories: ReadonlyMap<LockNode, string>;
}

const keyOf = (path: InputPath) => path.join('\0');

export class Locking {
  readonly #loader: FlakeLoader;
  readonly #options: LockOptions;
  readonly #warn: (message: string) => void;
  readonly #overrides = new Map<string, Override & { readonly path: InputPath }>();
  readonly #fromFlags: ReadonlySet<string>;
  readonly #updates: ReadonlySet<string>;
  readonly #used = new Set<string>();
  readonly #met = new Set<string>();
  readonly #directories = new Map<LockNode, string>();
  /** References of the flakes around the one at work, against circles. */
  readonly #parents: FlakeRef[] = [];

  constructor(loader: FlakeLoader, options: LockOptions, warn: (message: string) => void) {
    this.#loader = loader;
    this.#options = options;
    this.#warn = warn;
    this.#fromFlags = new Set(options.overrides.map(({ path }) => keyOf(path)));
    this.#updates = new Set(options.updates.map(keyOf));
  }

  /** @throws NixError "... while updating the flake input 'x'" */
  run(flake: Flake, old: LockFile): LockResult {
    for (const { path, ref } of this.#options.overrides) {
      const input = { ref, isFlake: true, overrides: new Map() };
      this.#overrides.set(keyOf(path), { input, directory: flake.directory, parent: undefined, path });
    }
    const lockFile = new LockFile();
    this.#directories.set(lockFile.root, flake.directory);
    this.#level({
      inputs: flake.file.inputs,
      node: lockFile.root,
      path: [],
      old: this.#options.recreate ? undefined : old.root,
      followsPrefix: [],
      directory: flake.directory,
      trusted: false,
    });
    this.#warnUnused();
    lockFile.check();
    return { lockFile, directories: this.#directories };
  }

  #warnUnused(): void {
    for (const { path, ref } of this.#options.overrides) {
      if (!this.#used.has(keyOf(path)))
        this.#warn(`the flag '--override-input ${printInputPath(path)} ${ref}' does not match any input`);
    }
    for (const path of this.#options.updates)
      if (!this.#met.has(keyOf(path)))
        this.#warn(`'${printInputPath(path)}' does not match any input of this flake`);
  }

  #level(level: Level): void {
    const inputs = [...level.inputs].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [id, input] of inputs) this.#addOverrides(input, [...level.path, id], level);
    for (const { path } of this.#overrides.values()) {
      const [name, around] = [path.at(-1)!, path.slice(0, -1)];
      if (keyOf(around) === keyOf(level.path) && !level.inputs.has(name))
        this.#warn(
          `input '${printInputPath(level.path)}' has an override for a non-existent input '${name}'`,
        );
    }
    for (const [id, input] of inputs) {
      try {
        this.#input(level, id, input);
      } catch (error) {
        if (!(error instanceof NixError)) throw error;
        throw error.addTrace(`while updating the flake input '${printInputPath([...level.path, id])}'`);
      }
    }
  }

  /** `inputs.a.inputs.b...`: what a flake says of its inputs' inputs. The outermost flake's word counts. */
  #addOverrides(input: FlakeInput, prefix: InputPath, level: Level): void {
    for (const [id, override] of input.overrides) {
      const path = [...prefix, id];
      const key = keyOf(path);
      if ((override.ref || override.follows) && !this.#overrides.has(key))
        this.#overrides.set(key, { input: override, directory: level.directory, parent: level.path, path });
      this.#addOverrides(override, path, level);
    }
  }

  #input(level: Level, id: string, declared: FlakeInput): void {
    const path = [...level.path, id];
    const key = keyOf(path);
    const override = this.#overrides.get(key);
    if (override) this.#used.add(key);
    const input = override ? { ...override.input, isFlake: declared.isFlake } : declared;
    if (input.follows) {
      level.node.inputs.set(id, input.follows);
      return;
    }
    const ref = input.ref ?? this.#loader.byName(id);
    const isRelative = ref.input.relativePath !== undefined;
    const parent = isRelative ? (override ? override.parent : level.path) : undefined;
    const directory = override?.directory ?? level.directory;
    this.#met.add(key);
    const old = this.#updates.has(key) ? undefined : level.old?.inputs.get(id);
    const wanted: Wanted = { path, id, ref, parent, directory, declared, isFlake: input.isFlake };
    const keep = old instanceof LockNode && !this.#fromFlags.has(key) && isSame(old, ref, parent);
    if (keep) this.#keep(level, wanted, old);
    else this.#create(level, wanted);
  }

  /** The old lock still fits. The flake is fetched only where its own inputs may have changed. */
  #keep(level: Level, wanted: Wanted, old: LockNode): void {
    const node = new LockNode(old.lock);
    level.node.inputs.set(wanted.id, node);
    const isPrefix = (path: InputPath) =>
      path.length > wanted.path.length && wanted.path.every((name, i) => path[i] === name);
    const known = this.#options.updates.some(isPrefix) ? undefined : this.#knownInputs(level, wanted, old);
    const common = { node, path: wanted.path, old, followsPrefix: level.followsPrefix };
    if (known) {
      this.#level({ ...common, inputs: known, directory: level.directory, trusted: true });
      return;
    }
    const flake = this.#load(wanted, old.lock!.locked);
    this.#directories.set(node, flake.directory);
    this.#level({ ...common, inputs: flake.file.inputs, directory: flake.directory, trusted: false });
  }

  /** An input's inputs as the old lock file has them; `undefined` when its flake has to be read. */
  #knownInputs(level: Level, { path }: Wanted, old: LockNode): FlakeInputs | undefined {
    const inputs = new Map<string, FlakeInput>();
    for (const [id, edge] of old.sortedInputs()) {
      if (edge instanceof LockNode) {
        const { original, isFlake } = edge.lock!;
        inputs.set(id, { ref: original, isFlake, overrides: new Map() });
        continue;
      }
      // A follow that no flake above asks for may be the flake's own, which may have changed.
      if (!level.trusted && !this.#overrides.has(keyOf([...path, id]))) return undefined;
      inputs.set(id, { follows: [...level.followsPrefix, ...edge], isFlake: true, overrides: new Map() });
    }
    return inputs;
  }

  #create(level: Level, wanted: Wanted): void {
    const { id, path, ref, parent, declared, isFlake } = wanted;
    if (!this.#options.allowUnlocked && !ref.input.isLocked && ref.input.relativePath === undefined)
      throw new NixError(`cannot update unlocked flake input '${printInputPath(path)}' in pure mode`);
    // An override from a flag lasts one time: what the flake says is written down as the original.
    const fromFlag = this.#fromFlags.has(keyOf(path));
    const original = fromFlag && declared.ref ? declared.ref : ref;
    if (!isFlake) {
      const { locked, directory } = this.#loader.tree(ref, wanted.directory, this.#registries('limited'));
      const node = new LockNode({ locked, original, isFlake, parent });
      this.#directories.set(node, directory);
      level.node.inputs.set(id, node);
      return;
    }
    const flake = this.#load(wanted, ref, fromFlag ? 'all' : 'limited');
    const node = new LockNode({ locked: flake.locked, original, isFlake, parent });
    level.node.inputs.set(id, node);
    const circular = this.#parents.find((each) => each.equals(ref));
    if (circular) throw new NixError(`found circular import of flake '${circular}'`);
    this.#parents.push(ref);
    this.#directories.set(node, flake.directory);
    this.#level({
      inputs: flake.file.inputs,
      node,
      path,
      old: this.#loader.lockFileOf(flake).root,
      followsPrefix: path,
      directory: flake.directory,
      trusted: false,
    });
    this.#parents.pop();
  }

  #load({ path, directory, ref: asked }: Wanted, ref: FlakeRef, use: RegistryUse = 'limited'): Flake {
    const relative = asked.input.relativePath;
    if (relative !== undefined) return this.#loader.inTree(ref, relative, directory, path);
    return this.#loader.load(ref, this.#registries(use), path);
  }

  #registries(use: RegistryUse): RegistryUse {
    return this.#options.useRegistries ? use : 'none';
  }
}

interface Wanted {
  readonly path: InputPath;
  readonly id: string;
  readonly ref: FlakeRef;
  readonly parent: InputPath | undefined;
  /** Directory of the flake that names the input. */
  readonly directory: string;
  /** What the flake itself says, before overrides. */
  readonly declared: FlakeInput;
  readonly isFlake: boolean;
}

function isSame({ lock }: LockNode, ref: FlakeRef, parent: InputPath | undefined): boolean {
  if (!lock) return false;
  const sameParent =
    lock.parent === undefined || parent === undefined
      ? lock.parent === parent
      : keyOf(lock.parent) === keyOf(parent);
  return sameParent && equalRefs(lock.original.canonical(), ref.canonical());
}

function equalRefs(a: FlakeRef, b: FlakeRef): boolean {
  return equalAttrs(a.toAttrs(), b.toAttrs());
}
