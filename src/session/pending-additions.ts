/**
 * What evaluation handed over to be written while it goes on. Every addition is checked: the path that the store
 * computed must be the one that the evaluator announced (a source file that changed in between is the one way it
 * cannot be).
 */
import { NixError } from '../diagnostics/index.ts';
import { printStorePath, type StorePath } from '../formats/index.ts';
import type { LocalStore } from '../store/index.ts';

export class PendingAdditions {
  readonly #store: LocalStore;
  readonly #pending = new Set<Promise<void>>();
  /** Trees that are being added, by printed path. */
  readonly #trees = new Map<string, Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(store: LocalStore) {
    this.#store = store;
  }

  /**
   * Runs an addition and takes note of it. Never rejects: failures surface in `settle`. The store orders texts by their
   * references itself; trees it knows only once it has read them, so whoever refers to one is started after it.
   */
  add(announced: string, references: readonly string[], start: () => Promise<StorePath>): void {
    const trees = references.map((path) => this.#trees.get(path)).filter((tree) => tree !== undefined);
    if (trees.length === 0) this.#watch(announced, start());
    // What waits is itself unknown to the store until then, like a tree.
    else this.#trees.set(announced, this.#watch(announced, Promise.all(trees).then(start)));
  }

  /** As `add`, for a file tree. */
  addTree(announced: string, start: () => Promise<StorePath>): void {
    this.#trees.set(announced, this.#watch(announced, start()));
  }

  #watch(announced: string, addition: Promise<StorePath>): Promise<void> {
    const checked: Promise<void> = addition
      .then((path) => this.#check(announced, printStorePath(this.#store.storeDir, path)))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#pending.delete(checked);
        this.#trees.delete(announced);
      });
    this.#pending.add(checked);
    return checked;
  }

  /** Resolves when everything is valid in the store; rejects with the first failure. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    if (this.#failure) throw this.#failure.error;
  }

  #check(announced: string, actual: string): void {
    if (announced === actual) return;
    throw new NixError(
      `a source changed while it was evaluated: expected '${announced}', now it is '${actual}'`,
      {
        code: 'source-changed',
        hint: 'run the command again',
      },
    );
  }
}
