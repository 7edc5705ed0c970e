/** Every error that the builder raises on purpose. The sentences are C++ Nix's where it has one. */
import { BuildError, NixError } from '../diagnostics/index.ts';

/** Exit statuses of failed builds, as C++ Nix's: they are combined when several builds fail. */
export const exitStatus = {
  failed: 100,
  timedOut: 101,
  hashMismatch: 102,
  notDeterministic: 104,
  rejected: 1,
} as const;

/** `fullDisk`: a directory on a disk that has no space left, which may be the reason; it is not the derivation's fault. */
export function builderFailed(
  drvPath: string,
  reason: string,
  tail: readonly string[],
  fullDisk?: string,
): BuildError {
  const shown =
    tail.length === 0
      ? ''
      : `;\nlast ${tail.length} log lines:\n${tail.map((line) => `> ${line}\n`).join('')}For full logs, run:\n  nix-store -l ${drvPath}`;
  return new BuildError(`builder for '${drvPath}' ${reason}${shown}`, {
    code: 'builder-failed',
    exitStatus: fullDisk === undefined ? exitStatus.failed : exitStatus.rejected,
    hint:
      fullDisk === undefined
        ? undefined
        : `the disk that holds '${fullDisk}' is full, which may be the reason: 'nix-store --gc' frees what is not used any more`,
  });
}

export function timedOut(drvPath: string, seconds: number, silence: boolean): BuildError {
  return new BuildError(
    `building of '${drvPath}' timed out after ${seconds} seconds${silence ? ' of silence' : ''}`,
    { code: 'build-timed-out', exitStatus: exitStatus.timedOut },
  );
}

export function logTooLong(drvPath: string, limit: number): BuildError {
  return new BuildError(
    `building of '${drvPath}' killed after writing more than ${limit} bytes of log output`,
    {
      code: 'log-too-long',
      exitStatus: exitStatus.failed,
    },
  );
}

export function dependenciesFailed(drvPath: string, count: number, status: number): BuildError {
  return new BuildError(`${count} dependencies of derivation '${drvPath}' failed to build`, {
    code: 'dependency-failed',
    exitStatus: status,
  });
}

export function hashMismatch(drvPath: string, specified: string, got: string): BuildError {
  return new BuildError(
    `hash mismatch in fixed-output derivation '${drvPath}':\n  specified: ${specified}\n     got:    ${got}`,
    { code: 'hash-mismatch', exitStatus: exitStatus.hashMismatch },
  );
}

export function fixedOutputReferences(drvPath: string, count: number, example: string): BuildError {
  return new BuildError(
    `fixed-output derivations must not reference store paths: '${drvPath}' references ${count} distinct paths, e.g. '${example}'`,
    { code: 'fixed-output-references', exitStatus: exitStatus.hashMismatch },
  );
}

/** An output (or a whole derivation) that was refused; exit status 1 as in C++ Nix. */
export function rejected(code: string, message: string, hint?: string): BuildError {
  return new BuildError(message, { code, exitStatus: exitStatus.rejected, hint });
}

export function outputMissing(drvPath: string, output: string, path: string): BuildError {
  return rejected(
    'output-missing',
    `builder for '${drvPath}' failed to produce output path for output '${output}' at '${path}'`,
  );
}

export function suspiciousOutput(path: string, output: string): BuildError {
  return rejected(
    'output-suspicious',
    `suspicious ownership or permission on '${path}' for output '${output}'; rejecting this build output`,
  );
}

export function outputCycle(drvPath: string, output: string, from: string): BuildError {
  return rejected(
    'output-cycle',
    `cycle detected in build of '${drvPath}' in the references of output '${output}' from output '${from}'`,
  );
}

export function wrongPlatform(options: {
  drvPath: string;
  platform: string;
  required: readonly string[];
  system: string;
  features: readonly string[];
}): BuildError {
  const set = (words: readonly string[]) => `{${words.join(', ')}}`;
  return rejected(
    'wrong-platform',
    `a '${options.platform}' with features ${set(options.required)} is required to build '${options.drvPath}', ` +
      `but I am a '${options.system}' with features ${set(options.features)}`,
  );
}

export function unknownInstallable(drvPath: string, output: string, known: readonly string[]): BuildError {
  return rejected(
    'unknown-output',
    `derivation '${drvPath}' does not have the output '${output}'`,
    `it has: ${known.join(', ')}`,
  );
}

