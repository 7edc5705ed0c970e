/** `<name>`: looking a name up in a search path, as `builtins.findFile` does. */
import { missingFeature, parseFlakeRef } from '../inputs/index.ts';
import { canonicalPath } from '../syntax/index.ts';
import { coerceToString, pathText } from './coerce.ts';
import { evalError, ThrownError } from './errors.ts';
import { forceAttrs, forceList, forceTextNoContext } from './force.ts';
import { type PosIdx, resolvePos } from './positions.ts';
import { realiseContext } from './realise.ts';
import type { Runtime } from './runtime.ts';
import { intern } from './symbols.ts';
import { contextOf, type Lazy, textOf } from './value.ts';

export interface SearchPathEntry {
  readonly prefix: string;
  /** A path, or a URL of a tarball. */
  readonly path: string;
}

/** Where the files that belong to the language itself (`<nix/fetchurl.nix>`) seem to be. */
export const internalFiles = '/__nix-internal__';

const prefixSymbol = intern('prefix');
const pathSymbol = intern('path');

/** The entries of a search path value `[ { prefix ? ""; path; } ... ]`. */
export function parseSearchPath(runtime: Runtime, value: Lazy): SearchPathEntry[] {
  const list = forceList(value, 0, 'while evaluating the first argument passed to builtins.findFile');
  const of = 'attribute of an element of the list passed to builtins.findFile';
  return list.map((element) => {
    const what = 'while evaluating an element of the list passed to builtins.findFile';
    const attrs = forceAttrs(element, 0, what);
    const prefix = attrs.get(prefixSymbol);
    const path = attrs.get(pathSymbol);
    if (path === undefined) {
      throw evalError("attribute 'path' missing", 0, { trace: 'in an element of the __nixPath' });
    }
    const text = coerceToString(runtime, path, 0, `while evaluating the \`path\` ${of}`, pathText);
    realiseContext(runtime, contextOf(text));
    return {
      prefix:
        prefix === undefined ? '' : forceTextNoContext(prefix, 0, `while evaluating the \`prefix\` ${of}`),
      path: textOf(text),
    };
  });
}

/** What is left of `name` below an entry's prefix; `undefined` when the entry does not apply. */
export function suffixBelow(prefix: string, name: string): string | undefined {
  const separated = prefix.length > 0 && prefix.length < name.length;
  if (separated && name[prefix.length] !== '/') return undefined;
  if (!name.startsWith(prefix)) return undefined;
  return name.slice(separated ? prefix.length + 1 : prefix.length);
}

/** `channel:x` is short for a channel's address; all else stays as it is. */
export function resolvePseudoUrl(url: string): string {
  if (!url.startsWith('channel:')) return url;
  return `https://channels.nixos.org/${url.slice('channel:'.length)}/nixexprs.tar.xz`;
}

/** The address of an entry that is to be downloaded. */
export function asUrl(path: string): string | undefined {
  if (path.startsWith('channel:')) return resolvePseudoUrl(path);
  const scheme = /^([a-z0-9+]+):\/\//.exec(path)?.[1];
  const known = ['http', 'https', 'file', 'channel', 'git', 's3', 'ssh'];
  return scheme !== undefined && known.includes(scheme) ? path : undefined;
}

/** Finds names, remembering which entries exist. */
export class SearchPath {
  readonly #runtime: Runtime;
  /** Entry path -> directory, `undefined` for entries that are not there. */
  readonly #resolved = new Map<string, string | undefined>();

  /** What the settings name may be read by its own path, too, in restricted evaluation. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    if (runtime.settings.pureEval) return;
    for (const [, path] of runtime.settings.nixPath) {
      if (asUrl(path) === undefined && !path.startsWith('flake:')) this.#allow(path);
    }
  }

  #allow(path: string): string {
    const absolute = path.startsWith('/') ? canonicalPath(path) : this.#runtime.absolutePath(path);
    this.#runtime.allowPath(absolute);
    return absolute;
  }

  /** @throws ThrownError "file 'x' was not found in the Nix search path ..." */
  find(entries: readonly SearchPathEntry[], name: string, pos: PosIdx): string {
    for (const entry of entries) {
      const suffix = suffixBelow(entry.prefix, name);
      if (suffix === undefined) continue;
      const root = this.#root(entry.path);
      if (root === undefined) continue;
      const path = canonicalPath(`${root}/${suffix}`);
      if (this.#exists(path)) return this.#runtime.checkPath(path, pos);
    }
    if (name.startsWith('nix/')) return `${internalFiles}${name.slice(3)}`;
    const message = this.#runtime.settings.pureEval
      ? `cannot look up '<${name}>' in pure evaluation mode (use '--impure' to override)`
      : `file '${name}' was not found in the Nix search path (add it using $NIX_PATH or -I)`;
    throw new ThrownError(message, { pos: resolvePos(pos), code: 'thrown' });
  }

  /** The directory of an entry; allows it to be read. */
  #root(path: string): string | undefined {
    if (this.#resolved.has(path)) return this.#resolved.get(path);
    const root = this.#resolve(path);
    this.#resolved.set(path, root);
    return root;
  }

  #resolve(path: string): string | undefined {
    if (path.startsWith('flake:')) return this.#fetchFlake(path.slice('flake:'.length));
    const url = asUrl(path);
    if (url !== undefined) return this.#download(path, url);
    const absolute = this.#allow(path);
    if (this.#exists(absolute)) return absolute;
    this.#runtime.warn(`Nix search path entry '${path}' does not exist, ignoring`);
    return undefined;
  }

  /** The tree of a flake reference, from the registries if need be. */
  #fetchFlake(text: string): string {
    const { experimentalFeatures: features } = this.#runtime.settings;
    if (!features.has('flakes')) throw missingFeature('flakes');
    const { input, subdir } = parseFlakeRef(text, { features, allowMissing: true });
    const { storePath } = this.#runtime.io.fetch({ kind: 'tree', attrs: input.attrs, registries: 'all' });
    this.#runtime.allowPath(storePath);
    return subdir === '' ? storePath : `${storePath}/${subdir}`;
  }

  #download(path: string, url: string): string | undefined {
    try {
      const { storePath } = this.#runtime.io.fetch({ kind: 'tarball', url, name: 'source' });
      this.#runtime.allowPath(storePath);
      return storePath;
    } catch {
      this.#runtime.warn(`Nix search path entry '${path}' cannot be downloaded, ignoring`);
      return undefined;
    }
  }

  #exists(path: string): boolean {
    return this.#runtime.io.lstat(this.#runtime.resolveLinks(path)) !== undefined;
  }
}
