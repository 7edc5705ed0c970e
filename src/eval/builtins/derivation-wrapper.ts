/**
 * The global `derivation`: a lazy set around `derivationStrict`. `drvPath` and each `outPath` are computed when they
 * are needed; every output is a set of its own that also has the attributes of all others.
 */
import { call1, delay } from '../call.ts';
import { evalError, withTrace } from '../errors.ts';
import { force, forceAttrs, forceList, forceTextNoContext } from '../force.ts';
import { mergeSets } from '../merge.ts';
import type { Runtime } from '../runtime.ts';
import { Shape } from '../shape.ts';
import { intern, type SymbolId, symbolName } from '../symbols.ts';
import { AttrSet, Code, Env, Lambda, type LambdaCode, type Lazy, type Value } from '../value.ts';

export interface OutputSets {
  /** The attributes that the derivation was made from. */
  readonly attrs: AttrSet;
  /** Output names, the first being the one that the result stands for. */
  readonly names: readonly string[];
  /** Whether the sets have an attribute `drvAttrs`. */
  readonly withDrvAttrs: boolean;
  readonly drvPath: () => Lazy;
  readonly outPath: (output: string) => Lazy;
}

/** A maker of sets with fixed names: their shape is made once. */
function setMaker(names: readonly string[]): (values: Readonly<Record<string, Lazy>>) => AttrSet {
  const keys = names.map(intern).sort((a, b) => a - b);
  const shape = new Shape(Shape.shareKeys(keys), null, true);
  return (values) =>
    new AttrSet(
      shape,
      keys.map((key) => values[symbolName(key)]),
    );
}

const ownAttributes = setMaker(['outPath', 'drvPath', 'type', 'outputName']);
const common = setMaker(['all', 'drvAttrs']);
const commonImported = setMaker(['all']);
const outputShapes = new Map<string, { shape: Shape; keys: readonly SymbolId[] }>();

/** A set with one attribute for each output. */
function outputsSet(names: readonly string[], values: readonly Lazy[]): AttrSet {
  const text = names.join();
  let known = outputShapes.get(text);
  if (known === undefined) {
    const keys = [...new Set(names.map(intern))].sort((a, b) => a - b);
    known = { shape: new Shape(Shape.shareKeys(keys), null, true), keys };
    outputShapes.set(text, known);
  }
  return new AttrSet(
    known.shape,
    known.keys.map((key) => values[names.indexOf(symbolName(key))]),
  );
}

/** The set of the first output, with those of the others in it. */
export function derivationOutputs(of: OutputSets): Value {
  const { attrs, names } = of;
  let shared: AttrSet | undefined;
  const sets: Lazy[] = names.map((outputName) =>
    delay(() => {
      const own = ownAttributes({
        outPath: delay(() => force(of.outPath(outputName))),
        drvPath: delay(() => force(of.drvPath())),
        type: 'derivation',
        outputName,
      });
      return mergeSets(commonAttributes(), own);
    }),
  );
  const commonAttributes = (): AttrSet => {
    if (shared === undefined) {
      const all = of.withDrvAttrs ? common({ all: sets, drvAttrs: attrs }) : commonImported({ all: sets });
      shared = mergeSets(mergeSets(attrs, outputsSet(names, sets)), all);
    }
    return shared;
  };
  return force(sets[0]);
}

const outputsSymbol = intern('outputs');
const drvPathSymbol = intern('drvPath');

function makeDerivation(runtime: Runtime, attrs: AttrSet): Value {
  const outputs = attrs.get(outputsSymbol);
  const names =
    outputs === undefined
      ? ['out']
      : forceList(outputs, 0, 'while evaluating the `outputs` attribute of a derivation').map((name) =>
          forceTextNoContext(
            name,
            0,
            'while evaluating an element of the `outputs` attribute of a derivation',
          ),
        );
  if (names.length === 0) throw evalError("the attribute 'outputs' of a derivation is an empty list");
  const strict = delay(() => {
    const fn = force(runtime.builtins.get(intern('derivationStrict'))!);
    return call1(fn, attrs, 0);
  });
  const select = (name: string, symbol: SymbolId): Lazy => {
    const value = (force(strict) as AttrSet).get(symbol);
    if (value === undefined) throw evalError(`attribute '${name}' missing`);
    return value;
  };
  return derivationOutputs({
    attrs,
    names,
    withDrvAttrs: true,
    drvPath: () => select('drvPath', drvPathSymbol),
    outPath: (name) => select(name, intern(name)),
  });
}

/** The function `derivation`. It is a lambda, not a builtin, to those who ask: it has formals, and prints as one. */
export function derivationFunction(runtime: Runtime): Lambda {
  const argumentOf = (argument: Lazy): AttrSet =>
    forceAttrs(argument, 0, 'while evaluating the value passed for the lambda argument');
  const code: LambdaCode = {
    arity: 1,
    formals: { list: [{ symbol: outputsSymbol, hasDefault: true, pos: 0 }], ellipsis: true },
    name: undefined,
    body: new Code((env: Env) => makeDerivation(runtime, env.a as AttrSet), 0),
    posOf: () => 0,
    argumentName: () => 'drvAttrs',
    bindFormals(_env, argument, pos) {
      try {
        return new Env(null, argumentOf(argument));
      } catch (error) {
        throw pos === 0 ? error : withTrace(error, 'from call site', pos);
      }
    },
  };
  return new Lambda(code, new Env(null));
}
