/**
 * Derivations as JSON, in the form of C++ Nix 2.26's `nix derivation show`: keys sorted, store paths printed, a
 * fixed output with its hash in base 16. Structured attributes stay in the variable `__json`, as in the `.drv`.
 */
import { decodeBytes } from '../diagnostics/index.ts';
import { compareByteStrings } from './bytes.ts';
import { parseMethodAlgorithm } from './content-address.ts';
import { type Derivation, type DerivationOutput, outputKind } from './derivation.ts';

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The JSON object for one derivation called `name` (without `.drv`). Byte strings become Unicode text. */
export function derivationToJson(name: string, derivation: Derivation): { [key: string]: Json } {
  return {
    args: derivation.args.map(decodeBytes),
    builder: decodeBytes(derivation.builder),
    env: sortedObject(derivation.env, decodeBytes),
    inputDrvs: sortedObject(derivation.inputDrvs, (outputs) => ({
      dynamicOutputs: {},
      outputs: outputs.toSorted(compareByteStrings).map(decodeBytes),
    })),
    inputSrcs: derivation.inputSrcs.toSorted(compareByteStrings).map(decodeBytes),
    name: decodeBytes(name),
    outputs: sortedObject(derivation.outputs, outputToJson),
    system: decodeBytes(derivation.platform),
  };
}

function outputToJson(output: DerivationOutput): Json {
  const kind = outputKind(output);
  if (kind === 'inputAddressed') return { path: output.path };
  if (kind === 'deferred') return {};
  const { method, algorithm } = parseMethodAlgorithm(output.hashAlgo);
  if (kind === 'fixed') return { hash: output.hash, hashAlgo: algorithm, method, path: output.path };
  return { hashAlgo: algorithm, ...(kind === 'impure' && { impure: true }), method };
}

function sortedObject<T>(map: ReadonlyMap<string, T>, convert: (value: T) => Json): { [key: string]: Json } {
  const keys = [...map.keys()].sort(compareByteStrings);
  return Object.fromEntries(keys.map((key) => [decodeBytes(key), convert(map.get(key)!)]));
}
