/**
 * Where packages come from unless `-f` says otherwise: `~/.nix-defexpr`, a directory of expressions, channels among
 * them. They become one set, an attribute for each file or directory with a `default.nix`; its value is imported only
 * when it is needed.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { encodeBytes, UsageError } from '../diagnostics/index.ts';
import { currentUser, type ExpressionSource, type Session } from '../session/index.ts';
import { printName, printString } from '../syntax/index.ts';
import { followInStore } from './profile-place.ts';

/** Attribute -> the file or directory that is imported, links resolved; as expressions see it, a byte string. */
export type Expressions = ReadonlyMap<string, string>;

/** Where the user's own expressions are: `~/.nix-defexpr`, made on first use; for a private store, its channels. */
export function defaultExpressions(session: Session, env: NodeJS.ProcessEnv): string {
  const { root, stateDir } = session.location;
  const channels = (user: string) => join(stateDir, 'profiles/per-user', user, 'channels');
  if (root !== undefined) return channels(currentUser());
  const directory = join(env['HOME'] ?? homedir(), '.nix-defexpr');
  if (!lstatSync(directory, { throwIfNoEntry: false })) {
    try {
      mkdirSync(directory);
      symlinkSync(channels(currentUser()), join(directory, 'channels'));
      if (process.getuid?.() !== 0) symlinkSync(channels('root'), join(directory, 'channels_root'));
    } catch {
      // No home directory that could be written: then there are no expressions of one's own.
    }
  }
  return directory;
}

/**
 * What a path stands for: a file or a directory with `default.nix` for itself, another directory for the set of the
 * expressions in it.
 *
 * @throws UsageError when nothing is there
 */
export function expressionAt(session: Session, path: string): ExpressionSource {
  return expressionsAt(session, path).source;
}

/** The same, with the attributes of the set. */
export function expressionsAt(
  session: Session,
  path: string,
): { readonly source: ExpressionSource; readonly expressions: Expressions } {
  const physical = followInStore(session, path);
  const stat = lstatSync(physical, { throwIfNoEntry: false });
  if (!stat)
    throw new UsageError(`there are no packages at '${path}'`, {
      hint: "name a file with '-f', or subscribe to a channel: 'nix-channel --add debian:trixie nixos' and 'nix-channel --update'",
    });
  if (!stat.isDirectory() || hasDefault(session, physical))
    return {
      source: { kind: 'file', path: encodeBytes(inEvaluation(session, physical)) },
      expressions: new Map(),
    };
  const expressions = new Map<string, string>();
  collect(session, physical, expressions);
  return { source: { kind: 'text', text: setOf(expressions), basePath: '/' }, expressions };
}

/** Every expression below a directory, in byte order of the names; `manifest.nix` is a profile's own. */
function collect(session: Session, directory: string, found: Map<string, string>): void {
  for (const name of readdirSync(directory).sort()) {
    if (name === 'manifest.nix') continue;
    const path = followInStore(session, join(directory, name));
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) continue;
    const isExpression = stat.isDirectory() ? hasDefault(session, path) : basename(path).endsWith('.nix');
    if (isExpression) add(session, found, name, path);
    else if (stat.isDirectory()) collect(session, path, found);
  }
}

function add(session: Session, found: Map<string, string>, file: string, path: string): void {
  const name = file.replace(/\.nix$/, '');
  if (found.has(name)) {
    session.logger.warn(`name collision in input Nix expressions, skipping '${path}'`);
    return;
  }
  found.set(name, encodeBytes(inEvaluation(session, path)));
}

/** A physical path as expressions see it: one of the store has its logical name. */
function inEvaluation(session: Session, path: string): string {
  const { realStoreDir, storeDir } = session.location;
  return path.startsWith(`${realStoreDir}/`) ? storeDir + path.slice(realStoreDir.length) : path;
}

function hasDefault(session: Session, directory: string): boolean {
  return existsSync(followInStore(session, join(directory, 'default.nix')));
}

function setOf(expressions: Expressions): string {
  const bindings = [...expressions].map(
    ([name, path]) => `${printName(encodeBytes(name))} = import (/. + ${printString(path)});`,
  );
  return `{ _combineChannels = []; ${bindings.join(' ')} }`;
}
