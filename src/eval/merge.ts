/**
 * `a // b`. Where both shapes stem from the program text, how they merge is worked out once and kept: the merged
 * shape, and for each of its attributes where the value comes from.
 */
import type { PosIdx } from './positions.ts';
import { Shape } from './shape.ts';
import type { SymbolId } from './symbols.ts';
import { AttrSet, type Lazy } from './value.ts';

/** How two shapes merge: `from[i] >= 0` is an index into the left values, else `~from[i]` into the right ones. */
class MergePlan {
  readonly shape: Shape;
  readonly from: readonly number[];
  constructor(shape: Shape, from: readonly number[]) {
    this.shape = shape;
    this.from = from;
  }
}

/** Remembered for shapes up to this size: a plan costs as much memory as a few sets. */
const planUpTo = 64;

/** Merges two sets; attributes of the right one win. */
export function mergeSets(left: AttrSet, right: AttrSet): AttrSet {
  if (left.values.length === 0) return right;
  if (right.values.length === 0) return left;
  const plannable = left.values.length + right.values.length <= planUpTo;
  if (plannable && left.shape.isStatic && right.shape.isStatic) {
    return followPlan(planFor(left.shape, right.shape), left, right);
  }
  return mergeDirectly(left, right);
}

/** A `//` in the program: remembers the plan of its last operands. */
export class MergeSite {
  #left: Shape | null = null;
  #right: Shape | null = null;
  #plan: MergePlan | null = null;

  merge(left: AttrSet, right: AttrSet): AttrSet {
    if (left.shape === this.#left && right.shape === this.#right) return followPlan(this.#plan!, left, right);
    if (left.values.length === 0) return right;
    if (right.values.length === 0) return left;
    const plannable = left.values.length + right.values.length <= planUpTo;
    if (!plannable || !left.shape.isStatic || !right.shape.isStatic) return mergeDirectly(left, right);
    this.#left = left.shape;
    this.#right = right.shape;
    this.#plan = planFor(left.shape, right.shape);
    return followPlan(this.#plan, left, right);
  }
}

function followPlan(plan: MergePlan, left: AttrSet, right: AttrSet): AttrSet {
  const { from } = plan;
  const a = left.values;
  const b = right.values;
  const values = new Array<Lazy>(from.length);
  for (let i = 0; i < from.length; i++) {
    const index = from[i];
    values[i] = index >= 0 ? a[index] : b[~index];
  }
  return new AttrSet(plan.shape, values);
}

function planFor(left: Shape, right: Shape): MergePlan {
  left.mergers ??= new Map<Shape, MergePlan>();
  let plan = left.mergers.get(right) as MergePlan | undefined;
  if (plan === undefined) {
    plan = makePlan(left, right);
    left.mergers.set(right, plan);
  }
  return plan;
}

function makePlan(left: Shape, right: Shape): MergePlan {
  const keys: SymbolId[] = [];
  const from: number[] = [];
  const positions: PosIdx[] = [];
  let i = 0;
  let j = 0;
  while (i < left.keys.length || j < right.keys.length) {
    const a = i < left.keys.length ? left.keys[i] : Number.POSITIVE_INFINITY;
    const b = j < right.keys.length ? right.keys[j] : Number.POSITIVE_INFINITY;
    const fromRight = b <= a;
    keys.push(fromRight ? b : a);
    from.push(fromRight ? ~j : i);
    positions.push(fromRight ? right.positionAt(j) : left.positionAt(i));
    if (a <= b) i++;
    if (b <= a) j++;
  }
  return new MergePlan(mergedShape(left, right, keys, positions), from);
}

/** The shape of the merger, sharing what it can with its parts. */
function mergedShape(left: Shape, right: Shape, keys: SymbolId[], positions: PosIdx[]): Shape {
  for (const shape of [right, left]) {
    if (shape.keys.length !== keys.length) continue;
    if (positions.every((pos, i) => pos === shape.positionAt(i))) return shape;
    return new Shape(shape.keys, positions, true);
  }
  return new Shape(Shape.shareKeys(keys), positions, true);
}

function mergeDirectly(left: AttrSet, right: AttrSet): AttrSet {
  // A small set over a big one: often only values change, and then the names can be shared.
  if (right.values.length * 8 < left.values.length) {
    const replaced = replaceValues(left, right);
    if (replaced !== undefined) return replaced;
  }
  const keysA = left.shape.keys;
  const keysB = right.shape.keys;
  const keys = new Array<SymbolId>(countUnion(keysA, keysB));
  const values = new Array<Lazy>(keys.length);
  let i = 0;
  let j = 0;
  for (let k = 0; k < keys.length; k++) {
    const a = i < keysA.length ? keysA[i] : MAX_SYMBOL;
    const b = j < keysB.length ? keysB[j] : MAX_SYMBOL;
    if (a < b) {
      keys[k] = a;
      values[k] = left.values[i++];
    } else {
      keys[k] = b;
      values[k] = right.values[j++];
      if (a === b) i++;
    }
  }
  return new AttrSet(Shape.merged(keys, left.shape, right.shape), values);
}

/** More than any symbol. */
const MAX_SYMBOL = 0x7fffffff;

function countUnion(a: readonly SymbolId[], b: readonly SymbolId[]): number {
  let both = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] < b[j]) i++;
    else if (b[j] < a[i]) j++;
    else {
      both++;
      i++;
      j++;
    }
  }
  return a.length + b.length - both;
}

/** The left set with some values replaced, if it has all of the right set's names. */
function replaceValues(left: AttrSet, right: AttrSet): AttrSet | undefined {
  const places: number[] = [];
  for (const key of right.shape.keys) {
    const place = left.shape.find(key);
    if (place < 0) return undefined;
    places.push(place);
  }
  const values = left.values.slice();
  for (let i = 0; i < places.length; i++) values[places[i]] = right.values[i];
  return new AttrSet(Shape.merged(left.shape.keys, left.shape, right.shape), values);
}
