/**
 * Shapes: the names of an attribute set, without its values. Sets that were made in the same way share one shape,
 * and sets with the same names in different places share at least the `keys` array, so that a lookup can remember
 * "in a set with this `keys` array the attribute is at that index" and skip the search.
 */
import type { PosIdx } from './positions.ts';
import { type SymbolId, symbolName } from './symbols.ts';

/** Beyond this many names a shape builds a hash index on its first lookup. */
const INDEX_FROM = 12;
/** Up to this many names, equal key arrays are made one. */
const SHARE_UP_TO = 16;

export class Shape {
  /** Symbols in ascending order. Never changed after construction. */
  readonly keys: readonly SymbolId[];
  /** Where each attribute was written, parallel to `keys`; `null` when nowhere. */
  readonly positions: readonly PosIdx[] | null;
  /** Whether merges with this shape are worth remembering: it stems from the program text, not from data. */
  readonly isStatic: boolean;
  #byName: readonly number[] | null = null;
  #index: Map<SymbolId, number> | null = null;
  #unpositioned: Shape | null = null;

  constructor(keys: readonly SymbolId[], positions: readonly PosIdx[] | null, isStatic = false) {
    this.keys = keys;
    this.positions = positions;
    this.isStatic = isStatic;
    if (positions === null) this.#unpositioned = this;
  }

  /** The index of a symbol in `keys`, or -1. */
  find(symbol: SymbolId): number {
    const keys = this.keys;
    if (keys.length > INDEX_FROM) return this.#findIndexed(symbol);
    for (let i = 0; i < keys.length; i++) if (keys[i] === symbol) return i;
    return -1;
  }

  #findIndexed(symbol: SymbolId): number {
    let index = this.#index;
    if (index === null) {
      // A first lookup is not yet worth an index: most big shapes are looked into once.
      if (this.#lookups++ < 4) return binarySearch(this.keys, symbol);
      index = new Map();
      for (let i = 0; i < this.keys.length; i++) index.set(this.keys[i], i);
      this.#index = index;
    }
    return index.get(symbol) ?? -1;
  }
  #lookups = 0;

  /** Indices into `keys` in the byte order of the names. */
  get byName(): readonly number[] {
    this.#byName ??= sortByName(this.keys);
    return this.#byName;
  }

  /** One array for all small shapes of the program text with the same names, so that lookups remembered for one hold for all. */
  static shareKeys(keys: readonly SymbolId[]): readonly SymbolId[] {
    if (keys.length > SHARE_UP_TO) return keys;
    const text = keys.join();
    const known = keyArrays.get(text);
    if (known !== undefined) return known;
    keyArrays.set(text, keys);
    return keys;
  }

  positionAt(index: number): PosIdx {
    return this.positions === null ? 0 : this.positions[index];
  }

  /** The same names (and the same `keys` array) without positions. */
  get unpositioned(): Shape {
    this.#unpositioned ??= new Shape(this.keys, null, this.isStatic);
    return this.#unpositioned;
  }
}

const keyArrays = new Map<string, readonly SymbolId[]>();

/** The shape of `{ }`. */
export const emptyShape = new Shape([], null, true);

function binarySearch(keys: readonly SymbolId[], symbol: SymbolId): number {
  let low = 0;
  let high = keys.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const key = keys[middle];
    if (key === symbol) return middle;
    if (key < symbol) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function sortByName(keys: readonly SymbolId[]): readonly number[] {
  const names = keys.map(symbolName);
  return keys.map((_, i) => i).sort((a, b) => (names[a] < names[b] ? -1 : 1));
}
