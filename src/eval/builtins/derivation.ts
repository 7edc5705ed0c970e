/**
 * `derivationStrict`: from a set of attributes to a `.drv` in the store. The file must be the same, byte for byte, as
 * the one C++ Nix writes, since output paths follow from it.
 */
import {
  checkStorePathName,
  compareByteStrings,
  type Derivation,
  derivationReferences,
  emptyDerivation,
  fillOutputPaths,
  formatDerivation,
  formatHash,
  type Hasher,
  hashDerivationModulo,
  hashPlaceholder,
  type ModuloContext,
  parseDerivation,
  parseHash,
  parseHashAlgorithm,
  printStorePath,
} from '../../formats/index.ts';
import { call1 } from '../call.ts';
import { coerceToString, derivationText } from '../coerce.ts';
import { evalError, withTrace } from '../errors.ts';
import { force, forceAttrs, forceBool, forceList, forceString, forceTextNoContext } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import { printPos } from '../print.ts';
import { parseBuiltElement } from '../realise.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import {
  type AttrSet,
  AttrSetBuilder,
  ContextString,
  contextOf,
  type Lazy,
  type NixString,
  textOf,
  type Value,
} from '../value.ts';
import type { BuiltinTable } from './registry.ts';

/** What is gathered from the attributes before the derivation is complete. */
interface Draft {
  readonly name: string;
  readonly derivation: Derivation;
  readonly context: Set<string>;
  /** Structured attributes as JSON members, in order; `undefined` when they are off. */
  readonly members: string[] | undefined;
  outputs: readonly string[];
  outputHash: string | undefined;
  outputHashAlgo: string | undefined;
  method: 'flat' | 'nar' | 'text' | undefined;
  contentAddressed: boolean;
  impure: boolean;
}

const symbols = {
  name: intern('name'),
  structured: intern('__structuredAttrs'),
  ignoreNulls: intern('__ignoreNulls'),
  drvPath: intern('drvPath'),
};

const passed = (name: string) =>
  `while evaluating the \`${name}\` attribute passed to builtins.derivationStrict`;

function derivationStrict(runtime: Runtime, pos: PosIdx, argument: Lazy): Value {
  const attrs = forceAttrs(
    argument,
    pos,
    'while evaluating the argument passed to builtins.derivationStrict',
  );
  const nameIndex = attrs.shape.find(symbols.name);
  if (nameIndex < 0) {
    const trace = 'in the attrset passed as argument to builtins.derivationStrict';
    throw evalError("attribute 'name' missing", pos, { code: 'missing-attribute', trace });
  }
  const namePos = attrs.shape.positionAt(nameIndex);
  let name: string;
  try {
    name = forceTextNoContext(attrs.values[nameIndex], pos, passed('name'));
  } catch (error) {
    throw withTrace(error, 'while evaluating the derivation attribute `name`', namePos);
  }
  try {
    return makeDerivation(runtime, pos, attrs, name);
  } catch (error) {
    throw withTrace(
      error,
      `while evaluating derivation '${name}'\n  whose name attribute is located at ${printPos(namePos)}`,
    );
  }
}

function makeDerivation(runtime: Runtime, pos: PosIdx, attrs: AttrSet, name: string): Value {
  checkDerivationName(name);
  const flag = (symbol: number, attribute: string) => {
    const value = attrs.get(symbol);
    return value !== undefined && forceBool(value, pos, passed(attribute));
  };
  const draft: Draft = {
    name,
    derivation: emptyDerivation(),
    context: new Set(),
    members: flag(symbols.structured, '__structuredAttrs') ? [] : undefined,
    outputs: ['out'],
    outputHash: undefined,
    outputHashAlgo: undefined,
    method: undefined,
    contentAddressed: false,
    impure: false,
  };
  const ignoreNulls = flag(symbols.ignoreNulls, '__ignoreNulls');
  for (const [key, value] of attrs.entries()) {
    if (key === '__ignoreNulls' || (ignoreNulls && force(value) === null)) continue;
    try {
      addAttribute(runtime, pos, draft, key, value);
    } catch (error) {
      throw withTrace(
        error,
        `while evaluating attribute '${key}' of derivation '${name}'`,
        attrs.position(intern(key)),
      );
    }
  }
  if (draft.members) draft.derivation.env.set('__json', `{${draft.members.join(',')}}`);
  addInputs(runtime, draft);
  checkComplete(draft);
  return writeDerivation(runtime, draft);
}

function addAttribute(runtime: Runtime, pos: PosIdx, draft: Draft, key: string, value: Lazy): void {
  const { derivation, members } = draft;
  if (key === '__contentAddressed' && forceBool(value, pos, '')) {
    requireFeature(runtime, 'ca-derivations');
    draft.contentAddressed = true;
  } else if (key === '__impure' && forceBool(value, pos, '')) {
    requireFeature(runtime, 'impure-derivations');
    draft.impure = true;
  } else if (key === 'args') {
    for (const element of forceList(value, pos, '')) {
      const what = 'while evaluating an element of the argument list';
      derivation.args.push(take(draft, coerceToString(runtime, element, pos, what, derivationText)));
    }
  } else if (members) addStructured(runtime, pos, draft, key, value);
  else addVariable(runtime, pos, draft, key, value);
}

