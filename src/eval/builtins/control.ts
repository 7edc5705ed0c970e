/** Builtins that steer evaluation: order of evaluation, errors, messages. */

import { call1 } from '../call.ts';
import { coerceToString, interpolation, pathText } from '../coerce.ts';
import { lessThan } from '../equality.ts';
import { AbortError, evalError, isCatchable, NixError, ThrownError, withTrace } from '../errors.ts';
import { force, forceAttrs, forceFunction, forceList, forceText } from '../force.ts';
import { forceDeep } from '../force-deep.ts';
import { limits } from '../limits.ts';
import { printForError, printValue } from '../print.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import { AttrSet, isString, type Lazy, textOf, type Value } from '../value.ts';
import type { BuiltinTable } from './registry.ts';

const successSymbol = 'success';

/** `tryEval`: errors of `throw` and `assert` become `{ success = false; value = false; }`. */
function tryEval(lazy: Lazy): Value {
  const { depth } = limits;
  let value: Lazy = lazy;
  let success = true;
  try {
    force(lazy);
  } catch (error) {
    if (!isCatchable(error)) throw error;
    limits.depth = depth;
    value = false;
    success = false;
  }
  return AttrSet.from([
    [successSymbol, success],
    ['value', value],
  ]);
}

function trace(runtime: Runtime, message: Lazy, result: Lazy): Value {
  const value = force(message);
  const text = isString(value) ? textOf(value) : printValue(value, { errors: 'throw' });
  runtime.print(`trace: ${text}`);
  return force(result);
}

function warn(runtime: Runtime, message: Lazy, result: Lazy): Value {
  const what = 'while evaluating the first argument; the message passed to builtins.warn';
  runtime.evaluationWarning(forceText(message, 0, what));
  if (runtime.settings.abortOnWarn) {
    throw new NixError('aborting to reveal stack trace of warning, as abort-on-warn is set', {
      code: 'abort-on-warn',
    });
  }
  return force(result);
}

function addErrorContext(runtime: Runtime, context: Lazy, value: Lazy): Value {
  try {
    return force(value);
  } catch (error) {
    if (!(error instanceof NixError)) throw withTrace(error, '');
    const what = 'while evaluating the error message passed to builtins.addErrorContext';
    throw error.addTrace(textOf(coerceToString(runtime, context, 0, what, pathText)), undefined, true);
  }
}

const operatorSymbol = intern('operator');
const startSetSymbol = intern('startSet');
const keySymbol = intern('key');

function requireAttribute(attrs: AttrSet, symbol: number, name: string, what?: string): Lazy {
  const value = attrs.get(symbol);
  if (value !== undefined) return value;
  throw evalError(`attribute '${name}' missing`, 0, {
    code: 'missing-attribute',
    ...(what ? { trace: what } : {}),
  });
}

/** Elements by their keys, kept sorted so that only `<` is needed. */
class KeyedElements {
  readonly #entries: { key: Value; element: Lazy }[] = [];

  /** Adds an element unless its key is there already; whether it was added. */
  add(key: Value, element: Lazy): boolean {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#less(key, this.#entries[middle].key, element, middle)) high = middle;
      else low = middle + 1;
    }
    if (low > 0 && !this.#less(this.#entries[low - 1].key, key, element, low - 1)) return false;
    this.#entries.splice(low, 0, { key, element });
    return true;
  }

  #less(a: Value, b: Value, element: Lazy, other: number): boolean {
    try {
      return lessThan(a, b, 0);
    } catch (error) {
      const traced = withTrace(error, `with element ${printForError(this.#entries[other].element)}`);
      throw withTrace(traced, `while comparing element ${printForError(element)}`);
    }
  }
}

function genericClosure(argument: Lazy): Value {
  const of = 'passed as argument to builtins.genericClosure';
  const attrs = forceAttrs(
    argument,
    0,
    'while evaluating the first argument passed to builtins.genericClosure',
  );
  const within = `in the attrset ${of}`;
  const start = requireAttribute(attrs, startSetSymbol, 'startSet', within);
  const work = [...forceList(start, 0, `while evaluating the 'startSet' attribute ${of}`)];
  if (work.length === 0) return work;
  const operator = forceFunction(
    requireAttribute(attrs, operatorSymbol, 'operator', within),
    0,
    `while evaluating the 'operator' attribute ${of}`,
  );
  const seen = new KeyedElements();
  const result: Lazy[] = [];
  // `work` grows while it is walked through.
  for (let i = 0; i < work.length; i++) {
    const element = work[i];
    if (!seen.add(keyOf(element), element)) continue;
    result.push(element);
    for (const next of successors(operator, element)) work.push(next);
  }
  return result;
}

