/** Values, compiler, builtins and sessions of the Nix language. All I/O goes through `EvalIo`. */
export type {
  DerivationToWrite,
  EvalIo,
  FetchRequest,
  FetchResult,
  FileType,
  PathFilter,
} from './eval-io.ts';