function addVariable(runtime: Runtime, pos: PosIdx, draft: Draft, key: string, value: Lazy): void {
  const text = take(draft, coerceToString(runtime, value, pos, '', derivationText));
  draft.derivation.env.set(key, text);
  switch (key) {
    case 'builder':
      draft.derivation.builder = text;
      break;
    case 'system':
      draft.derivation.platform = text;
      break;
    case 'outputs':
      draft.outputs = checkOutputNames(text.split(/[ \t\n\r]+/).filter((word) => word !== ''));
      break;
    default:
      addHashAttribute(draft, key, text);
  }
}

function addStructured(runtime: Runtime, pos: PosIdx, draft: Draft, key: string, value: Lazy): void {
  if (key === '__structuredAttrs') return;
  draft.members!.push(`${take(draft, toJson(runtime, key))}:${take(draft, toJson(runtime, value))}`);
  const text = () => forceTextNoContext(value, pos, passed(key));
  if (key === 'builder') draft.derivation.builder = take(draft, forceString(value, pos, passed(key)));
  else if (key === 'system') draft.derivation.platform = text();
  else if (key === 'outputs') {
    const list = forceList(value, pos, passed(key));
    draft.outputs = checkOutputNames(list.map((element) => forceTextNoContext(element, pos, passed(key))));
  } else if (key === 'outputHash' || key === 'outputHashAlgo' || key === 'outputHashMode')
    addHashAttribute(draft, key, text());
}

function addHashAttribute(draft: Draft, key: string, text: string): void {
  if (key === 'outputHash') draft.outputHash = text;
  else if (key === 'outputHashAlgo') draft.outputHashAlgo = text;
  else if (key === 'outputHashMode') draft.method = parseMode(text);
}

function parseMode(text: string): 'flat' | 'nar' | 'text' {
  if (text === 'recursive' || text === 'nar') return 'nar';
  if (text === 'flat' || text === 'text') return text;
  throw evalError(`invalid value '${text}' for 'outputHashMode' attribute`, 0, {
    hint: "expected 'flat', 'recursive' or 'text'",
  });
}

function checkOutputNames(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw evalError(`duplicate derivation output '${name}'`);
    // The set has an attribute of this name already.
    if (name === 'drv' || name === 'drvPath') throw evalError(`invalid derivation output name '${name}'`);
    checkStorePathName(name);
    seen.add(name);
  }
  if (names.length === 0) throw evalError('derivation cannot have an empty set of outputs');
  return names;
}

function checkDerivationName(name: string): void {
  if (name.endsWith('.drv')) {
    throw evalError(`derivation names are not allowed to end in '.drv'`, 0, {
      hint: `choose another name than '${name}'`,
    });
  }
  checkStorePathName(name);
}

function checkComplete({ derivation }: Draft): void {
  if (derivation.builder === '') throw evalError("required attribute 'builder' missing");
  if (derivation.platform === '') throw evalError("required attribute 'system' missing");
}

/** Adds the string's context to the draft's and gives its text. */
function take(draft: Draft, text: NixString): string {
  for (const element of contextOf(text)) draft.context.add(element);
  return textOf(text);
}

/** The input derivations and sources that the context names. */
function addInputs(runtime: Runtime, { derivation, context }: Draft): void {
  const sources = new Set<string>();
  const addOutputs = (drvPath: string, outputs: readonly string[]) => {
    const known = derivation.inputDrvs.get(drvPath) ?? [];
    derivation.inputDrvs.set(drvPath, [...new Set([...known, ...outputs])].sort(compareByteStrings));
  };
  for (const element of context) {
    const built = parseBuiltElement(element);
    if (built) addOutputs(built.drvPath, [built.output]);
    else if (!element.startsWith('=')) sources.add(element);
    else {
      for (const path of derivationClosure(runtime, element.slice(1))) {
        sources.add(path);
        if (path.endsWith('.drv')) addOutputs(path, [...readDerivation(runtime, path).outputs.keys()]);
      }
    }
  }
  derivation.inputSrcs.push(...[...sources].sort(compareByteStrings));
}

/** A `.drv` with everything that it refers to, directly or not. */
function derivationClosure(runtime: Runtime, start: string): Set<string> {
  const closure = new Set([start]);
  for (const path of closure) {
    if (!path.endsWith('.drv')) {
      for (const reference of runtime.io.queryReferences(path)) closure.add(reference);
      continue;
    }
    const { inputDrvs, inputSrcs } = readDerivation(runtime, path);
    for (const reference of [...inputDrvs.keys(), ...inputSrcs]) closure.add(reference);
  }
  return closure;
}

