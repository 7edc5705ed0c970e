/** Archives of commits from GitHub, GitLab and SourceHut: a branch is resolved by the site, the commit downloaded. */
import { readFileSync } from 'node:fs';
import { decodeBytes, NixError } from '../diagnostics/index.ts';
import { type Input, requiredStringAttr, revisionOf, stringAttr } from '../inputs/index.ts';
import type { FetchContext, FetchedTree } from './fetch-context.ts';
import { downloadFile, downloadTree } from './fetch-file.ts';

interface Forge {
  readonly host: string;
  /** Address that tells the commit of a branch. */
  commitUrl(project: Project, ref: string): string;
  /** The commit in what `commitUrl` gave. */
  readCommit(answer: string, ref: string): string | undefined;
  archiveUrl(project: Project, rev: string): string;
}

interface Project {
  readonly host: string;
  readonly owner: string;
  readonly repo: string;
}

const forges: Readonly<Record<string, Forge>> = {
  github: {
    host: 'github.com',
    commitUrl: ({ host, owner, repo }, ref) =>
      `${host === 'github.com' ? 'https://api.github.com' : `https://${host}/api/v3`}/repos/${owner}/${repo}/commits/${ref}`,
    readCommit: (answer) => (JSON.parse(answer) as { sha?: string }).sha,
    archiveUrl: ({ host, owner, repo }, rev) =>
      host === 'github.com'
        ? `https://github.com/${owner}/${repo}/archive/${rev}.tar.gz`
        : `https://${host}/api/v3/repos/${owner}/${repo}/tarball/${rev}`,
  },
  gitlab: {
    host: 'gitlab.com',
    commitUrl: ({ host, owner, repo }, ref) =>
      `https://${host}/api/v4/projects/${owner}%2F${repo}/repository/commits?ref_name=${ref}`,
    readCommit: (answer) => (JSON.parse(answer) as { id?: string }[])[0]?.id,
    archiveUrl: ({ host, owner, repo }, rev) =>
      `https://${host}/api/v4/projects/${owner}%2F${repo}/repository/archive.tar.gz?sha=${rev}`,
  },
  sourcehut: {
    host: 'git.sr.ht',
    commitUrl: ({ host, owner, repo }, ref) =>
      `https://${host}/${owner}/${repo}/${ref === 'HEAD' ? 'HEAD' : 'info/refs'}`,
    readCommit: (answer, ref) => {
      const lines = answer.split('\n').map((line) => line.split(/\s+/));
      return lines.find(([, name]) => name === `refs/heads/${ref}` || name === `refs/tags/${ref}`)?.[0];
    },
    archiveUrl: ({ host, owner, repo }, rev) => `https://${host}/${owner}/${repo}/archive/${rev}.tar.gz`,
  },
};

/** @throws NixError when the site does not know the branch, or cannot be reached */
export async function fetchForge(context: FetchContext, input: Input): Promise<FetchedTree> {
  const forge = forges[input.type];
  const { attrs } = input;
  const project = {
    host: stringAttr(attrs, 'host') ?? forge.host,
    owner: requiredStringAttr(attrs, 'owner'),
    repo: requiredStringAttr(attrs, 'repo'),
  };
  const rev =
    revisionOf(attrs) ?? (await resolve(context, forge, project, stringAttr(attrs, 'ref') ?? 'HEAD'));
  const tree = await downloadTree(context, forge.archiveUrl(project, rev), input.name);
  const { ref: _resolved, ...rest } = attrs;
  return { path: tree.path, attrs: { ...rest, rev, lastModified: tree.lastModified } };
}

async function resolve(context: FetchContext, forge: Forge, project: Project, ref: string): Promise<string> {
  const url = forge.commitUrl(project, ref);
  const path = await downloadFile(context, url, 'source');
  const answer = readFileSync(context.store.toRealPath(path), 'latin1');
  let rev: string | undefined;
  try {
    rev = forge.readCommit(answer, ref);
  } catch {
    // Not what was expected: told below.
  }
  if (rev !== undefined && /^[0-9a-f]{40}$/.test(rev)) return rev;
  throw new NixError(
    `'${decodeBytes(url)}' does not tell which commit '${ref}' of '${project.owner}/${project.repo}' is`,
    { code: 'no-revision', hint: 'check the names of owner, repository and branch' },
  );
}
