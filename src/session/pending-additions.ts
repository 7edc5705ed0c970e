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
  #failure: { readonly error: unknown } | undefined;

  constructor(store: LocalStore) {
    this.#store = store;
  }

  /** Takes note of an addition that runs. Never rejects: failures surface in `settle`. */
  add(announced: string, addition: Promise<StorePath>): void {
    const checked = addition
      .then((path) => this.#check(announced, printStorePath(this.#store.storeDir, path)))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#pending.delete(checked));
    this.#pending.add(checked);
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
