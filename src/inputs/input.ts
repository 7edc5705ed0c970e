/**
 * Inputs: where a tree or file comes from, as a set of attributes that one scheme understands. An input of an unknown
 * type can be carried around and compared, but neither shown nor fetched.
 */
import { NixError } from '../diagnostics/index.ts';
import {
  attrsToJson,
  booleanAttr,
  equalAttrs,
  type InputAttrs,
  integerAttr,
  requiredStringAttr,
  stringAttr,
  withoutAttrs,
} from './attrs.ts';
import {
  fileScheme,
  githubScheme,
  gitlabScheme,
  sourcehutScheme,
  tarballScheme,
} from './download-schemes.ts';
import { indirectScheme, pathScheme } from './local-schemes.ts';
import { gitScheme, mercurialScheme } from './repository-schemes.ts';
import type { InputScheme } from './scheme.ts';
import { applicationOf, type ParsedUrl, parseUrl, printUrl, transportOf, urlPath } from './url.ts';

/** By name: a URL goes to the first that takes it. */
const schemes: readonly InputScheme[] = [
  fileScheme,
  gitScheme,
  githubScheme,
  gitlabScheme,
  mercurialScheme,
  indirectScheme,
  pathScheme,
  sourcehutScheme,
  tarballScheme,
];

/** The error for what is behind an experimental feature that is off. */
export function missingFeature(feature: string): NixError {
  return new NixError(
    `experimental Nix feature '${feature}' is disabled; add '--extra-experimental-features ${feature}' to enable it`,
    { code: 'missing-feature' },
  );
}

/** Immutable. */
export class Input {
  readonly attrs: InputAttrs;
  readonly #scheme: InputScheme | undefined;

  private constructor(attrs: InputAttrs, scheme: InputScheme | undefined) {
    this.attrs = attrs;
    this.#scheme = scheme;
    stringAttr(attrs, 'ref');
    integerAttr(attrs, 'revCount');
    integerAttr(attrs, 'lastModified');
  }

  /** @throws BadUrl, or NixError for a URL that no scheme takes */
  static fromUrl(url: ParsedUrl, features: ReadonlySet<string>, mustBeTree = true): Input {
    for (const scheme of schemes) {
      const attrs = scheme.fromUrl(url, mustBeTree);
      if (attrs === undefined) continue;
      requireFeature(scheme, features);
      return new Input(attrs, scheme);
    }
    const swapped = applicationOf(url.scheme) === 'file' && transportOf(url.scheme) === 'git';
    const hint = swapped ? "; did you mean 'git+file' instead of 'file+git'?" : '';
    throw new NixError(`input '${printUrl(url)}' is unsupported${hint}`);
  }

  /** @throws NixError for attributes that the type does not know, or that are wrong */
  static fromAttrs(attrs: InputAttrs, features: ReadonlySet<string>): Input {
    const type = stringAttr(attrs, 'type');
    if (type === undefined)
      throw new NixError("'type' attribute to specify input scheme is required but not provided");
    const scheme = schemes.find(({ name }) => name === type);
    if (!scheme) return new Input(attrs, undefined);
    requireFeature(scheme, features);
    for (const name of Object.keys(attrs).sort()) {
      if (name !== 'type' && name !== '__final' && !scheme.allowed.has(name))
        throw new NixError(`input attribute '${name}' not supported by scheme '${type}'`);
    }
    return new Input(scheme.check(attrs), scheme);
  }

  get type(): string {
    return requiredStringAttr(this.attrs, 'type');
  }

  /** Name of the store object. */
  get name(): string {
    return stringAttr(this.attrs, 'name') ?? 'source';
  }

  /** Whether the scheme is known. */
  get isKnown(): boolean {
    return this.#scheme !== undefined;
  }

  /** Whether it can be fetched as it is, not only after a look into the registries. */
  get isDirect(): boolean {
    return this.type !== 'indirect';
  }

  get isLocked(): boolean {
    return this.#scheme?.isLocked(this.attrs) ?? false;
  }

  /** Whether the attributes are complete: those of a lock file, which fetching only confirms. */
  get isFinal(): boolean {
    return booleanAttr(this.attrs, '__final');
  }

  /** The path of a `path` input that is not absolute. */
  get relativePath(): string | undefined {
    if (this.type !== 'path') return undefined;
    const path = requiredStringAttr(this.attrs, 'path');
    return path.startsWith('/') ? undefined : path;
  }

  /** With other attributes of the same scheme, unchecked. */
  with(changes: InputAttrs): Input {
    return new Input({ ...this.attrs, ...changes }, this.#scheme);
  }

  without(...names: readonly string[]): Input {
    return new Input(withoutAttrs(this.attrs, ...names), this.#scheme);
  }

  withOverrides(ref: string | undefined, rev: string | undefined): Input {
    if (!this.#scheme) return this;
    return new Input(this.#scheme.withOverrides(this.attrs, ref, rev), this.#scheme);
  }

  /** @throws NixError for a download by `file:` whose path is not absolute */
  checkDownload(): void {
    if (this.type !== 'tarball' && this.type !== 'file') return;
    const url = requiredStringAttr(this.attrs, 'url');
    const parsed = parseUrl(url);
    if (parsed.scheme !== 'file' || urlPath(parsed).startsWith('/')) return;
    throw new NixError(
      `tarball '${url}' must use an absolute path. The 'file' scheme does not support relative paths.`,
    );
  }

  equals(other: Input): boolean {
    return equalAttrs(this.attrs, other.attrs);
  }

  /** Whether `other` is the same, or the same at some branch or revision. */
  contains(other: Input): boolean {
    return this.equals(other) || equalAttrs(this.attrs, withoutAttrs(other.attrs, 'ref', 'rev'));
  }

  /** @throws NixError for an unknown type */
  toUrl(): ParsedUrl {
    if (!this.#scheme) throw new NixError(`cannot show unsupported input '${attrsToJson(this.attrs)}'`);
    return this.#scheme.toUrl(this.attrs);
  }

  toString(): string {
    return printUrl(this.toUrl());
  }
}

function requireFeature({ feature }: InputScheme, features: ReadonlySet<string>): void {
  if (feature !== undefined && !features.has(feature)) throw missingFeature(feature);
}