function readDerivation(runtime: Runtime, path: string): Derivation {
  const known = runtime.memo('derivations', () => new Map<string, Derivation>());
  let derivation = known.get(path);
  if (!derivation) {
    derivation = parseDerivation(runtime.io.readDerivation(path));
    known.set(path, derivation);
  }
  return derivation;
}

function writeDerivation(runtime: Runtime, draft: Draft): Value {
  const { derivation, name } = draft;
  const { io } = runtime;
  const context = moduloContext(runtime);
  setOutputs(draft, context.hasher);
  fillOutputPaths(context, name, derivation);
  const aterm = formatDerivation(derivation);
  const references = derivationReferences(io.storeDir, derivation).map((path) =>
    printStorePath(io.storeDir, path),
  );
  const drvPath = io.writeDerivation({ name: `${name}.drv`, aterm, references });
  runtime.allowPath(drvPath);
  runtime.memo('derivations', () => new Map<string, Derivation>()).set(drvPath, derivation);
  context.memo.set(drvPath, hashDerivationModulo(context, derivation));
  const builder = new AttrSetBuilder();
  builder.add(symbols.drvPath, new ContextString(drvPath, [`=${drvPath}`]));
  for (const [output, { path }] of derivation.outputs) {
    // The path of a floating output is not known yet: a placeholder stands for it.
    const text = path !== '' ? path : placeholderFor(context.hasher, drvPath, output);
    builder.add(intern(output), new ContextString(text, [`!${output}!${drvPath}`]));
  }
  return builder.build();
}

function placeholderFor(hasher: Hasher, drvPath: string, output: string): string {
  return hashPlaceholder(hasher, `${drvPath}!${output}`);
}

/** Gives the draft's derivation its outputs, paths still open. */
function setOutputs(draft: Draft, hasher: Hasher): void {
  const { derivation, outputs } = draft;
  if (draft.outputHash !== undefined) {
    if (outputs.length !== 1 || outputs[0] !== 'out') {
      throw evalError('multiple outputs are not supported in fixed-output derivations');
    }
    const hash = parseOutputHash(draft.outputHash, draft.outputHashAlgo);
    const hashAlgo = methodPrefix(draft.method ?? 'flat') + hash.algorithm;
    derivation.outputs.set('out', { path: '', hashAlgo, hash: formatHash(hash, 'base16', false) });
    return;
  }
  const floating = draft.contentAddressed || draft.impure;
  const algorithm = draft.outputHashAlgo ? parseHashAlgorithm(draft.outputHashAlgo) : 'sha256';
  for (const output of outputs) {
    if (floating) {
      const hashAlgo = methodPrefix(draft.method ?? 'nar') + algorithm;
      derivation.env.set(output, hashPlaceholder(hasher, output));
      derivation.outputs.set(output, { path: '', hashAlgo, hash: draft.impure ? 'impure' : '' });
    } else {
      derivation.env.set(output, '');
      derivation.outputs.set(output, { path: '', hashAlgo: '', hash: '' });
    }
  }
}

function methodPrefix(method: 'flat' | 'nar' | 'text'): string {
  return method === 'nar' ? 'r:' : method === 'text' ? 'text:' : '';
}

function parseOutputHash(text: string, algorithm: string | undefined) {
  const known = algorithm ? parseHashAlgorithm(algorithm) : undefined;
  return parseHash(text, known);
}

function moduloContext(runtime: Runtime): ModuloContext {
  return runtime.memo('modulo', () => {
    const hasher: Hasher = (algorithm, data) => {
      const bytes = typeof data === 'string' ? data : String.fromCharCode(...data);
      const digest = runtime.io.hash(algorithm as 'sha256', bytes);
      return Uint8Array.from(digest, (character) => character.charCodeAt(0));
    };
    return {
      storeDir: runtime.io.storeDir,
      hasher,
      memo: new Map(),
      readDerivation: (path: string) => readDerivation(runtime, path),
    };
  });
}

function toJson(runtime: Runtime, value: Lazy): NixString {
  return call1(force(runtime.builtins.get(intern('toJSON'))!), value, 0) as NixString;
}

function requireFeature(runtime: Runtime, feature: string): void {
  if (runtime.settings.experimentalFeatures.has(feature)) return;
  throw evalError(`experimental Nix feature '${feature}' is disabled`, 0, {
    code: 'experimental-feature',
    hint: `add '--extra-experimental-features ${feature}' to enable it`,
  });
}

export const derivationBuiltins: BuiltinTable = [
  {
    name: 'derivationStrict',
    args: ['attrs'],
    doc: 'Writes the derivation that *attrs* describe to the store; a set of `drvPath` and a string for each output. `derivation` is the lazy form.',
    fn: derivationStrict,
  },
];
