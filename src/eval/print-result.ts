/**
 * Printing a value as `nix-instantiate --eval` prints its result: older than what error messages use (`print.ts`), and
 * not to be changed, since programs read it. Functions are `<LAMBDA>`, and what is not computed
 * is `<CODE>`.
 */
import { formatFloat, printString } from '../syntax/index.ts';
import { StackOverflow } from './errors.ts';
import { limits } from './limits.ts';
import { printAttrName } from './print.ts';
import {
  AttrSet,
  blackHole,
  ContextString,
  Lambda,
  type Lazy,
  NixFloat,
  NixPath,
  PartialLambda,
  PrimOp,
  Thunk,
} from './value.ts';

/**
 * The value as text (byte string). Computes nothing. Sets and lists that occur again are `«repeated»`. `strict` says
 * that everything was computed before.
 */
export function printResult(value: Lazy, strict: boolean): string {
  return print(value, { seen: new Set(), strict }, 0);
}

interface Printing {
  readonly seen: Set<unknown>;
  readonly strict: boolean;
}

/** Guillemets, UTF-8 encoded. */
const repeated = '\u00c2\u00abrepeated\u00c2\u00bb';
const recursion = '\u00c2\u00abpotential infinite recursion\u00c2\u00bb';

function print(lazy: Lazy, printing: Printing, depth: number): string {
  if (depth > limits.maxDepth) throw new StackOverflow(0);
  // C++ Nix makes thunks of lambdas and empty sets; here they are values from the beginning.
  if (depth > 0 && !printing.strict && isEarly(lazy)) return '<CODE>';
  const value = lazy instanceof Thunk && lazy.code === null ? (lazy.env as Lazy) : lazy;
  switch (typeof value) {
    case 'string':
      return printString(value);
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
  }
  if (value === null) return 'null';
  if (value instanceof Thunk) return value.code === blackHole ? recursion : '<CODE>';
  if (value instanceof AttrSet) return printSet(value, printing, depth);
  if (Array.isArray(value))
    return isRepeated(lazy, value.length, printing.seen) ? repeated : printList(value, printing, depth);
  if (value instanceof ContextString) return printString(value.text);
  if (value instanceof NixPath) return value.path;
  if (value instanceof NixFloat) return formatFloat(value.value);
  if (value instanceof Lambda || value instanceof PartialLambda) return '<LAMBDA>';
  return value instanceof PrimOp ? '<PRIMOP>' : '<PRIMOP-APP>';
}

function isEarly(lazy: Lazy): boolean {
  return lazy instanceof Lambda || (lazy instanceof AttrSet && lazy.size === 0);
}

function isRepeated(container: unknown, size: number, seen: Set<unknown>): boolean {
  if (size === 0) return false;
  if (seen.has(container)) return true;
  seen.add(container);
  return false;
}

function printSet(attrs: AttrSet, printing: Printing, depth: number): string {
  if (isRepeated(attrs, attrs.size, printing.seen)) return repeated;
  let text = '{ ';
  for (const [name, value] of attrs.entries())
    text += `${printAttrName(name)} = ${print(value, printing, depth + 1)}; `;
  return `${text}}`;
}

function printList(list: readonly Lazy[], printing: Printing, depth: number): string {
  let text = '[ ';
  for (const element of list) text += `${print(element, printing, depth + 1)} `;
  return `${text}]`;
}
