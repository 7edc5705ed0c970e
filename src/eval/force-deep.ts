/** Forcing a value with everything in it. */

import { withTrace } from './errors.ts';
import { force } from './force.ts';
import { deeper } from './limits.ts';
import { printAttrName } from './print.ts';
import { symbolName } from './symbols.ts';
import { AttrSet, determinePos, type Lazy } from './value.ts';

/** Computes the value and all it contains; what is contained in itself is visited once. */
export function forceDeep(lazy: Lazy): void {
  visit(lazy, new Set());
}

function visit(lazy: Lazy, seen: Set<unknown>): void {
  if (typeof lazy !== 'object' || lazy === null || seen.has(lazy)) return;
  seen.add(lazy);
  deeper(0, () => {
    const value = force(lazy, determinePos(lazy));
    if (value instanceof AttrSet) visitSet(value, seen);
    else if (Array.isArray(value)) visitList(value, seen);
  });
}

function visitSet(attrs: AttrSet, seen: Set<unknown>): void {
  for (let i = 0; i < attrs.size; i++) {
    try {
      visit(attrs.values[i], seen);
    } catch (error) {
      const name = symbolName(attrs.shape.keys[i]);
      throw withTrace(
        error,
        `while evaluating the attribute '${printAttrName(name)}'`,
        attrs.shape.positionAt(i),
      );
    }
  }
}

function visitList(list: readonly Lazy[], seen: Set<unknown>): void {
  for (let i = 0; i < list.length; i++) {
    try {
      visit(list[i], seen);
    } catch (error) {
      throw withTrace(error, `while evaluating list element at index ${i}`);
    }
  }
}