/** `needed`: there is no building without a sandbox, because only that shows the store at its place. */
export function noUserNamespaces(reason: string, remedies: readonly string[], needed: boolean): BuildError {
  const allow =
    remedies.length > 0
      ? `allow them: run as root: ${remedies.join('; ')}`
      : 'the kernel or a container forbids them: in a container, allow user namespaces and mounts';
  return new BuildError(
    `this system does not let builds have the namespaces that the sandbox needs: ${reason}`,
    {
      code: 'no-user-namespaces',
      hint: needed ? allow : `${allow}; or build without isolation with '--option sandbox false'`,
    },
  );
}

export function unsandboxedPrivateStore(realStoreDir: string, storeDir: string): BuildError {
  return new BuildError(
    `cannot build without a sandbox: the store's files are in '${realStoreDir}', and only a sandbox can show them at '${storeDir}'`,
    {
      code: 'unsandboxed-private-store',
      hint: "use the sandbox, or a store that stands at its own place ('--store local')",
    },
  );
}

/** An error of the operating system around a build (not of its builder), as an error that users can act on. */
export function systemFailure(drvPath: string, error: NodeJS.ErrnoException): BuildError {
  const hints: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full: nix-store --gc frees what is not used any more',
    EROFS: 'the store is on a file system that is mounted read-only',
    EMFILE: 'raise the limit on open files (ulimit -n)',
    EDQUOT: 'the quota of this user is used up',
  };
  return new BuildError(`cannot build '${drvPath}': ${error.message}`, {
    code: 'build-system-error',
    cause: error,
    hint: hints[error.code ?? ''],
  });
}

export function tooManyInputs(count: number): BuildError {
  return rejected(
    'too-many-inputs',
    `a build with ${count} inputs cannot be shown in a sandbox, which takes about 2900`,
    'build it from fewer, larger inputs',
  );
}

export function unsafeParentDirectory(path: string, link: boolean): BuildError {
  return new BuildError(
    `path '${path}' is ${link ? 'a symlink' : 'world-writable'}; builds below it would not be safe`,
    { code: 'unsafe-directory', hint: link ? 'name the store by its real path' : `chmod o-w '${path}'` },
  );
}

export function sandboxFailed(drvPath: string, message: string): BuildError {
  return new BuildError(`cannot set up the sandbox for '${drvPath}': ${message}`, {
    code: 'sandbox-failed',
    exitStatus: exitStatus.failed,
  });
}

export function badDerivationAttribute(drvPath: string, message: string): NixError {
  return new NixError(`${message}, in derivation '${drvPath}'`, { code: 'bad-derivation-attribute' });
}

export function notDeterministic(drvPath: string, path: string, kept: string | undefined): BuildError {
  return new BuildError(
    `derivation '${drvPath}' may not be deterministic: output '${path}' differs${kept ? ` from '${kept}'` : ''}`,
    {
      code: 'not-deterministic',
      exitStatus: exitStatus.notDeterministic,
      hint: kept ? undefined : 'with --keep-failed the other output is kept for comparison',
    },
  );
}

export function nothingToCheck(drvPath: string): BuildError {
  return rejected(
    'nothing-to-check',
    `some outputs of '${drvPath}' are not valid, so checking is not possible`,
    'build it first, then check',
  );
}

export function cannotRepair(path: string, cause?: NixError): BuildError {
  return new BuildError(`cannot repair path '${path}'${cause ? `: ${cause.message}` : ''}`, {
    code: 'cannot-repair',
    cause,
    hint: cause?.hint ?? 'no derivation in this store makes it; delete it, or add it again from its source',
  });
}

/** The exit status for several failed builds: C++ Nix's rule, the statuses from 100 on joined bit by bit, else 1. */
export function combinedExitStatus(errors: readonly NixError[]): number {
  return errors.reduce((bits, error) => (error.exitStatus >= 100 ? bits | error.exitStatus : bits), 0) || 1;
}

/** The error for a request of several builds, naming those that failed. */
export function buildsFailed(drvPaths: readonly string[], errors: readonly NixError[]): BuildError {
  const names = drvPaths.map((path) => `'${path}'`).join(', ');
  return new BuildError(`build of ${names} failed`, {
    code: 'builds-failed',
    exitStatus: combinedExitStatus(errors),
  });
}
