/**
 * Where profiles are. On the system's store as with C++ Nix: root's below the state directory (also known as `default`),
 * other users' below `~/.local/state/nix`, and `~/.nix-profile` chooses. A private store has one profile for each user of
 * its own, which `~/.nix-profile` does not redirect: it belongs to the system's store.
 */
import { existsSync, lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, posix, resolve } from 'node:path';
import { NixError } from '../diagnostics/index.ts';
import { currentUser, type Session } from '../session/index.ts';

const MAX_LINKS = 64;

export interface ProfileOptions {
  readonly session: Session;
  readonly env: NodeJS.ProcessEnv;
  /** `--profile`. */
  readonly profile: string | undefined;
}

/** The profile that a command works on, an absolute path; made known as `~/.nix-profile` on first use. */
export function findProfile({ session, env, profile }: ProfileOptions): string {
  const named = profile ?? env['NIX_PROFILE'];
  if (named !== undefined && named !== '') return resolve(named);
  const { root, stateDir } = session.location;
  if (root !== undefined) return join(stateDir, 'profiles/per-user', currentUser(), 'profile');
  const own = ownProfile(stateDir, env);
  const link = profileLink(env);
  try {
    if (!isThere(link)) replaceLink(own, link);
    const global = join(stateDir, 'profiles/default');
    if (isRoot() && !isThere(global)) replaceLink(own, global);
    return resolve(dirname(link), readlinkSync(link));
  } catch {
    // A home directory that cannot be written, or where a directory stands.
    return own;
  }
}

/** `~/.nix-profile`. */
export function profileLink(env: NodeJS.ProcessEnv): string {
  return join(env['HOME'] ?? homedir(), '.nix-profile');
}

function ownProfile(stateDir: string, env: NodeJS.ProcessEnv): string {
  if (isRoot()) return join(stateDir, 'profiles/per-user/root/profile');
  const state = env['XDG_STATE_HOME'];
  const base = state && isAbsolute(state) ? state : join(env['HOME'] ?? homedir(), '.local/state');
  return join(base, 'nix/profiles/profile');
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Makes a link in one step; what it was before is replaced. */
export function replaceLink(target: string, link: string): void {
  mkdirSync(dirname(link), { recursive: true });
  const temporary = `${link}.tmp-${process.pid}`;
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}

/**
 * Follows a path whose last component may be a link, through links into a private store; the physical path.
 *
 * @throws NixError for links in a circle
 */
export function followInStore(session: Session, path: string): string {
  let current = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const physical = session.realPath(current);
    if (!lstatSync(physical, { throwIfNoEntry: false })?.isSymbolicLink()) return physical;
    current = posix.resolve(dirname(current), readlinkSync(physical));
  }
  throw new NixError(`too many symbolic links at '${path}'`, { code: 'link-loop' });
}

/** What a profile's link says now; `''` where there is none. Changed means that somebody else was faster. */
export function profileToken(profile: string): string {
  try {
    return readlinkSync(profile);
  } catch {
    return '';
  }
}

/** The physical path of a file in a profile's current generation; `undefined` where it is not. */
export function fileInProfile(session: Session, profile: string, name: string): string | undefined {
  const path = followInStore(session, join(followInStore(session, profile), name));
  return existsSync(path) ? path : undefined;
}
