/**
 * From derivations to output paths: the hash *modulo* fixed outputs.
 *
 * A derivation's output paths follow from its text with (1) its own output paths left blank, and (2) each input
 * `.drv` replaced by that input's own modulo hash (with its output paths in place). A fixed-output input counts only
 * through its content hash, so that changing how a file is fetched does not rebuild the world. When an input's
 * paths are known only after building (floating, impure), the result is deferred.
 *
 * Inputs are hashed iteratively, in post-order: real closures are thousands deep in the worst case.
 */
import { formatDerivation } from './aterm.ts';
import { formatBase16 } from './base16.ts';
import { compareByteStrings } from './bytes.ts';
import {
  hashPlaceholder,
  makeFixedOutputPath,
  makeOutputPath,
  makeTextPath,
  type StorePathContext,
} from './compute-store-path.ts';
import { formatContentAddress, parseMethodAlgorithm } from './content-address.ts';
import { type Derivation, type DerivationOutput, derivationKind } from './derivation.ts';
import { badDerivationOutputs } from './errors.ts';
import { parseBareHash } from './hash.ts';
import { parseStorePath, printStorePath, type StorePath } from './store-path.ts';

/** What a derivation contributes to the hashes of those that use it. */
export type ModuloHash =
  | { readonly kind: 'regular'; readonly hash: string }
  | { readonly kind: 'fixed'; readonly outputs: ReadonlyMap<string, string> }
  | { readonly kind: 'deferred' };

/** Store directory, hash function, the way to input derivations and a memo that the caller keeps between calls. */
export interface ModuloContext extends StorePathContext {
  /** The derivation at a printed `.drv` path; throws when there is none. Asked once per path thanks to the memo. */
  readonly readDerivation: (drvPath: string) => Derivation;
  /** Printed `.drv` path -> its modulo hash. A `.drv` never changes, so entries never go stale. */
  readonly memo: Map<string, ModuloHash>;
}

/**
 * The modulo hash of a finished derivation (output paths in place), as its users see it.
 *
 * @throws NixError `bad-derivation`, or whatever `readDerivation` throws
 */
export function hashDerivationModulo(context: ModuloContext, derivation: Derivation): ModuloHash {
  hashInputs(context, derivation);
  return hashWithInputsKnown(context, derivation);
}

/**
 * Fills in a new derivation, in place: output paths of input-addressed outputs and of the fixed output, and the
 * environment variables named after outputs (for floating ones: the placeholder). `deferred` outputs that can be known become input-addressed; the
 * others stay as they are. May be repeated.
 *
 * @returns `true` when all output paths are known now
 * @throws NixError `bad-derivation`, `bad-store-path`, or whatever `readDerivation` throws
 */
export function fillOutputPaths(context: ModuloContext, name: string, derivation: Derivation): boolean {
  const kind = derivationKind(derivation);
  if (kind === 'floating' || kind === 'impure') {
    for (const outputName of derivation.outputs.keys()) {
      derivation.env.set(outputName, hashPlaceholder(context.hasher, outputName));
    }
    return false;
  }
  if (kind === 'fixed') {
    const output = derivation.outputs.get('out')!;
    setOutput(derivation, 'out', { ...output, path: fixedOutputPath(context, name, output) });
    return true;
  }
  for (const outputName of derivation.outputs.keys()) {
    setOutput(derivation, outputName, { path: '', hashAlgo: '', hash: '' });
  }
  hashInputs(context, derivation);
  const text = substituteInputs(context, derivation);
  if (text === undefined) return false;
  const digest = context.hasher('sha256', text);
  for (const outputName of derivation.outputs.keys()) {
    const path = printStorePath(context.storeDir, makeOutputPath(context, outputName, digest, name));
    setOutput(derivation, outputName, { path, hashAlgo: '', hash: '' });
  }
  return true;
}

/**
 * Checks that a derivation's output paths are those that follow from it.
 *
 * @throws NixError `bad-derivation` naming the first wrong one
 */
export function checkOutputPaths(context: ModuloContext, name: string, derivation: Derivation): void {
  const expected: Derivation = {
    ...derivation,
    outputs: new Map(derivation.outputs),
    env: new Map(derivation.env),
  };
  fillOutputPaths(context, name, expected);
  for (const [outputName, { path }] of derivation.outputs) {
    const right = expected.outputs.get(outputName)!.path;
    if (path !== right) {
      throw badDerivationOutputs(
        `derivation '${name}' has incorrect output '${path}', should be '${right === '' ? 'deferred' : right}'`,
      );
    }
    if (right !== '' && derivation.env.get(outputName) !== right) {
      throw badDerivationOutputs(
        `derivation '${name}' has incorrect environment variable '${outputName}', should be '${right}'`,
      );
    }
  }
}

