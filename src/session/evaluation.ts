/**
 * What the commands ask of the evaluator and what they get back: plain data, because it crosses a thread boundary.
 * All texts that come from evaluation are byte strings.
 */

import type { FlakeSource } from './flake-source.ts';

/** Where the expression to evaluate comes from. */
export type ExpressionSource =
  | FlakeSource
  /** A file or a directory with `default.nix`; absolute, or a lookup path such as `<nixpkgs/nixos>`. */
  | { readonly kind: 'file'; readonly path: string }
  /** Text given on the command line; relative paths in it are resolved against `basePath`. */
  | { readonly kind: 'text'; readonly text: string; readonly basePath: string; readonly stdin?: boolean };

export interface AutoArgument {
  readonly name: string;
  readonly kind: 'expr' | 'string';
  readonly text: string;
}

export interface EvaluationRequest {
  readonly source: ExpressionSource;
  /** Attribute paths to select, each in turn; `['']` for the whole value. */
  readonly attrPaths: readonly string[];
  readonly args: readonly AutoArgument[];
  readonly output: EvaluationOutput;
  /** Evaluate the whole value, not only its outermost constructor. */
  readonly strict: boolean;
  /** Whether `.drv` files and sources are written to the store. */
  readonly writeStore: boolean;
  /** Follow C++ Nix's `nix-build`: call functions with the auto arguments and look for derivations below sets. */
  readonly xmlLocations?: boolean;
}

/**
 * `derivations`: every derivation in the value. `value`, `json`, `xml`: the value as text. `parse`: the syntax tree
 * as text. `raw`: the value as a string. `type`: its type's name. `findFile` is not evaluation proper: it resolves lookup paths.
 */
export type EvaluationOutput = 'derivations' | 'value' | 'json' | 'xml' | 'parse' | 'raw' | 'type';

/** One derivation that a value holds. Paths are full store paths. */
export interface FoundDerivation {
  /** Dotted attribute path from the root of the value, for messages. */
  readonly attrPath: string;
  readonly name: string;
  readonly drvPath: string;
  /** The output that the value stands for. */
  readonly outputName: string;
  readonly outPath: string | undefined;
  /** Every output by name, as far as known at evaluation. */
  readonly outputs: readonly (readonly [name: string, path: string | undefined])[];
}

export type EvaluationAnswer =
  | { readonly kind: 'derivations'; readonly derivations: readonly FoundDerivation[] }
  /** One text for each attribute path. */
  | { readonly kind: 'texts'; readonly texts: readonly string[] };
