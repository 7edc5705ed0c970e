/** Values, compiler, builtins and sessions of the Nix language. All I/O goes through `EvalIo`. */
export { parseAttrPath, type Selected } from './attr-path.ts';
export { fetchFinalTree, fetchInput, renewFetches } from './builtins/fetch-tree.ts';
export type { BuiltinSpec, BuiltinTable, ConstantSpec } from './builtins/registry.ts';
export { treeValue } from './builtins/tree-value.ts';
export { compareVersions, parseDrvName } from './builtins/versions.ts';
export { callFunction } from './call.ts';
export type {
  DerivationToWrite,
  EvalIo,
  FetchRequest,
  FetchResult,
  FileType,
  PathFilter,
} from './eval-io.ts';
export type { EvaluatorHooks, TextSource, TreeCache } from './evaluator.ts';
export { force, forceTextNoContext } from './force.ts';
export { limits } from './limits.ts';
export { type PosIdx, resolvePos } from './positions.ts';
export { type PrintOptions, printPos, printValue } from './print.ts';
export type { EvalSettings, Runtime } from './runtime.ts';
export { asUrl, internalFiles, suffixBelow } from './search-path.ts';
export { defaultSettings, EvalSession } from './session.ts';
export { intern, type SymbolId, symbolName } from './symbols.ts';
export {
  AttrSet,
  AttrSetBuilder,
  ContextString,
  contextOf,
  emptySet,
  isFunction,
  isInt,
  isString,
  Lambda,
  type Lazy,
  makeString,
  NixFloat,
  type NixFunction,
  type NixInt,
  NixPath,
  type NixString,
  PartialLambda,
  PrimOp,
  PrimOpApp,
  type StringContext,
  showType,
  Thunk,
  type TypeName,
  textOf,
  typeName,
  type Value,
} from './value.ts';
