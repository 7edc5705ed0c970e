/**
 * Which store a command uses, chosen as C++ Nix's `auto` does, with one addition: where there is no `/nix/store` at
 * all, Firn's private store below the user's data directory stands in. A *private* (chroot) store keeps its files
 * in `ROOT/nix/store` while every path inside it says `/nix/store`.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { UsageError } from '../diagnostics/index.ts';

/** Where a local store's parts are. All absolute paths of the host; `storeDir` is logical. */
export interface StoreLocation {
  readonly kind: 'local';
  /** Root of a private store; `undefined` for the system's own. */
  readonly root: string | undefined;
  /** Logical store directory, as it stands in store paths. */
  readonly storeDir: string;
  /** Where store objects really are. */
  readonly realStoreDir: string;
  readonly stateDir: string;
  readonly logDir: string;
}

/** The user's data directory for Firn: `$XDG_DATA_HOME/firn` or `~/.local/share/firn`. */
export function dataDirectory(env: NodeJS.ProcessEnv): string {
  const base =
    env.XDG_DATA_HOME && isAbsolute(env.XDG_DATA_HOME)
      ? env.XDG_DATA_HOME
      : join(home(env), '.local', 'share');
  return join(base, 'firn');
}

/** The user's cache directory for Firn: `$XDG_CACHE_HOME/firn` or `~/.cache/firn`. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const base =
    env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(home(env), '.cache');
  return join(base, 'firn');
}

function home(env: NodeJS.ProcessEnv): string {
  return env.HOME && isAbsolute(env.HOME) ? env.HOME : homedir();
}

/** Root of the default private store. */
export function privateStoreRoot(env: NodeJS.ProcessEnv): string {
  return join(dataDirectory(env), 'root');
}

/** The private store whose files are below `root`. */
export function privateStore(root: string, env: NodeJS.ProcessEnv): StoreLocation {
  const storeDir = env.NIX_STORE_DIR ?? env.NIX_STORE ?? '/nix/store';
  return {
    kind: 'local',
    root,
    storeDir,
    realStoreDir: join(root, storeDir),
    stateDir: join(root, 'nix/var/nix'),
    logDir: join(root, 'nix/var/log/nix'),
  };
}

/** The system's own store, with C++ Nix's `NIX_*_DIR` variables honoured. */
export function systemStore(env: NodeJS.ProcessEnv): StoreLocation {
  const storeDir = env.NIX_STORE_DIR ?? env.NIX_STORE ?? '/nix/store';
  return {
    kind: 'local',
    root: undefined,
    storeDir,
    realStoreDir: storeDir,
    stateDir: env.NIX_STATE_DIR ?? '/nix/var/nix',
    logDir: env.NIX_LOG_DIR ?? '/nix/var/log/nix',
  };
}

/**
 * Resolves a store URI (`--store`, `NIX_REMOTE`, or nothing for `auto`).
 *
 * @throws UsageError for a kind of store that this version cannot open.
 */
export function locateStore(
  uri: string | undefined,
  env: NodeJS.ProcessEnv,
  options: { readonly onlyReads?: boolean } = {},
): StoreLocation {
  const wanted = uri ?? env.NIX_REMOTE ?? 'auto';
  if (wanted === '' || wanted === 'auto') return automaticStore(env, options.onlyReads === true);
  if (wanted === 'local') return systemStore(env);
  if (wanted === 'private') return privateStore(privateStoreRoot(env), env);
  if (wanted.startsWith('local?root=')) return privateStore(resolve(wanted.slice('local?root='.length)), env);
  if (wanted.startsWith('/') || wanted.startsWith('./') || wanted.startsWith('~/')) {
    return privateStore(resolve(wanted.replace(/^~\//, `${home(env)}/`)), env);
  }
  throw new UsageError(`cannot open the store '${wanted}'`, {
    hint: "expected 'auto', 'local', 'private' or the absolute path of a private store's root",
  });
}

/** Whether this user may write to a store; one that is not there yet is made. */
export function isWritableStore({ stateDir, realStoreDir }: StoreLocation): boolean {
  if (!existsSync(join(stateDir, 'db'))) return true;
  return isWritable(join(stateDir, 'db')) && isWritable(realStoreDir);
}

function automaticStore(env: NodeJS.ProcessEnv, onlyReads: boolean): StoreLocation {
  const system = systemStore(env);
  if (!existsSync(system.realStoreDir)) return privateStore(privateStoreRoot(env), env);
  if (onlyReads || (isWritable(system.stateDir) && isWritable(system.realStoreDir))) return system;
  if (env.NIX_STATE_DIR || env.NIX_STORE_DIR) return system;
  throw new UsageError(
    `the store '${system.realStoreDir}' is not writable and Firn cannot use a daemon's store`,
    {
      hint: "run as root, or use a store of your own with '--store private' (or NIX_REMOTE=private)",
    },
  );
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
