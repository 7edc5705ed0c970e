/**
 * Flake references: an input and the directory in its tree that holds `flake.nix`. Written as `nixpkgs/release-20.09`,
 * as a URL (`github:owner/repo?dir=x`, `git+file:///repo`), or as a path. A path given on a command line leads to the
 * flake around it: up to the next `flake.nix`, and to the git repository that this is in.
 */
import { NixError } from '../diagnostics/index.ts';
import { equalAttrs, type InputAttrs, stringAttr, withoutAttrs } from './attrs.ts';
import { revisionPattern } from './git-names.ts';
import { Input } from './input.ts';
import { BadUrl, decodeQuery, type ParsedUrl, parseUrl, percentDecode, printUrl, urlPath } from './url.ts';

/** Immutable. */
export class FlakeRef {
  readonly input: Input;
  /** Relative to the root of the tree; empty for the root. */
  readonly subdir: string;

  constructor(input: Input, subdir = '') {
    this.input = input;
    this.subdir = subdir;
  }

  static fromAttrs(attrs: InputAttrs, features: ReadonlySet<string>): FlakeRef {
    return new FlakeRef(
      Input.fromAttrs(withoutAttrs(attrs, 'dir'), features),
      stringAttr(attrs, 'dir') ?? '',
    );
  }

  toAttrs(): InputAttrs {
    return this.subdir === '' ? this.input.attrs : { ...this.input.attrs, dir: this.subdir };
  }

  toString(): string {
    const url = this.input.toUrl();
    if (this.subdir === '' || url.query.has('dir')) return printUrl(url);
    return printUrl({ ...url, query: new Map([...url.query, ['dir', this.subdir]]) });
  }

  equals(other: FlakeRef): boolean {
    return this.subdir === other.subdir && equalAttrs(this.input.attrs, other.input.attrs);
  }

  /** As older lock files wrote it, too: without a `dir` in the URL that `subdir` repeats. */
  canonical(): FlakeRef {
    const text = stringAttr(this.input.attrs, 'url');
    if (text === undefined) return this;
    try {
      const url = parseUrl(text, true);
      const query = new Map(url.query);
      if (this.subdir !== '' && query.get('dir') === this.subdir) query.delete('dir');
      return new FlakeRef(this.input.with({ url: printUrl({ ...url, query }) }), this.subdir);
    } catch (error) {
      if (error instanceof BadUrl) return this;
      throw error;
    }
  }
}

/** What is asked of the file system to find the flake around a path. Paths are absolute. */
export interface FlakeFiles {
  /** As `lstat`; `undefined` when nothing is there. */
  type(path: string): 'directory' | 'other' | undefined;
  /** The path with links resolved. */
  resolve(path: string): string;
  /** A line for the user. */
  notice(message: string): void;
}

export interface FlakeRefOptions {
  readonly features: ReadonlySet<string>;
  /** Where relative paths start from; without it a path is taken as written, and must be absolute. */
  readonly base?: { readonly directory: string; readonly files: FlakeFiles };
  /** The flake need not exist yet. */
  readonly allowMissing?: boolean;
  /** `false`: any tree or file, not only flakes. */
  readonly isFlake?: boolean;
  /** Leaves a relative path relative: it is one inside the tree of the flake that names it. */
  readonly keepRelative?: boolean;
}

/** @throws NixError for what is no reference, or has a fragment */
export function parseFlakeRef(text: string, options: FlakeRefOptions): FlakeRef {
  const { ref, fragment } = parseFlakeRefWithFragment(text, options);
  if (fragment !== '') throw new NixError(`unexpected fragment '${fragment}' in flake reference '${text}'`);
  return ref;
}

export interface RefAndFragment {
  readonly ref: FlakeRef;
  readonly fragment: string;
}

/** A reference with what follows a `#`. @throws NixError */
export function parseFlakeRefWithFragment(text: string, options: FlakeRefOptions): RefAndFragment {
  return parseId(text, options) ?? parseAsUrl(text, options) ?? parsePath(text, options);
}

