/** The schemes `path` (a directory of this machine) and `indirect` (a name, to be looked up in the registries). */
import { NixError } from '../diagnostics/index.ts';
import { type InputAttrs, requiredStringAttr, stringAttr, withoutAttrs } from './attrs.ts';
import { isLegalRefName, revisionPattern } from './git-names.ts';
import { type InputScheme, narHashOf, revisionOf, setRefAndRev } from './scheme.ts';
import { BadUrl, type ParsedUrl, printUrl, urlPath } from './url.ts';

/** A whole number as a URL's query writes it. */
export function parseCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function pathFromUrl(url: ParsedUrl): InputAttrs | undefined {
  if (url.scheme !== 'path') return undefined;
  if (url.authority !== undefined && url.authority !== '') {
    throw new NixError(`path URL '${printUrl(url)}' should not have an authority ('${url.authority}')`);
  }
  const attrs: Record<string, string | number> = { type: 'path', path: urlPath(url) };
  for (const [name, value] of url.query) {
    if (name === 'rev' || name === 'narHash') attrs[name] = value;
    else if (name === 'revCount' || name === 'lastModified') {
      const count = parseCount(value);
      if (count === undefined)
        throw new NixError(`path URL '${printUrl(url)}' has invalid parameter '${name}'`);
      attrs[name] = count;
    } else throw new NixError(`path URL '${printUrl(url)}' has unsupported parameter '${name}'`);
  }
  return attrs;
}

export const pathScheme: InputScheme = {
  name: 'path',
  feature: 'flakes',
  // What describes a tree may be given, so that an unpacked one can stand for the repository it came from.
  allowed: new Set(['path', 'rev', 'revCount', 'lastModified', 'narHash']),
  fromUrl: pathFromUrl,
  check(attrs) {
    requiredStringAttr(attrs, 'path');
    return attrs;
  },
  toUrl(attrs) {
    const rest = Object.entries(withoutAttrs(attrs, 'type', 'path', '__final'));
    const query = rest.map(([name, value]) => {
      return [name, typeof value === 'boolean' ? (value ? '1' : '0') : String(value)] as const;
    });
    const path = requiredStringAttr(attrs, 'path').split('/');
    return { scheme: 'path', authority: undefined, path, query: new Map(query), fragment: '' };
  },
  isLocked: (attrs) => narHashOf(attrs) !== undefined,
  withOverrides(attrs, ref, rev) {
    const shown = printUrl(this.toUrl(attrs));
    if (ref !== undefined)
      throw new NixError(`don't know how to set branch/tag name of input '${shown}' to '${ref}'`);
    if (rev !== undefined)
      throw new NixError(`don't know how to set revision of input '${shown}' to '${rev}'`);
    return attrs;
  },
};

const idPattern = /^[a-zA-Z][a-zA-Z0-9_-]*$/;

function checkId(id: string): void {
  if (!idPattern.test(id)) throw new BadUrl(`'${id}' is not a valid flake ID`);
}

function indirectFromUrl(url: ParsedUrl): InputAttrs | undefined {
  if (url.scheme !== 'flake') return undefined;
  const shown = printUrl(url);
  const [id = '', first, second, ...more] = url.path.filter((segment) => segment !== '');
  if (more.length > 0) throw new BadUrl(`flake URL '${shown}' is invalid`, 'expected flake:ID/REF/REVISION');
  const attrs: Record<string, string> = { type: 'indirect', id };
  if (second !== undefined) {
    if (!isLegalRefName(first))
      throw new BadUrl(`in flake URL '${shown}', '${first}' is not a branch/tag name`);
    if (!revisionPattern.test(second))
      throw new BadUrl(`in flake URL '${shown}', '${second}' is not a commit hash`);
    attrs['ref'] = first;
    attrs['rev'] = second.toLowerCase();
  } else if (first !== undefined) {
    if (revisionPattern.test(first)) attrs['rev'] = first.toLowerCase();
    else if (isLegalRefName(first)) attrs['ref'] = first;
    else throw new BadUrl(`in flake URL '${shown}', '${first}' is not a commit hash or branch/tag name`);
  }
  checkId(id);
  return attrs;
}

export const indirectScheme: InputScheme = {
  name: 'indirect',
  feature: 'flakes',
  allowed: new Set(['id', 'ref', 'rev', 'narHash']),
  fromUrl: indirectFromUrl,
  check(attrs) {
    checkId(requiredStringAttr(attrs, 'id'));
    return attrs;
  },
  toUrl(attrs) {
    const parts = [requiredStringAttr(attrs, 'id'), stringAttr(attrs, 'ref'), revisionOf(attrs)];
    const path = parts.filter((part) => part !== undefined).flatMap((part) => part.split('/'));
    return { scheme: 'flake', authority: undefined, path, query: new Map(), fragment: '' };
  },
  isLocked: () => false,
  withOverrides: setRefAndRev,
};
