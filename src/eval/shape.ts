/**
 * Shapes: the names of an attribute set, without its values. Sets that were made in the same way share one shape,
 * and sets with the same names in different places share at least the `keys` array, so that a lookup can remember
 * "in a set with this `keys` array the attribute is at that index" and skip the search.
 */
import type { PosIdx } from './positions.ts';
import { type SymbolId, symbolName } from './symbols.ts';

/** Up to this many names are searched one by one, more by halving. */
const SCAN_UP_TO = 8;
/** Up to this many names, equal key arrays are made one. */
const SHARE_UP_TO = 16;

/** Positions that are not worked out yet: those of a merger's two sides. */
interface MergedPositions {
  readonly left: Shape;
  readonly right: Shape;
}

/** Mergers of mergers up to this many are left unresolved: each keeps its sides' names alive. */
const mostPending = 4;

export class Shape {
  /** Symbols in ascending order. Never changed after construction. */
  readonly keys: readonly SymbolId[];
  /** Whether merges with this shape are worth remembering: it stems from the program text, not from data. */
  readonly isStatic: boolean;
  /** How this shape merges with others on its right, see `merge.ts`: kept as long as the shape. */
  mergers: Map<Shape, unknown> | null = null;
  #positions: readonly PosIdx[] | MergedPositions | null;
  /** How many mergers deep the positions are unresolved. */
  #pending = 0;
  #byName: readonly number[] | null = null;
  #unpositioned: Shape | null = null;

  constructor(keys: readonly SymbolId[], positions: readonly PosIdx[] | null, isStatic = false) {
    this.keys = keys;
    this.#positions = positions;
    this.isStatic = isStatic;
  }

  /** The shape of a merger whose names are known; the positions are looked up when somebody asks. */
  static merged(keys: readonly SymbolId[], left: Shape, right: Shape): Shape {
    const shape = new Shape(keys, null);
    if (left.#positions === null && right.#positions === null) return shape;
    shape.#positions = { left, right };
    shape.#pending = Math.max(left.#pending, right.#pending) + 1;
    if (shape.#pending > mostPending) shape.#resolve();
    return shape;
  }

  #resolve(): readonly PosIdx[] | null {
    const positions = this.#positions;
    if (positions === null || Array.isArray(positions)) return positions as readonly PosIdx[] | null;
    const { left, right } = positions as MergedPositions;
    const [fromLeft, fromRight] = [left.#resolve(), right.#resolve()];
    const resolved = new Array<PosIdx>(this.keys.length);
    let i = 0;
    let j = 0;
    for (let k = 0; k < this.keys.length; k++) {
      const key = this.keys[k];
      const isRight = right.keys[j] === key;
      resolved[k] = isRight ? (fromRight?.[j] ?? 0) : (fromLeft?.[i] ?? 0);
      if (left.keys[i] === key) i++;
      if (isRight) j++;
    }
    this.#positions = resolved;
    this.#pending = 0;
    return resolved;
  }

  /** Where each attribute was written, parallel to `keys`; `null` when nowhere. */
  get positions(): readonly PosIdx[] | null {
    return this.#resolve();
  }

  /** The index of a symbol in `keys`, or -1. */
  find(symbol: SymbolId): number {
    const keys = this.keys;
    if (keys.length > SCAN_UP_TO) return binarySearch(keys, symbol);
    for (let i = 0; i < keys.length; i++) if (keys[i] === symbol) return i;
    return -1;
  }

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
    const positions = this.#positions;
    if (positions === null) return 0;
    if (Array.isArray(positions)) return positions[index];
    const { left, right } = positions as MergedPositions;
    const key = this.keys[index];
    const place = right.find(key);
    return place >= 0 ? right.positionAt(place) : left.positionAt(left.find(key));
  }

  /** The same names (and the same `keys` array) without positions. */
  get unpositioned(): Shape {
    if (this.#positions === null) return this;
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
