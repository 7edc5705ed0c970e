/**
 * `derivationStrict`: from a set of attributes to a `.drv` in the store. The file must be the same, byte for byte, as
 * the one C++ Nix writes, since output paths follow from it.
 */
import {
  checkStorePathName,
  compareByteStrings,
  type Derivation,
  derivationReferences,
  downstreamPlaceholder,
  emptyDerivation,
  fillOutputPaths,
  formatDerivation,
  formatHash,
  type Hash,
  type HashAlgorithm,
  hashDerivationModulo,
  type ModuloContext,
  parseDerivation,
  parseHash,
  parseStorePath,
  printStorePath,
  tryParseHashAlgorithm,
  zeroHash,
} from '../../formats/index.ts';
import { coerceToString, derivationText } from '../coerce.ts';
import { asNixError, evalError, NixError, withTrace } from '../errors.ts';
import {
  force,
  forceAttrs,
  forceBool,
  forceList,
  forceString,
  forceTextNoContext,
  requireAttr,
} from '../force.ts';
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
import { hasherOf } from './hasher.ts';
import { quoteJson, valueToJson } from './json.ts';
import { parseJson } from './json-parser.ts';
import type { BuiltinTable } from './registry.ts';

/** How a content-addressed output is hashed. */
type Method = 'flat' | 'nar' | 'text';

