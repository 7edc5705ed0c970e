/**
 * Derivations: what a build needs, as data. All strings are byte strings, paths are printed store paths, exactly as
 * in the `.drv` file; the codec (`aterm.ts`) keeps every byte.
 *
 * An output's three fields say what it is:
 *
 * | path | hashAlgo    | hash       | kind                                                    |
 * |------|-------------|------------|---------------------------------------------------------|
 * | set  | ``          | ``         | `inputAddressed`                                        |
 * | set  | `[r:]ALGO`  | base 16    | `fixed`: the contents' hash is known beforehand         |
 * | ``   | `[r:]ALGO`  | ``         | `floating`: content-addressed, path known after building |
 * | ``   | `[r:]ALGO`  | `impure`   | `impure`: floating, and never reused                     |
 * | ``   | ``          | ``         | `deferred`: input-addressed, but an input is floating    |
 */
import { badDerivationOutputs } from './errors.ts';

export interface DerivationOutput {
  readonly path: string;
  readonly hashAlgo: string;
  readonly hash: string;
}

/** Maps may be in any order and are written sorted; `inputSrcs` and the output names in `inputDrvs` too. */
export interface Derivation {
  readonly outputs: Map<string, DerivationOutput>;
  /** `.drv` path -> output names used. */
  readonly inputDrvs: Map<string, string[]>;
  readonly inputSrcs: string[];
  platform: string;
  builder: string;
  readonly args: string[];
  readonly env: Map<string, string>;
}

export type OutputKind = 'inputAddressed' | 'fixed' | 'floating' | 'impure' | 'deferred';

/** The environment variable that carries structured attributes (JSON text). */
export const STRUCTURED_ATTRS_VARIABLE = '__json';

/** What kind of output this is. */
export function outputKind(output: DerivationOutput): OutputKind {
  if (output.hashAlgo !== '') {
    if (output.hash === 'impure') return 'impure';
    return output.hash !== '' ? 'fixed' : 'floating';
  }
  return output.path !== '' ? 'inputAddressed' : 'deferred';
}

/**
 * The kind of all outputs, which must agree.
 *
 * @throws NixError `bad-derivation`
 */
export function derivationKind(derivation: Derivation): OutputKind {
  let kind: OutputKind | undefined;
  let algorithm = '';
  for (const [name, output] of derivation.outputs) {
    const own = outputKind(output);
    if (kind !== undefined && kind !== own) throw badDerivationOutputs("can't mix derivation output types");
    if (own === 'fixed') {
      if (kind !== undefined) throw badDerivationOutputs('only one fixed output is allowed for now');
      if (name !== 'out') throw badDerivationOutputs('single fixed output must be named "out"');
    }
    if (own === 'floating') {
      const named = output.hashAlgo.replace(/^.*:/, '');
      if (algorithm !== '' && algorithm !== named) {
        throw badDerivationOutputs('all floating outputs must use the same hash algorithm');
      }
      algorithm = named;
    }
    kind = own;
  }
  if (kind === undefined) throw badDerivationOutputs('must have at least one output');
  return kind;
}

/** Whether the build is one of the builders inside Firn (`builtin:fetchurl`), not a program. */
export function isBuiltinBuilder(derivation: Derivation): boolean {
  return derivation.builder.startsWith('builtin:');
}

/** A derivation with nothing in it, to be filled. */
export function emptyDerivation(): Derivation {
  return {
    outputs: new Map(),
    inputDrvs: new Map(),
    inputSrcs: [],
    platform: '',
    builder: '',
    args: [],
    env: new Map(),
  };
}
