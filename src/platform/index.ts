/** The operating system: processes, locks, durable files, deletion; `linux/` holds what only Linux has. */

export { decodeBzip2 } from './bzip2-decoder.ts';
export { Bzip2Encoder } from './bzip2-encoder.ts';
export { deleteTree } from './delete-tree.ts';
export { replaceSymlink, syncPath, syncTree, writeFileAtomically } from './durable-files.ts';
export { killProcessesOf, processesOf } from './linux/process-table.ts';
export { buildSeccompFilter, type FilterArchitecture, type FilterOptions } from './linux/seccomp.ts';
export { areIdsMapped, userNamespaceRemedies } from './linux/user-namespaces.ts';
export {
  type Connection,
  describeExitStatus,
  type ExitStatus,
  type ProcessOptions,
  type ProcessResult,
  type RunningProcess,
  runProcess,
  startProcess,
  succeeded,
} from './process.ts';
export { decompressXz, XzError } from './xz.ts';
