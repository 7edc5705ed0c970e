/** Finding an attribute by a name known at compile time. */
import type { Shape } from '../shape.ts';
import type { SymbolId } from '../symbols.ts';

/** A lookup of one symbol that remembers its last answer. */
export class AttrLookup {
  readonly symbol: SymbolId;
  #keys: readonly SymbolId[] | null = null;
  #index = -1;

  constructor(symbol: SymbolId) {
    this.symbol = symbol;
  }

  /** Index of the attribute, or -1. */
  find(shape: Shape): number {
    if (shape.keys === this.#keys) return this.#index;
    const index = shape.find(this.symbol);
    this.#keys = shape.keys;
    this.#index = index;
    return index;
  }
}