const idShape =
  /^([a-zA-Z][a-zA-Z0-9_-]*)(?:\/([a-zA-Z0-9@][a-zA-Z0-9_./@+-]*))?(?:#((?:[a-zA-Z0-9\-._~!$&'"()*+,;=:@/? ^]|%[0-9a-fA-F]{2})*))?$/;

function parseId(text: string, options: FlakeRefOptions): RefAndFragment | undefined {
  const match = idShape.exec(text);
  if (!match) return undefined;
  const [, id, rest, fragment = ''] = match;
  const parts = rest?.split('/') ?? [];
  const rev = parts.length > 1 && revisionPattern.test(parts.at(-1)!) ? [parts.pop()!] : [];
  const ref = parts.length > 0 ? [parts.join('/')] : [];
  const url = { scheme: 'flake', authority: undefined, query: new Map(), fragment: '' };
  const input = Input.fromUrl({ ...url, path: [id, ...ref, ...rev] }, options.features);
  return { ref: new FlakeRef(input), fragment: percentDecode(fragment) };
}

function parseAsUrl(text: string, options: FlakeRefOptions): RefAndFragment | undefined {
  try {
    let url = parseUrl(text, true);
    const isLocal = url.scheme === 'path' || url.scheme === 'git+file';
    if (options.base && isLocal && !urlPath(url).startsWith('/'))
      url = { ...url, path: joinPath(options.base.directory, urlPath(url)).split('/') };
    return fromUrl(url, options);
  } catch (error) {
    if (error instanceof BadUrl) return undefined;
    throw error;
  }
}

function fromUrl(url: ParsedUrl, { features, isFlake = true }: FlakeRefOptions): RefAndFragment {
  const query = new Map(url.query);
  query.delete('dir');
  const input = Input.fromUrl({ ...url, query, fragment: '' }, features, isFlake);
  return { ref: new FlakeRef(input, url.query.get('dir') ?? ''), fragment: url.fragment };
}

function parsePath(text: string, options: FlakeRefOptions): RefAndFragment {
  const match = /^([^?#]*)(?:\?([^#]*))?(?:#([\s\S]*))?$/.exec(text);
  if (!match) throw new NixError(`invalid flakeref '${text}'`);
  const [, path, rawQuery = '', rawFragment = ''] = match;
  const query = decodeQuery(rawQuery, true);
  const fragment = percentDecode(rawFragment);
  if (options.base) return pathBelow(options.base, text, { path, query, fragment }, options);
  if (!options.keepRelative && !path.startsWith('/'))
    throw new BadUrl(`flake reference '${text}' is not an absolute path`);
  return fromUrl(pathUrl(path, query, fragment), options);
}

function pathUrl(path: string, query: Map<string, string>, fragment: string): ParsedUrl {
  return { scheme: 'path', authority: undefined, path: path.split('/'), query, fragment };
}

interface WrittenPath {
  readonly path: string;
  readonly query: Map<string, string>;
  readonly fragment: string;
}

function pathBelow(
  { directory, files }: NonNullable<FlakeRefOptions['base']>,
  text: string,
  { path: written, query, fragment }: WrittenPath,
  options: FlakeRefOptions,
): RefAndFragment {
  let path = files.resolve(joinPath(directory, written));
  if (options.isFlake === false) return fromUrl(pathUrl(path, query, fragment), options);
  path = flakeDirectory(path, files, options.allowMissing === true);
  const repository = repositoryAround(path, files);
  if (repository === undefined) return fromUrl(pathUrl(path, query, fragment), options);
  const subdir = path.slice(repository.length + 1);
  if (subdir !== '') {
    if (query.has('dir')) throw new NixError(`flake URL '${text}' has an inconsistent 'dir' parameter`);
    query.set('dir', subdir);
  }
  if (files.type(`${repository}/.git/shallow`) !== undefined) query.set('shallow', '1');
  const url = { scheme: 'git+file', authority: '', path: repository.split('/'), query, fragment };
  return fromUrl(url, options);
}

/** The directory with `flake.nix` that the path is, or is in. */
function flakeDirectory(start: string, files: FlakeFiles, allowMissing: boolean): string {
  let path = start;
  if (files.type(path) !== 'directory') {
    if (!path.endsWith('/flake.nix')) {
      throw new BadUrl(`path '${path}' is not a flake (because it's not a directory)`);
    }
    path = path.slice(0, -'/flake.nix'.length);
  }
  if (allowMissing || files.type(`${path}/flake.nix`) !== undefined) return path;
  files.notice(`path '${path}' does not contain a 'flake.nix', searching up`);
  for (; path !== ''; path = path.slice(0, path.lastIndexOf('/'))) {
    if (files.type(`${path}/flake.nix`) !== undefined) return path;
    if (files.type(`${path}/.git`) !== undefined) {
      throw new NixError(
        `path '${path}' is not part of a flake (neither it nor its parent directories contain a 'flake.nix' file)`,
      );
    }
  }
  throw new BadUrl('could not find a flake.nix file');
}

function repositoryAround(start: string, files: FlakeFiles): string | undefined {
  for (let path = start; path !== ''; path = path.slice(0, path.lastIndexOf('/')))
    if (files.type(`${path}/.git`) !== undefined) return path;
  return undefined;
}

function joinPath(directory: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
