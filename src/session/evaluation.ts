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
  /** For output `packages`. */
  readonly packages?: PackageQuery;
}

/**
 * `derivations`: every derivation in the value. `value`, `json`, `xml`: the value as text. `parse`: the syntax tree
 * as text. `raw`: the value as a string. `type`: its type's name. `packages`: the packages in
 * the value (`FoundPackage[]` as JSON).
 */
export type EvaluationOutput =
  | 'derivations'
  | 'packages'
  | 'value'
  | 'json'
  | 'xml'
  | 'parse'
  | 'raw'
  | 'type';

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

/** What a package can be asked for besides its name and attribute path; each may fail, or take long. */
export type PackageField =
  | 'system'
  | 'drvPath'
  | 'outPath'
  | 'outputName'
  | 'outputNames'
  | 'outputPaths'
  | 'installedOutputs'
  | 'description'
  | 'flags'
  | 'meta';

/** Which packages of a value are wanted, and what of them. */
export interface PackageQuery {
  readonly fields: readonly PackageField[];
  /** Leave out what fails with `throw` or `assert`. */
  readonly ignoreAssertions: boolean;
  /** Selectors such as `hello` or `hello-1.0`: others are left out. */
  readonly selectors?: readonly string[] | undefined;
  /** Positions (from 0) among all packages of the value: others are left out. */
  readonly indices?: readonly number[] | undefined;
  /** Paths in the answer begin with the selected attribute path. */
  readonly pathPrefix: boolean;
}

/**
 * A value in `meta`, as plain data: string, integer, float (as Nix prints it, and as JSON has it), Boolean, list, set (in byte order of
 * the names).
 */
export type MetaValue =
  | readonly ['string' | 'int', string]
  | readonly ['float', text: string, json: string]
  | readonly ['bool', boolean]
  | readonly ['list', readonly MetaValue[]]
  | readonly ['set', readonly (readonly [string, MetaValue])[]];

/** A package that evaluation found; byte strings, full store paths. What was not asked for is absent. */
export interface FoundPackage {
  /** Position among all packages of the value. */
  readonly index: number;
  readonly attrPath: string;
  readonly name: string;
  /** It failed with `throw` or `assert` when it was asked for the fields. */
  readonly failed?: true;
  readonly system?: string;
  readonly drvPath?: string | undefined;
  readonly outPath?: string;
  readonly outputName?: string;
  /** In byte order of the names. */
  readonly outputs?: readonly (readonly [name: string, path: string | null])[];
  /** Those of `outputs` that are to be installed. */
  readonly installedOutputs?: readonly (readonly [name: string, path: string])[];
  readonly description?: string;
  readonly priority?: number;
  readonly keep?: boolean;
  /** In byte order of the names; `null` for what a package may not have there (functions, derivations, ...). */
  readonly meta?: readonly (readonly [name: string, value: MetaValue | null])[];
}

export type EvaluationAnswer =
  | { readonly kind: 'derivations'; readonly derivations: readonly FoundDerivation[] }
  /** One text for each attribute path. */
  | { readonly kind: 'texts'; readonly texts: readonly string[] };