function keyOf(element: Lazy): Value {
  try {
    const key = requireAttribute(forceAttrs(element, 0, ''), keySymbol, 'key');
    return force(key);
  } catch (error) {
    throw withTrace(error, `in genericClosure element ${printForError(element)}`);
  }
}

function successors(operator: Value, element: Lazy): readonly Lazy[] {
  try {
    const what = 'while evaluating the return value of the `operator` passed to builtins.genericClosure';
    const list = forceList(call1(operator, element, 0), 0, what);
    for (const next of list) force(next);
    return list;
  } catch (error) {
    throw withTrace(error, `while calling operator on genericClosure element ${printForError(element)}`);
  }
}

export const controlBuiltins: BuiltinTable = [
  {
    name: '__seq',
    args: ['e1', 'e2'],
    doc: 'Computes *e1* (its outermost constructor), then gives *e2*.',
    fn: (_runtime, _pos, e1, e2) => {
      force(e1);
      return force(e2);
    },
  },
  {
    name: '__deepSeq',
    args: ['e1', 'e2'],
    doc: 'Computes *e1* with all that it contains, then gives *e2*.',
    fn: (_runtime, _pos, e1, e2) => {
      forceDeep(e1);
      return force(e2);
    },
  },
  {
    name: '__trace',
    args: ['e1', 'e2'],
    doc: 'Prints *e1* on standard error, then gives *e2*.',
    fn: (runtime, _pos, e1, e2) => trace(runtime, e1, e2),
  },
  {
    name: '__traceVerbose',
    args: ['e1', 'e2'],
    doc: 'Like `trace` when `--trace-verbose` is on, else just *e2*.',
    fn: (runtime, _pos, e1, e2) => (runtime.settings.traceVerbose ? trace(runtime, e1, e2) : force(e2)),
  },
  {
    name: '__warn',
    args: ['e1', 'e2'],
    doc: 'Prints the string *e1* as a warning, then gives *e2*. With the setting `abort-on-warn` it is an error instead.',
    fn: (runtime, _pos, e1, e2) => warn(runtime, e1, e2),
  },
  {
    name: 'break',
    args: ['v'],
    doc: 'Stops in the debugger where one is attached, and gives *v*.',
    fn: (_runtime, _pos, value) => force(value),
  },
  {
    name: 'abort',
    args: ['s'],
    doc: 'Ends evaluation with the message *s*. Cannot be caught.',
    fn: (runtime, _pos, message) => {
      const what = 'while evaluating the error message passed to builtins.abort';
      const text = textOf(coerceToString(runtime, message, 0, what, interpolation));
      throw new AbortError(`evaluation aborted with the following error message: '${text}'`, {
        code: 'abort',
      });
    },
  },
  {
    name: 'throw',
    args: ['s'],
    doc: 'Raises an error with the message *s*, which `tryEval` can catch.',
    fn: (runtime, _pos, message) => {
      const what = 'while evaluating the error message passed to builtin.throw';
      throw new ThrownError(textOf(coerceToString(runtime, message, 0, what, interpolation)), {
        code: 'thrown',
      });
    },
  },
  {
    name: '__tryEval',
    args: ['e'],
    doc: 'Computes *e* (its outermost constructor): `{ success = true; value = e; }`, or `{ success = false; value = false; }` if that ended in `throw` or a failed `assert`.',
    fn: (_runtime, _pos, value) => tryEval(value),
  },
  {
    name: '__addErrorContext',
    args: ['context', 'value'],
    doc: 'Gives *value*; an error in computing it gets the line *context* in its trace.',
    addTrace: false,
    fn: (runtime, _pos, context, value) => addErrorContext(runtime, context, value),
  },
  {
    name: '__genericClosure',
    args: ['attrset'],
    doc: 'From `{ startSet; operator; }`: all elements reached from the list *startSet* by *operator*, which gives a list for an element. Elements are sets told apart by their attribute `key`.',
    fn: (_runtime, _pos, argument) => genericClosure(argument),
  },
];