/** What is gathered from the attributes before the derivation is complete. */
interface Draft {
  readonly name: string;
  readonly derivation: Derivation;
  readonly context: Set<string>;
  /** Structured attributes as JSON members, in order; `undefined` when they are off. */
  readonly members: string[] | undefined;
  outputs: readonly string[];
  outputHash: string | undefined;
  outputHashAlgo: HashAlgorithm | undefined;
  method: Method | undefined;
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

function derivationStrict(runtime: Runtime, _pos: PosIdx, argument: Lazy): Value {
  const attrs = forceAttrs(argument, 0, 'while evaluating the argument passed to builtins.derivationStrict');
  const lazyName = requireAttr(
    attrs,
    'name',
    'in the attrset passed as argument to builtins.derivationStrict',
  );
  const namePos = attrs.position(symbols.name);
  let name: string;
  try {
    name = forceTextNoContext(lazyName, 0, passed('name'));
  } catch (error) {
    throw withTrace(error, "while evaluating the derivation attribute 'name'", namePos);
  }
  try {
    return makeDerivation(runtime, attrs, name);
  } catch (error) {
    const shown = asNixError(error);
    if (!(shown instanceof NixError)) throw shown;
    // Always shown: the chain of derivations tells users where they are. The place is text, without the source line.
    const place = `whose name attribute is located at ${printPos(namePos)}`;
    throw shown.addTrace(`while evaluating derivation '${name}'\n  ${place}`, undefined, true);
  }
}

function makeDerivation(runtime: Runtime, attrs: AttrSet, name: string): Value {
  checkDerivationName(name);
  const flag = (symbol: number, attribute: string) => {
    const value = attrs.get(symbol);
    return value !== undefined && forceBool(value, 0, passed(attribute));
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
    if (key === '__ignoreNulls') continue;
    const pos = attrs.position(intern(key));
    try {
      if (!ignoreNulls || force(value) !== null) addAttribute(runtime, draft, key, value, pos);
    } catch (error) {
      throw withTrace(error, `while evaluating attribute '${key}' of derivation '${name}'`, pos);
    }
  }
  if (draft.members) draft.derivation.env.set('__json', `{${draft.members.join(',')}}`);
  addInputs(runtime, draft);
  checkComplete(draft);
  return writeDerivation(runtime, draft);
}

function addAttribute(runtime: Runtime, draft: Draft, key: string, value: Lazy, pos: PosIdx): void {
  const { derivation, members } = draft;
  switch (key) {
    case '__contentAddressed':
      draft.contentAddressed = forceBool(value, 0, '');
      if (draft.contentAddressed) requireFeature(runtime, 'ca-derivations');
      break;
    case '__impure':
      draft.impure = forceBool(value, 0, '');
      if (draft.impure) requireFeature(runtime, 'impure-derivations');
      break;
    case 'args':
      for (const element of forceList(value, 0, '')) {
        const what = 'while evaluating an element of the argument list';
        derivation.args.push(take(draft, coerceToString(runtime, element, 0, what, derivationText)));
      }
      break;
    default:
      if (members) addStructured(runtime, draft, members, key, value, pos);
      else addVariable(runtime, draft, key, value, pos);
  }
}

function addVariable(runtime: Runtime, draft: Draft, key: string, value: Lazy, pos: PosIdx): void {
  const text = take(draft, coerceToString(runtime, value, 0, '', derivationText));
  if (key === '__json') {
    const advice =
      "setting structured attributes via '__json' is deprecated, and may be disallowed in future versions of Nix. Set '__structuredAttrs = true' instead.";
    runtime.warn(advice, pos, `while evaluating derivation '${draft.name}'`);
    draft.derivation.env.set(key, valueToJson(runtime, parseJson(text), 0).text);
    return;
  }
  draft.derivation.env.set(key, text);
  if (key === 'builder') draft.derivation.builder = text;
  else if (key === 'system') draft.derivation.platform = text;
  else if (key === 'outputs') setOutputNames(draft, text.match(/[^ \t\n\r]+/g) ?? []);
  else addHashAttribute(runtime, draft, key, text);
}

/** Attributes that structured attributes have no use for. */
const withoutEffect = new Set([
  'allowedReferences',
  'allowedRequisites',
  'disallowedReferences',
  'disallowedRequisites',
  'maxSize',
  'maxClosureSize',
]);

function addStructured(
  runtime: Runtime,
  draft: Draft,
  members: string[],
  key: string,
  value: Lazy,
  pos: PosIdx,
): void {
  if (key === '__structuredAttrs') return;
  const { text, context } = valueToJson(runtime, value, 0);
  for (const element of context) draft.context.add(element);
  members.push(`${quoteJson(key)}:${text}`);
  if (key === 'builder') draft.derivation.builder = take(draft, forceString(value, 0, ''));
  else if (key === 'system') draft.derivation.platform = forceTextNoContext(value, 0, '');
  else if (key === 'outputs') {
    setOutputNames(
      draft,
      forceList(value, 0, '').map((element) => forceTextNoContext(element, 0, '')),
    );
  } else if (key === 'outputHash' || key === 'outputHashAlgo' || key === 'outputHashMode') {
    addHashAttribute(runtime, draft, key, forceTextNoContext(value, 0, ''));
  } else if (withoutEffect.has(key)) {
    const instead = `use 'outputChecks.<output>.${key}' instead`;
    const message = `'structuredAttrs' disables the effect of the derivation attribute '${key}'; ${instead}`;
    runtime.warn(message, pos, `while evaluating derivation '${draft.name}'`);
  }
}

function addHashAttribute(runtime: Runtime, draft: Draft, key: string, text: string): void {
  if (key === 'outputHash') draft.outputHash = text;
  // An unknown name counts as none.
  else if (key === 'outputHashAlgo') draft.outputHashAlgo = tryParseHashAlgorithm(text);
  else if (key === 'outputHashMode') draft.method = parseMode(runtime, text);
}

function parseMode(runtime: Runtime, text: string): Method {
  switch (text) {
    case 'recursive':
    case 'nar':
      return 'nar';
    case 'flat':
      return 'flat';
    case 'text':
      requireFeature(runtime, 'dynamic-derivations');
      return 'text';
    case 'git':
      requireFeature(runtime, 'git-hashing');
  }
  throw evalError(`invalid value '${text}' for 'outputHashMode' attribute`, 0, {
    hint: "expected 'flat', 'recursive' or 'text'",
  });
}

function setOutputNames(draft: Draft, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw evalError(`duplicate derivation output '${name}'`);
    // The result has an attribute of this name already.
    if (name === 'drvPath') throw evalError("invalid derivation output name 'drvPath'");
    seen.add(name);
  }
  if (seen.size === 0) throw evalError('derivation cannot have an empty set of outputs');
  draft.outputs = [...seen];
}

