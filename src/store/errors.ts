/**
 * Every error of the store, one factory per condition. Wordings are C++ Nix 2.26's where it has one. `code` is
 * stable. Paths are printed store paths or host paths.
 */
import { BuildError, StoreError } from '../diagnostics/index.ts';

/** The database was written by a newer Nix. Nothing has been touched. */
export function schemaTooNew(found: number, known: number): StoreError {
  return new StoreError(`current Nix store schema is version ${found}, but I only support ${known}`, {
    code: 'schema-too-new',
    hint: 'this store belongs to a newer Nix; use that, or a newer Firn',
  });
}

/** The database was written by a Nix older than 2.0. */
export function schemaTooOld(found: number): StoreError {
  return new StoreError(`current Nix store schema is version ${found}, which is no longer supported`, {
    code: 'schema-too-old',
    hint: "upgrade the store first by running any command of C++ Nix 2, for example 'nix-store --verify'",
  });
}

/** A file of the state directory does not hold what it should. */
export function corruptStateFile(path: string): StoreError {
  return new StoreError(`'${path}' is corrupt`, { code: 'corrupt-database' });
}

/** SQLite says that the database is damaged, or tables are missing. */
export function corruptDatabase(path: string, reason: string, cause?: unknown): StoreError {
  return new StoreError(`the store's database '${path}' is damaged: ${reason}`, {
    code: 'corrupt-database',
    hint: 'nothing has been changed; restore the database from a backup, or move it away and add the paths anew',
    cause,
  });
}

/** Another process held the database for too long. */
export function databaseBusy(path: string, cause: unknown): StoreError {
  return new StoreError(`SQLite database '${path}' is busy`, {
    code: 'database-busy',
    hint: 'another process is writing to the store; try again when it is done',
    cause,
  });
}

/** Any other failure of SQLite. */
export function databaseError(path: string, cause: Error): StoreError {
  return new StoreError(`the store's database '${path}' failed: ${cause.message}`, {
    code: 'database-error',
    cause,
  });
}

/** A directory of the store cannot be written by this user. */
export function storeNotWritable(path: string, cause?: unknown): StoreError {
  return new StoreError(`store directory '${path}' is not writable`, {
    code: 'not-writable',
    hint: "run as the store's owner, or use a store of your own with '--store DIR'",
    cause,
  });
}

/** Nothing to read: no Nix has made a store here. */
export function noStore(path: string): StoreError {
  return new StoreError(`there is no store: '${path}' does not exist`, { code: 'no-store' });
}

/** The store directory may not be reached through a link. */
export function storeIsSymlink(path: string): StoreError {
  return new StoreError(
    `the path '${path}' is a symlink; this is not allowed for the Nix store and its parent directories`,
    { code: 'symlinked-store' },
  );
}

/** A path that must be valid is not. */
export function invalidPath(path: string): StoreError {
  return new StoreError(`path '${path}' is not valid`, { code: 'invalid-path' });
}

/** The file system that holds the store is full. */
export function diskFull(path: string, cause: unknown): StoreError {
  return new StoreError(`writing to '${path}': no space left on device`, {
    code: 'disk-full',
    hint: "free space, for example with 'nix-store --gc'; nothing has been registered",
    cause,
  });
}

/** The file system that holds the store is (or became) read-only, or fails. */
export function cannotWrite(path: string, cause: Error): StoreError {
  return new StoreError(`writing to '${path}' failed: ${cause.message}`, { code: 'write-failed', cause });
}

/** The bytes are not those that the info announced. */
export function narHashMismatch(path: string, specified: string, got: string): StoreError {
  return new StoreError(
    `hash mismatch importing path '${path}';\n  specified: ${specified}\n  got:       ${got}`,
    { code: 'hash-mismatch' },
  );
}

/** More or fewer bytes than the info announced. */
export function narSizeMismatch(path: string, specified: number, got: number): StoreError {
  return new StoreError(
    `size mismatch importing path '${path}';\n  specified: ${specified}\n  got:       ${got}`,
    { code: 'hash-mismatch' },
  );
}

/** The content address in the info is not that of the contents, or gives another path. */
export function wrongContentAddress(path: string): StoreError {
  return new StoreError(
    `cannot add path '${path}' to the Nix store because it claims to be content-addressed but isn't`,
    { code: 'hash-mismatch' },
  );
}