/** Where the `.drv` file itself goes: a text path whose references are all inputs. */
export function derivationPath(
  context: StorePathContext,
  name: string,
  derivation: Derivation,
  text = formatDerivation(derivation),
): StorePath {
  const references = derivationReferences(context.storeDir, derivation);
  return makeTextPath(context, `${name}.drv`, context.hasher('sha256', text), references);
}

/** The references of a `.drv` file: its input sources and input derivations (not its outputs). */
export function derivationReferences(storeDir: string, derivation: Derivation): StorePath[] {
  const all = new Set([...derivation.inputSrcs, ...derivation.inputDrvs.keys()]);
  return [...all].sort(compareByteStrings).map((path) => parseStorePath(storeDir, path));
}

/** The path of a fixed output. */
export function fixedOutputPath(context: StorePathContext, name: string, output: DerivationOutput): string {
  const { method, algorithm } = parseMethodAlgorithm(output.hashAlgo);
  const hash = parseBareHash(output.hash, algorithm);
  const path =
    method === 'text'
      ? makeTextPath(context, name, hash.digest, [])
      : makeFixedOutputPath(context, name, method, hash);
  return printStorePath(context.storeDir, path);
}

/** The content address that a fixed output must have, as the database keeps it. */
export function fixedOutputAddress(output: DerivationOutput): string {
  const { method, algorithm } = parseMethodAlgorithm(output.hashAlgo);
  return formatContentAddress({ method, hash: parseBareHash(output.hash, algorithm) });
}

function setOutput(derivation: Derivation, name: string, output: DerivationOutput): void {
  derivation.outputs.set(name, output);
  derivation.env.set(name, output.path);
}

/** Puts the modulo hashes of all (indirect) inputs into the memo. */
function hashInputs(context: ModuloContext, derivation: Derivation): void {
  const stack: { path: string; derivation: Derivation; todo: string[] }[] = [];
  const visit = (path: string, inner: Derivation) => {
    // The inputs of a fixed-output derivation do not count, so they are not read either.
    const todo = derivationKind(inner) === 'fixed' ? [] : [...inner.inputDrvs.keys()];
    stack.push({ path, derivation: inner, todo });
  };
  visit('', derivation);
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const next = top.todo.pop();
    if (next !== undefined) {
      if (!context.memo.has(next)) visit(next, context.readDerivation(next));
      continue;
    }
    stack.pop();
    if (stack.length > 0) context.memo.set(top.path, hashWithInputsKnown(context, top.derivation));
  }
}

function hashWithInputsKnown(context: ModuloContext, derivation: Derivation): ModuloHash {
  const kind = derivationKind(derivation);
  if (kind === 'fixed') return { kind: 'fixed', outputs: fixedOutputHashes(context, derivation) };
  if (kind !== 'inputAddressed') return { kind: 'deferred' };
  const text = substituteInputs(context, derivation);
  if (text === undefined) return { kind: 'deferred' };
  return { kind: 'regular', hash: formatBase16(context.hasher('sha256', text)) };
}

function fixedOutputHashes(context: StorePathContext, derivation: Derivation): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const [name, output] of derivation.outputs) {
    const payload = `fixed:out:${output.hashAlgo}:${output.hash}:${output.path}`;
    hashes.set(name, formatBase16(context.hasher('sha256', payload)));
  }
  return hashes;
}

/** The derivation's text with inputs replaced by their hashes; `undefined` when one is deferred. */
function substituteInputs(context: ModuloContext, derivation: Derivation): string | undefined {
  const merged = new Map<string, Set<string>>();
  const add = (hash: string, names: readonly string[]) => {
    const known = merged.get(hash) ?? new Set();
    for (const name of names) known.add(name);
    merged.set(hash, known);
  };
  for (const [path, names] of derivation.inputDrvs) {
    const modulo = context.memo.get(path)!;
    if (modulo.kind === 'deferred') return undefined;
    if (modulo.kind === 'regular') {
      add(modulo.hash, names);
      continue;
    }
    for (const name of names) {
      const hash = modulo.outputs.get(name);
      if (hash === undefined)
        throw badDerivationOutputs(`no hash for output '${name}' of derivation '${path}'`);
      add(hash, ['out']);
    }
  }
  const inputDrvs = new Map<string, string[]>();
  for (const [hash, names] of merged) inputDrvs.set(hash, [...names]);
  return formatDerivation({ ...derivation, inputDrvs });
}
