/** Names that git uses: references, revisions, and the ways to write a repository's address. */
import { BadUrl, type ParsedUrl, parseUrl, printUrl } from './url.ts';

/** A commit hash as it is told from a branch: 40 hexadecimal digits. */
export const revisionPattern = /^[0-9a-fA-F]{40}$/;

/**
 * Whether git takes the text as the name of a branch or tag (git-check-ref-format): no component that begins with a
 * dot or ends in `.lock`, no `..`, `@{`, controls or any of ` ~^:?*[\`.
 */
export function isLegalRefName(name: string): boolean {
  if (name === '' || name === '@' || name.startsWith('-') || name.endsWith('.')) return false;
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{/.test(name)) return false;
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
}

const schemesOfGit = new Set(
  ['ssh', 'http', 'https', 'file', 'ftp', 'ftps', 'git'].flatMap((name) => [name, `git+${name}`]),
);

/**
 * A repository's address as a URL: absolute paths become `file://`, `user@host:path` becomes `ssh://user@host/path`.
 *
 * @throws BadUrl for what is none of these
 */
export function fixGitUrl(text: string): string {
  if (text.startsWith('/')) {
    return printUrl({ scheme: 'file', authority: '', path: text.split('/'), query: new Map(), fragment: '' });
  }
  const scp = scpStyle(text);
  if (scp !== undefined) return printUrl(scp);
  let url: ParsedUrl;
  try {
    url = parseUrl(text);
  } catch (error) {
    if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text)) throw error;
    throw new BadUrl(`'${text}' is not a valid URL`, 'a local repository is given by its absolute path');
  }
  return printUrl(url.scheme === 'file' && url.authority === undefined ? { ...url, authority: '' } : url);
}

function scpStyle(text: string): ParsedUrl | undefined {
  if (text.includes('://')) return undefined;
  const match = /^((?:[^/:@]*@)?(?:\[[^\]]*\]|[^/:]*)):(.*)$/s.exec(text);
  if (!match || schemesOfGit.has(match[1])) return undefined;
  const [, authority, path] = match;
  return {
    scheme: 'ssh',
    authority,
    path: (path.startsWith('/') ? path : `/${path}`).split('/'),
    query: new Map(),
    fragment: '',
  };
}
