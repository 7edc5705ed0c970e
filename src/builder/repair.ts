/**
 * Repair: paths whose files are damaged or gone are built again through their derivers. What a deriver reads is put
 * right before it, since a damaged input would damage what is made of it.
 */
import { type Logger, NixError, Verbosity } from '../diagnostics/index.ts';
import { parseStorePath, printStorePath, type StorePath } from '../formats/index.ts';
import { computeClosure, contentsAreGood, sortByReferences, type WritableStore } from '../store/index.ts';
import type { Installable } from './derivation-goal.ts';
import { cannotRepair } from './errors.ts';

/** How the repair has things built. Both throw when a build fails. */
export interface RepairBuilds {
  /** Makes outputs valid. */
  make(installables: readonly Installable[]): Promise<void>;
  /** Builds a derivation although its outputs are valid, and replaces those whose contents are not good. */
  rebuild(drvPath: StorePath): Promise<void>;
}

/** One request's repairs: every path is looked at once. */
export class Repair {
  readonly #store: WritableStore;
  readonly #logger: Logger;
  readonly #builds: RepairBuilds;
  /** Base names of paths that are good, or under repair. */
  readonly #seen = new Set<string>();

  constructor(store: WritableStore, logger: Logger, builds: RepairBuilds) {
    this.#store = store;
    this.#logger = logger;
    this.#builds = builds;
  }

  /** Repairs what is damaged in the runtime closure of valid paths, dependencies first. */
  async closure(paths: readonly StorePath[]): Promise<void> {
    const closure = sortByReferences(this.#store, computeClosure(this.#store, paths));
    for (const path of closure) {
      if (this.#seen.has(path.baseName)) continue;
      this.#seen.add(path.baseName);
      if (await contentsAreGood(this.#store, path)) continue;
      this.#logger.log(Verbosity.error, `found corrupted or missing path '${this.#print(path)}'`);
      await this.#rebuild(path);
    }
  }

  /** Repairs one valid path, after what its derivation needs. */
  async path(path: StorePath): Promise<void> {
    this.#seen.add(path.baseName);
    if (!(await contentsAreGood(this.#store, path))) await this.#rebuild(path);
  }

  async #rebuild(path: StorePath): Promise<void> {
    const deriver = this.#deriver(path);
    if (!deriver) throw cannotRepair(this.#print(path));
    const { inputDrvs, inputSrcs } = this.#store.readDerivation(deriver);
    const inputs = [...inputDrvs].map(([drvPath, outputs]) => ({ drvPath: this.#parse(drvPath), outputs }));
    try {
      await this.#builds.make(inputs);
      const paths = inputs.flatMap(({ drvPath, outputs }) => {
        const derivation = this.#store.readDerivation(drvPath);
        return outputs.map((name) => derivation.outputs.get(name)!.path);
      });
      await this.closure([...paths, ...inputSrcs].map((each) => this.#parse(each)));
      await this.#builds.rebuild(deriver);
    } catch (error) {
      // A damaged input that cannot be repaired is the better error.
      if (!(error instanceof NixError) || error.code === 'cannot-repair') throw error;
      throw cannotRepair(this.#print(path), error);
    }
  }

  /** A valid `.drv` that makes the path. */
  #deriver(path: StorePath): StorePath | undefined {
    const known = this.#store.queryPathInfo(path)?.deriver;
    if (known && this.#store.isValidPath(known)) return known;
    return this.#store.queryValidDerivers(path)[0];
  }

  #parse(path: string): StorePath {
    return parseStorePath(this.#store.storeDir, path);
  }

  #print(path: StorePath): string {
    return printStorePath(this.#store.storeDir, path);
  }
}