function checkDerivationName(name: string): void {
  try {
    checkStorePathName(name);
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    throw evalError(`invalid derivation name: ${error.message}. Please pass a different 'name'.`, 0, {
      code: error.code,
      hint: error.hint,
    });
  }
}

function checkComplete({ derivation, name, method, outputs }: Draft): void {
  if (derivation.builder === '') throw evalError("required attribute 'builder' missing");
  if (derivation.platform === '') throw evalError("required attribute 'system' missing");
  const isDerivationFile = method === 'text' && outputs.length === 1 && outputs[0] === 'out';
  if (name.endsWith('.drv') && !isDerivationFile) {
    throw evalError(
      "derivation names are allowed to end in '.drv' only if they produce a single derivation file",
    );
  }
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
  setOutputs(runtime, draft);
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
    const known = path !== '';
    const text = known
      ? path
      : downstreamPlaceholder(context.hasher, parseStorePath(io.storeDir, drvPath), output);
    builder.add(intern(output), new ContextString(text, [`!${output}!${drvPath}`]));
  }
  return builder.build();
}

/** Gives the draft's derivation its outputs, paths still open. */
function setOutputs(runtime: Runtime, draft: Draft): void {
  const { derivation, outputs, method, contentAddressed, impure } = draft;
  if (draft.outputHash !== undefined) {
    if (outputs.length !== 1 || outputs[0] !== 'out') {
      throw evalError('multiple outputs are not supported in fixed-output derivations');
    }
    const hash = parseOutputHash(runtime, draft.outputHash, draft.outputHashAlgo);
    const hashAlgo = methodPrefix(method ?? 'flat') + hash.algorithm;
    derivation.outputs.set('out', { path: '', hashAlgo, hash: formatHash(hash, 'base16', false) });
    return;
  }
  if (contentAddressed && impure) {
    throw evalError('derivation cannot be both content-addressed and impure');
  }
  const floating = contentAddressed || impure;
  const hashAlgo = floating ? methodPrefix(method ?? 'nar') + (draft.outputHashAlgo ?? 'sha256') : '';
  for (const output of outputs) {
    derivation.outputs.set(output, { path: '', hashAlgo, hash: impure ? 'impure' : '' });
  }
}

function methodPrefix(method: Method): string {
  return method === 'nar' ? 'r:' : method === 'text' ? 'text:' : '';
}

function parseOutputHash(runtime: Runtime, text: string, algorithm: HashAlgorithm | undefined): Hash {
  if (text !== '') return parseHash(text, algorithm);
  if (algorithm === undefined) throw evalError('empty hash requires explicit hash algorithm');
  const zeros = zeroHash(algorithm);
  runtime.warn(`found empty hash, assuming '${formatHash(zeros, 'sri', true)}'`);
  return zeros;
}

function moduloContext(runtime: Runtime): ModuloContext {
  return runtime.memo('modulo', () => ({
    storeDir: runtime.io.storeDir,
    hasher: hasherOf(runtime),
    memo: new Map(),
    readDerivation: (path: string) => readDerivation(runtime, path),
  }));
}

function requireFeature(runtime: Runtime, feature: string): void {
  if (runtime.settings.experimentalFeatures.has(feature)) return;
  const enable = `add '--extra-experimental-features ${feature}' to enable it`;
  throw evalError(`experimental Nix feature '${feature}' is disabled; ${enable}`, 0, {
    code: 'experimental-feature',
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
