/** Calling a top-level function with the arguments of `--arg` and `--argstr`. */
import { call1 } from './call.ts';
import { evalError } from './errors.ts';
import { force } from './force.ts';
import { intern, symbolName } from './symbols.ts';
import { AttrSet, AttrSetBuilder, Lambda, type Lazy, type Value } from './value.ts';

const functorSymbol = intern('__functor');

/**
 * The value itself, unless it is a function with a pattern (or a set that is callable as one): then the result of
 * calling it with those of `args` that it takes.
 *
 * @throws EvalError when the pattern wants an argument that is not among `args` and has no default
 */
export function autoCall(lazy: Lazy, args: AttrSet): Value {
  const value = force(lazy);
  if (value instanceof AttrSet) {
    const functor = value.get(functorSymbol);
    return functor === undefined ? value : autoCall(call1(force(functor), value, 0), args);
  }
  if (!(value instanceof Lambda) || value.code.formals === null) return value;
  const { list, ellipsis } = value.code.formals;
  if (ellipsis) return call1(value, args, 0);
  const builder = new AttrSetBuilder();
  for (const { symbol, hasDefault, pos } of list) {
    const argument = args.get(symbol);
    if (argument !== undefined) builder.add(symbol, argument);
    else if (!hasDefault) throw missingArgument(symbolName(symbol), pos);
  }
  return call1(value, builder.build(), 0);
}

function missingArgument(name: string, pos: number) {
  return evalError(
    `cannot evaluate a function that has an argument without a value ('${name}')\n` +
      'Nix attempted to evaluate a function as a top level expression; in\n' +
      'this case it must have its arguments supplied either by default\n' +
      "values, or passed explicitly with '--arg' or '--argstr'. See\n" +
      'https://nix.dev/manual/nix/stable/language/syntax.html#functions.',
    pos,
    { code: 'missing-argument' },
  );
}
