/** Errors, positions, traces and the Logger interface. Imports nothing. */

export { decodeBytes, encodeBytes } from './byte-string.ts';
export { foldTraces, foreignBelow, type IsForeign } from './fold-trace.ts';
export {
  type Activity,
  ActivityType,
  type LogField,
  type Logger,
  MemoryLogger,
  ResultType,
  Verbosity,
} from './logger.ts';
export { suggestNear } from './near-names.ts';
export {
  AssertionError,
  BuildError,
  EvalError,
  Interrupted,
  NixError,
  type NixErrorOptions,
  ParseError,
  StoreError,
  ThrownError,
  type Trace,
  UsageError,
} from './nix-error.ts';
export { type Position, SourceFile, type SourceOrigin } from './position.ts';
export { type RenderOptions, renderError, renderPosition } from './render.ts';
