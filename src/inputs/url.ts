/**
 * URLs as Nix reads and prints them (RFC 3986, with its own habits): the path is kept as decoded segments, the query
 * as a map. With `lenient`, spaces and double quotes may stand unescaped in queries and fragments, and `^` in
 * fragments. Texts are byte strings.
 */
import { NixError } from '../diagnostics/index.ts';

export interface ParsedUrl {
  readonly scheme: string;
  /** As written between `//` and the path, decoded; `undefined` without `//`. */
  readonly authority: string | undefined;
  /** Decoded; an absolute path begins with an empty segment. */
  readonly path: readonly string[];
  /** In the order of the names when printed. */
  readonly query: ReadonlyMap<string, string>;
  readonly fragment: string;
}

/** A text that is no URL, or one that a scheme cannot use. */
export class BadUrl extends NixError {
  constructor(message: string, hint?: string) {
    super(message, { code: 'bad-url', hint });
  }
}

const shape = /^([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([\s\S]*))?$/;
const pathCharacters = /^(?:[a-zA-Z0-9\-._~!$&'()*+,;=:@/]|%[0-9a-fA-F]{2})*$/;
const queryCharacters = /^(?:[a-zA-Z0-9\-._~!$&'()*+,;=:@/?]|%[0-9a-fA-F]{2})*$/;
const authorityCharacters = /^(?:[a-zA-Z0-9\-._~!$&'()*+,;=:@[\]]|%[0-9a-fA-F]{2})*$/;

/** @throws BadUrl */
export function parseUrl(text: string, lenient = false): ParsedUrl {
  const match = shape.exec(text);
  if (!match) {
    if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text)) throw new BadUrl(`'${text}' is not a valid URL`);
    throw new BadUrl(`'${text}' is not a valid URL`, 'a URL begins with its scheme, such as https:');
  }
  const [, scheme, authority, rawPath, rawQuery = '', rawFragment = ''] = match;
  const query = lenient ? rawQuery.replaceAll(/[ "]/g, percentEncodeByte) : rawQuery;
  const fragment = lenient ? rawFragment.replaceAll(/[ "^]/g, percentEncodeByte) : rawFragment;
  const isValid =
    pathCharacters.test(rawPath) &&
    queryCharacters.test(query) &&
    queryCharacters.test(fragment) &&
    authorityCharacters.test(authority ?? '');
  if (!isValid) throw new BadUrl(`'${text}' is not a valid URL`);
  const isFile = transportOf(scheme) === 'file';
  if (isFile && authority !== undefined && authority !== '') {
    throw new BadUrl(`file:// URL '${text}' has unexpected authority '${authority}'`);
  }
  const path = isFile && rawPath === '' ? '/' : rawPath;
  return {
    scheme: scheme.toLowerCase(),
    authority: authority === undefined ? undefined : percentDecode(authority),
    path: path.split('/').map(percentDecode),
    query: decodeQuery(query, lenient),
    fragment: percentDecode(fragment),
  };
}

/** The part of a scheme that says how to transfer: `https` of `tarball+https`. */
export function transportOf(scheme: string): string {
  return scheme.slice(scheme.indexOf('+') + 1);
}

/** The part of a scheme that says what is transferred: `tarball` of `tarball+https`; `undefined` without one. */
export function applicationOf(scheme: string): string | undefined {
  const plus = scheme.indexOf('+');
  return plus < 0 ? undefined : scheme.slice(0, plus);
}

export function printUrl({ scheme, authority, path, query, fragment }: ParsedUrl): string {
  let text = `${scheme}:`;
  if (authority !== undefined) text += `//${percentEncode(authority, ":@[]!$&'()*+,;=")}`;
  text += path.map((segment) => percentEncode(segment, ':@')).join('/');
  if (query.size > 0) text += `?${encodeQuery(query)}`;
  if (fragment !== '') text += `#${percentEncode(fragment, '')}`;
  return text;
}

/** The path of a URL as text, segments not encoded again. */
export function urlPath(url: ParsedUrl): string {
  return url.path.join('/');
}

export function encodeQuery(query: ReadonlyMap<string, string>): string {
  return [...query]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${percentEncode(name, ':@/?')}=${percentEncode(value, ':@/?')}`)
    .join('&');
}

/** @throws BadUrl */
export function decodeQuery(text: string, lenient = false): Map<string, string> {
  const result = new Map<string, string>();
  if (text === '') return result;
  const raw = lenient ? text.replaceAll(/[ "]/g, percentEncodeByte) : text;
  if (!queryCharacters.test(raw)) throw new BadUrl(`invalid URI query '${text}'`);
  for (const part of raw.split('&')) {
    const equals = part.indexOf('=');
    // What has no value says nothing.
    if (equals < 0) continue;
    const name = percentDecode(part.slice(0, equals));
    if (!result.has(name)) result.set(name, percentDecode(part.slice(equals + 1)));
  }
  return result;
}

/** @throws BadUrl for a `%` without two digits after it */
export function percentDecode(text: string): string {
  return text.replaceAll(/%(..?)?/gs, (all, digits: string | undefined) => {
    if (digits === undefined || !/^[0-9a-fA-F]{2}$/.test(digits))
      throw new BadUrl(`invalid URI parameter '${text}'`, `'${all}' is no escaped character`);
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
}

function percentEncode(text: string, keep: string): string {
  return text.replaceAll(/[^a-zA-Z0-9\-._~]/g, (character) =>
    keep.includes(character) ? character : percentEncodeByte(character),
  );
}

function percentEncodeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
