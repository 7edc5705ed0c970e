/** The schemes of downloads: `file` and `tarball` by URL; `github`, `gitlab`, `sourcehut` by repository. */
import { NixError } from '../diagnostics/index.ts';
import { parseHash } from '../formats/index.ts';
import { attrsToJson, type InputAttr, type InputAttrs, requiredStringAttr, stringAttr } from './attrs.ts';
import { isLegalRefName, revisionPattern } from './git-names.ts';
import { parseCount } from './local-schemes.ts';
import { type InputScheme, narHashOf, narHashText, revisionOf, withoutQuery, withQuery } from './scheme.ts';
import { applicationOf, BadUrl, type ParsedUrl, parseUrl, printUrl, transportOf } from './url.ts';

const downloadAttributes = new Set(['url', 'narHash', 'name', 'unpack', 'rev', 'revCount', 'lastModified']);
const tarballName = /\.(zip|tar|tgz|tar\.gz|tar\.xz|tar\.bz2|tar\.zst)$/;

/** Whether a URL without `file+` or `tarball+` is the one or the other. */
function isTarball(url: ParsedUrl, mustBeTree: boolean): boolean {
  return mustBeTree || tarballName.test(url.path.at(-1) ?? '');
}

function downloadScheme(name: 'file' | 'tarball'): InputScheme {
  return {
    name,
    allowed: downloadAttributes,
    fromUrl(url, mustBeTree) {
      if (!/^(file|https?)$/.test(transportOf(url.scheme))) return undefined;
      const application = applicationOf(url.scheme);
      const kind = application ?? (isTarball(url, mustBeTree) ? 'tarball' : 'file');
      if (kind !== name) return undefined;
      const attrs: Record<string, InputAttr> = { type: name };
      for (const key of ['narHash', 'rev'] as const) {
        const value = url.query.get(key);
        if (value !== undefined) attrs[key] = value;
      }
      for (const key of ['revCount', 'lastModified'] as const) {
        const count = parseCount(url.query.get(key) ?? '');
        if (count !== undefined) attrs[key] = count;
      }
      const plain = withoutQuery({ ...url, scheme: transportOf(url.scheme) }, downloadAttributes);
      return { ...attrs, url: printUrl(plain) };
    },
    check: (attrs) => attrs,
    toUrl(attrs) {
      const url = parseUrl(requiredStringAttr(attrs, 'url'));
      return withQuery(url, { narHash: narHashText(attrs) });
    },
    isLocked: (attrs) => narHashOf(attrs) !== undefined,
    withOverrides(attrs, ref, rev) {
      if (ref === undefined && rev === undefined) return attrs;
      const what = ref === undefined ? 'revision' : 'branch/tag name';
      throw new NixError(
        `don't know how to set ${what} of input '${printUrl(this.toUrl(attrs))}' to '${ref ?? rev}'`,
      );
    },
  };
}

export const fileScheme = downloadScheme('file');
export const tarballScheme = downloadScheme('tarball');

function refOrRev(path: readonly string[]): Record<string, string> {
  const rest = path.slice(2).join('/');
  if (rest === '') return {};
  return path.length === 3 && revisionPattern.test(rest) ? { rev: rest } : { ref: rest };
}

/** A repository on a site that packs its commits: the archive is downloaded, git is not needed. */
function forgeScheme(name: string): InputScheme {
  return {
    name,
    feature: 'flakes',
    allowed: new Set(['owner', 'repo', 'ref', 'rev', 'narHash', 'lastModified', 'host', 'treeHash']),
    fromUrl(url) {
      if (url.scheme !== name) return undefined;
      const path = url.path.filter((segment) => segment !== '');
      const shown = printUrl(url);
      if (path.length < 2) throw new BadUrl(`URL '${shown}' is invalid`, `expected ${name}:OWNER/REPOSITORY`);
      const attrs = refOrRev(path);
      for (const [key, value] of url.query) {
        if (!['rev', 'ref', 'host', 'narHash'].includes(key))
          throw new BadUrl(`URL '${shown}' contains unknown parameter '${key}'`);
        if (key === 'rev' && 'rev' in attrs)
          throw new BadUrl(`URL '${shown}' contains multiple commit hashes`);
        if (key === 'ref' && 'ref' in attrs)
          throw new BadUrl(`URL '${shown}' contains multiple branch/tag names`);
        attrs[key] = value;
      }
      return this.check({ ...attrs, type: name, owner: path[0], repo: path[1] });
    },
    check(attrs) {
      requiredStringAttr(attrs, 'owner');
      requiredStringAttr(attrs, 'repo');
      checkForgeAttrs(attrs);
      return attrs;
    },
    toUrl(attrs) {
      const path = [requiredStringAttr(attrs, 'owner'), requiredStringAttr(attrs, 'repo')];
      const ref = stringAttr(attrs, 'ref');
      const rev = revisionOf(attrs);
      if (ref !== undefined) path.push(...ref.split('/'));
      if (rev !== undefined) path.push(rev);
      const query = { narHash: narHashText(attrs), host: stringAttr(attrs, 'host') };
      return withQuery({ scheme: name, authority: undefined, path, query: new Map(), fragment: '' }, query);
    },
    // A commit's archive may be packed in more than one way, hence the hash.
    isLocked: (attrs) => revisionOf(attrs) !== undefined && narHashOf(attrs) !== undefined,
    withOverrides(attrs, ref, rev) {
      if (ref !== undefined && rev !== undefined) {
        const shown = printUrl(this.toUrl(attrs));
        throw new BadUrl(
          `cannot apply both a commit hash (${rev}) and a branch/tag name ('${ref}') to input '${shown}'`,
        );
      }
      const { rev: oldRev, ref: oldRef, ...rest } = attrs;
      if (rev !== undefined) return { ...rest, rev };
      return ref === undefined ? attrs : { ...rest, ref };
    },
  };
}

function checkForgeAttrs(attrs: InputAttrs): void {
  const ref = stringAttr(attrs, 'ref');
  const rev = stringAttr(attrs, 'rev');
  const shown = attrsToJson(attrs);
  if (ref !== undefined && rev !== undefined) {
    throw new BadUrl(
      `input ${shown} contains both a commit hash ('${rev}') and a branch/tag name ('${ref}')`,
    );
  }
  if (rev !== undefined) parseHash(rev, 'sha1');
  if (ref !== undefined && !isLegalRefName(ref))
    throw new BadUrl(`input ${shown} contains an invalid branch/tag name`);
  const host = stringAttr(attrs, 'host');
  if (host !== undefined && !/^[a-zA-Z0-9.-]*$/.test(host))
    throw new BadUrl(`input ${shown} contains an invalid instance host`);
}

export const githubScheme = forgeScheme('github');
export const gitlabScheme = forgeScheme('gitlab');
export const sourcehutScheme = forgeScheme('sourcehut');