/** The source kept changing while it was being copied. */
export function sourceChanged(path: string): StoreError {
  return new StoreError(`'${path}' changed while it was being added to the store`, {
    code: 'source-changed',
  });
}

/** A tree holds something that is no file, directory or link. */
export function unsupportedFileType(path: string): StoreError {
  return new StoreError(`file '${path}' has an unsupported type`, {
    code: 'unsupported-file-type',
    hint: 'only regular files, directories and symbolic links can be in a store',
  });
}

/** A flat hash was asked for something that is no regular file. */
export function notARegularFile(path: string): StoreError {
  return new StoreError(`'${path}' is not a regular file`, { code: 'unsupported-file-type' });
}

/** A file could not be read. */
export function cannotRead(path: string, cause: Error): StoreError {
  return new StoreError(`reading '${path}' failed: ${cause.message}`, { code: 'read-failed', cause });
}

/** Paths that refer to each other cannot be registered. */
export function referenceCycle(path: string, parent: string): BuildError {
  return new BuildError(`cycle detected in the references of '${path}' from '${parent}'`, {
    code: 'reference-cycle',
  });
}

/** An output does not belong to the build user: perhaps a hard link to somebody else's file. */
export function wrongOwner(path: string): BuildError {
  return new BuildError(`invalid ownership on file '${path}'`, { code: 'output-rejected' });
}

/** An output that others may write, or that somebody else owns. */
export function suspiciousOutput(path: string): BuildError {
  return new BuildError(`suspicious ownership or permission on '${path}'; rejecting this build output`, {
    code: 'output-rejected',
  });
}

/** The builder did not make this output. */
export function missingOutput(path: string): BuildError {
  return new BuildError(`builder failed to produce output path '${path}'`, { code: 'output-rejected' });
}

/** A valid path that others need cannot go. */
export function pathInUse(path: string, referrers: readonly string[]): StoreError {
  const list = referrers.map((referrer) => `'${referrer}'`).join(', ');
  return new StoreError(`cannot delete path '${path}' because it is in use by ${list}`, {
    code: 'path-in-use',
  });
}

/** `--delete` of a path that is reachable from a root. */
export function pathAlive(path: string): StoreError {
  return new StoreError(
    `Cannot delete path '${path}' since it is still alive. To find out why, use: nix-store --query --roots and nix-store --query --referrers`,
    { code: 'path-alive' },
  );
}

/** A contents check found other bytes than were registered. */
export function pathModified(path: string, expected: string, got: string): StoreError {
  return new StoreError(`path '${path}' was modified! expected hash '${expected}', got '${got}'`, {
    code: 'path-modified',
  });
}

/** A link for a root would replace something that is not ours. */
export function rootLinkExists(link: string): StoreError {
  return new StoreError(`cannot create symlink '${link}'; already exists`, {
    code: 'root-exists',
    hint: 'move it away, or give another name with --out-link or --add-root',
  });
}

/** A root's link must be outside the store. */
export function rootLinkInStore(link: string): StoreError {
  return new StoreError(
    `creating a garbage collector root (${link}) in the Nix store is forbidden (are you running nix-build inside the store?)`,
    { code: 'root-exists' },
  );
}

/** Input that `nix-store --import` cannot take. */
export function badExport(reason: string): StoreError {
  return new StoreError(reason, { code: 'bad-export' });
}

/** A generation that does not exist. */
export function noSuchGeneration(profile: string, number: number): StoreError {
  return new StoreError(`profile version ${number} does not exist`, {
    code: 'no-such-generation',
    hint: `the versions of '${profile}' are the links '${profile}-NUMBER-link'`,
  });
}

/** Nothing to roll back to. */
export function noOlderGeneration(current: number): StoreError {
  return new StoreError(`no profile version older than the current (${current}) exists`, {
    code: 'no-such-generation',
  });
}

/** The generation that a profile points to may not be deleted. */
export function cannotDeleteCurrentGeneration(profile: string): StoreError {
  return new StoreError(`cannot delete current version of profile '${profile}'`, {
    code: 'current-generation',
  });
}
