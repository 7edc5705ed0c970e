/**
 * Interned attribute names. A symbol is a small integer; attribute sets are kept sorted by it, so that lookups
 * compare integers. The order of symbols is the order of first use and says nothing about names: whoever shows
 * attributes to the user sorts by bytes (`Shape.byName`).
 */

export type SymbolId = number;

const ids = new Map<string, SymbolId>();
const names: string[] = [];

/** The symbol of a name (byte string). The same name always gets the same symbol, for the life of the process. */
export function intern(name: string): SymbolId {
  const known = ids.get(name);
  if (known !== undefined) return known;
  const id = names.length;
  names.push(name);
  ids.set(name, id);
  return id;
}

/** The symbol of a name that was interned before; `undefined` otherwise (then no set has it). */
export function tryIntern(name: string): SymbolId | undefined {
  return ids.get(name);
}

/** The name of a symbol, a byte string. */
export function symbolName(id: SymbolId): string {
  return names[id];
}

/** How many names there are, for statistics. */
export function symbolCount(): number {
  return names.length;
}
