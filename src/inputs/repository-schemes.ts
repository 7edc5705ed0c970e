/** The schemes of version control: `git` and `hg`. */
import { NixError } from '../diagnostics/index.ts';
import { booleanAttr, type InputAttr, type InputAttrs, requiredStringAttr, stringAttr } from './attrs.ts';
import { fixGitUrl, isLegalRefName } from './git-names.ts';
import { type InputScheme, revisionOf, setRefAndRev, withQuery } from './scheme.ts';
import { applicationOf, BadUrl, type ParsedUrl, parseUrl, printUrl } from './url.ts';

const gitTexts = new Set(['rev', 'ref', 'keytype', 'publicKey', 'publicKeys']);
const gitFlags = new Set(['shallow', 'submodules', 'lfs', 'exportIgnore', 'allRefs', 'verifyCommit']);
const noRevision = '0'.repeat(40);

/** The URL without what became attributes, and those attributes. */
function splitQuery(
  url: ParsedUrl,
  attribute: (name: string, value: string) => InputAttr | undefined,
): { rest: Map<string, string>; attrs: Record<string, InputAttr> } {
  const rest = new Map<string, string>();
  const attrs: Record<string, InputAttr> = {};
  for (const [name, value] of url.query) {
    const known = attribute(name, value);
    if (known === undefined) rest.set(name, value);
    else attrs[name] = known;
  }
  return { rest, attrs };
}

export const gitScheme: InputScheme = {
  name: 'git',
  allowed: new Set([
    ...['url', 'ref', 'rev', 'shallow', 'submodules', 'lfs', 'exportIgnore', 'lastModified', 'revCount'],
    ...['narHash', 'allRefs', 'name', 'dirtyRev', 'dirtyShortRev'],
    ...['verifyCommit', 'keytype', 'publicKey', 'publicKeys'],
  ]),
  fromUrl(url) {
    if (url.scheme !== 'git' && applicationOf(url.scheme) !== 'git') return undefined;
    const { rest, attrs } = splitQuery(url, (name, value) => {
      if (gitFlags.has(name)) return value === '1';
      return gitTexts.has(name) ? value : undefined;
    });
    const scheme = url.scheme.replace(/^git\+/, '');
    return this.check({ type: 'git', ...attrs, url: printUrl({ ...url, scheme, query: rest }) });
  },
  check(attrs) {
    const ref = stringAttr(attrs, 'ref');
    if (ref !== undefined && !isLegalRefName(ref)) throw new BadUrl(`invalid Git branch/tag name '${ref}'`);
    for (const name of gitFlags) booleanAttr(attrs, name);
    return { ...attrs, url: fixGitUrl(requiredStringAttr(attrs, 'url')) };
  },
  toUrl(attrs) {
    const url = parseUrl(requiredStringAttr(attrs, 'url'));
    const flag = (name: string) => (booleanAttr(attrs, name) ? '1' : undefined);
    return withQuery(
      { ...url, scheme: url.scheme === 'git' ? 'git' : `git+${url.scheme}` },
      {
        rev: revisionOf(attrs),
        ref: stringAttr(attrs, 'ref'),
        shallow: flag('shallow'),
        lfs: flag('lfs'),
        submodules: flag('submodules'),
        exportIgnore: flag('exportIgnore'),
        verifyCommit: flag('verifyCommit'),
        keytype: stringAttr(attrs, 'publicKey') === undefined ? undefined : keyType(attrs),
        publicKey: stringAttr(attrs, 'publicKey'),
      },
    );
  },
  isLocked(attrs) {
    const rev = revisionOf(attrs);
    return rev !== undefined && rev !== noRevision;
  },
  withOverrides(attrs, ref, rev) {
    const result = setRefAndRev(attrs, ref, rev);
    if (result['ref'] === undefined && result['rev'] !== undefined) {
      throw new NixError(
        `Git input '${printUrl(this.toUrl(result))}' has a commit hash but no branch/tag name`,
      );
    }
    return result;
  },
};

function keyType(attrs: InputAttrs): string {
  return stringAttr(attrs, 'keytype') ?? 'ssh-ed25519';
}

export const mercurialScheme: InputScheme = {
  name: 'hg',
  allowed: new Set(['url', 'ref', 'rev', 'revCount', 'narHash', 'name']),
  fromUrl(url) {
    if (!/^hg\+(http|https|ssh|file)$/.test(url.scheme)) return undefined;
    const { rest, attrs } = splitQuery(url, (name, value) =>
      name === 'rev' || name === 'ref' ? value : undefined,
    );
    const plain = printUrl({ ...url, scheme: url.scheme.slice('hg+'.length), query: rest });
    return this.check({ type: 'hg', ...attrs, url: plain });
  },
  check(attrs) {
    parseUrl(requiredStringAttr(attrs, 'url'));
    const ref = stringAttr(attrs, 'ref');
    if (ref !== undefined && !/^[a-zA-Z0-9@][a-zA-Z0-9_./@+-]*$/.test(ref))
      throw new BadUrl(`invalid Mercurial branch/tag name '${ref}'`);
    return attrs;
  },
  toUrl(attrs) {
    const url = parseUrl(requiredStringAttr(attrs, 'url'));
    return withQuery(
      { ...url, scheme: `hg+${url.scheme}` },
      { rev: revisionOf(attrs), ref: stringAttr(attrs, 'ref') },
    );
  },
  isLocked: (attrs) => revisionOf(attrs) !== undefined,
  withOverrides: setRefAndRev,
};
