/** What a kind of input can do: to be read from a URL, to be checked, to be written as a URL. */
import { NixError } from '../diagnostics/index.ts';
import {
  equalHashes,
  formatBase16,
  formatHash,
  type Hash,
  parseHash,
  parsePrefixedHash,
  parseSriHash,
  zeroHash,
} from '../formats/index.ts';
import { type InputAttrs, stringAttr } from './attrs.ts';
import type { ParsedUrl } from './url.ts';

export interface InputScheme {
  /** The attribute `type`. */
  readonly name: string;
  /** The experimental feature without which the scheme is refused. */
  readonly feature?: string;
  /** Attributes that the scheme knows, besides `type`. */
  readonly allowed: ReadonlySet<string>;
  /** Attributes from a URL; `undefined` when it is another scheme's. A flake is always a tree, never a single file. */
  fromUrl(url: ParsedUrl, mustBeTree: boolean): InputAttrs | undefined;
  /** The attributes, checked and in the form that is kept. @throws NixError */
  check(attrs: InputAttrs): InputAttrs;
  toUrl(attrs: InputAttrs): ParsedUrl;
  /** Whether the attributes name one content for ever. */
  isLocked(attrs: InputAttrs): boolean;
  /** The attributes with another branch and revision. @throws NixError where the scheme has none */
  withOverrides(attrs: InputAttrs, ref: string | undefined, rev: string | undefined): InputAttrs;
}

/** The revision as hexadecimal digits; `undefined` without one. @throws NixError when it is no hash */
export function revisionOf(attrs: InputAttrs): string | undefined {
  const text = stringAttr(attrs, 'rev');
  if (text === undefined) return undefined;
  return formatBase16(parseRevision(text).digest);
}

/** A revision: a hash with its algorithm, or a bare SHA-1. */
export function parseRevision(text: string): Hash {
  return /^[a-z0-9]+[:-]/.test(text) ? parsePrefixedOrSri(text) : parseHash(text, 'sha1');
}

function parsePrefixedOrSri(text: string): Hash {
  return text.includes(':') ? parsePrefixedHash(text) : parseSriHash(text);
}

/** The hash of the NAR; an empty one is a hash of zeros. @throws NixError unless it is a SHA-256 in SRI form */
export function narHashOf(attrs: InputAttrs): Hash | undefined {
  const text = stringAttr(attrs, 'narHash');
  if (text === undefined) return undefined;
  const hash = text === '' ? zeroHash('sha256') : parseSriHash(text);
  if (hash.algorithm !== 'sha256') throw new NixError('narHash must use SHA-256');
  return hash;
}

/** The NAR's hash in its canonical spelling. */
export function narHashText(attrs: InputAttrs): string | undefined {
  const hash = narHashOf(attrs);
  return hash && formatHash(hash, 'sri', true);
}

/** Whether both give the same NAR hash, however spelled. */
export function sameNarHash(a: InputAttrs, b: InputAttrs): boolean {
  const first = narHashOf(a);
  const second = narHashOf(b);
  return first !== undefined && second !== undefined && equalHashes(first, second);
}

/** A copy of a URL with query parameters set. */
export function withQuery(url: ParsedUrl, more: Readonly<Record<string, string | undefined>>): ParsedUrl {
  const query = new Map(url.query);
  for (const [name, value] of Object.entries(more)) if (value !== undefined) query.set(name, value);
  return { ...url, query };
}

/** A copy of a URL without some query parameters. */
export function withoutQuery(url: ParsedUrl, names: Iterable<string>): ParsedUrl {
  const query = new Map(url.query);
  for (const name of names) query.delete(name);
  return { ...url, query };
}

/** The branch and revision put into the attributes as they are. */
export function setRefAndRev(
  attrs: InputAttrs,
  ref: string | undefined,
  rev: string | undefined,
): InputAttrs {
  return { ...attrs, ...(rev === undefined ? {} : { rev }), ...(ref === undefined ? {} : { ref }) };
}
