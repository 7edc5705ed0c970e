/**
 * Git inputs. A local repository without branch and revision is taken as it lies there, uncommitted changes included;
 * everything else is a commit, of a local repository or of a clone in the cache.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeBytes, NixError } from '../diagnostics/index.ts';
import { formatNix32 } from '../formats/index.ts';
import {
  booleanAttr,
  Input,
  type InputAttrs,
  type ParsedUrl,
  parseUrl,
  printUrl,
  requiredStringAttr,
  revisionOf,
  stringAttr,
  urlPath,
} from '../inputs/index.ts';
import { lockFile } from '../store/index.ts';
import {
  cachedPath,
  FetchCache,
  type FetchContext,
  type FetchedTree,
  printPath,
  withTemporaryDirectory,
} from './fetch-context.ts';
import { copyFiles, listCommit, type TreeFile, withoutIgnored, writeCommit } from './git-export.ts';
import { git, tryGit } from './git-program.ts';
import { commitSubmodules, workdirSubmoduleUrl } from './git-submodules.ts';
import { readWorkingDirectory, type WorkingDirectory } from './git-workdir.ts';

const noRevision = '0'.repeat(40);

/** Where the commits of an input are. */
type Location = { readonly path: string } | { readonly url: ParsedUrl };

function locate(context: FetchContext, attrs: InputAttrs): Location {
  const url = parseUrl(requiredStringAttr(attrs, 'url'));
  const query = new Map(url.query);
  query.delete('dir');
  if (url.scheme !== 'file' || context.env['_NIX_FORCE_HTTP'] === '1') return { url: { ...url, query } };
  const path = context.toRealPath(decodeBytes(urlPath(url)));
  // A bare repository has no files to look at: it is fetched from like one elsewhere.
  if (existsSync(path) && !existsSync(join(path, '.git'))) return { url: { ...url, query: new Map() } };
  return { path };
}

/** @throws NixError when the repository, branch or revision is not there */
export async function fetchGit(context: FetchContext, input: Input): Promise<FetchedTree> {
  const { attrs } = input;
  if (booleanAttr(attrs, 'exportIgnore') && booleanAttr(attrs, 'submodules'))
    throw new NixError('exportIgnore and submodules are not supported together yet');
  if (['verifyCommit', 'publicKey', 'publicKeys'].some((name) => name in attrs)) {
    throw new NixError('signatures of git commits cannot be verified', {
      code: 'no-verification',
      hint: 'give the revision instead: it names the content',
    });
  }
  const location = locate(context, attrs);
  const isWorkdir = 'path' in location && attrs['ref'] === undefined && attrs['rev'] === undefined;
  const name = input.name;
  return isWorkdir
    ? fetchWorkdir(context, attrs, location.path, name)
    : fetchCommit(context, attrs, location, name);
}

async function fetchWorkdir(
  context: FetchContext,
  attrs: InputAttrs,
  repository: string,
  name: string,
): Promise<FetchedTree> {
  const workdir = await readWorkingDirectory(context, repository);
  const found: Record<string, string | number> = {};
  if (workdir.isDirty) {
    warnDirty(context, repository);
    if (workdir.head !== undefined) {
      found['dirtyRev'] = `${workdir.head}-dirty`;
      found['dirtyShortRev'] = `${workdir.head.slice(0, 7)}-dirty`;
    }
  } else {
    if (workdir.branch !== undefined) found['ref'] = workdir.branch;
    found['rev'] = workdir.head ?? noRevision;
    if (!booleanAttr(attrs, 'shallow'))
      found['revCount'] = workdir.head ? await revCount(context, repository, workdir.head) : 0;
  }
  found['lastModified'] = workdir.head ? await commitTime(context, repository, workdir.head) : 0;
  const path = await withTemporaryDirectory(async (directory) => {
    const destination = join(directory, 'tree');
    mkdirSync(destination);
    await writeWorkdir(context, attrs, repository, workdir, destination);
    return context.store.addPath(name, destination);
  });
  return { path, attrs: { ...attrs, ...found } };
}

function warnDirty(context: FetchContext, repository: string): void {
  if (!context.allowDirty) throw new NixError(`Git tree '${repository}' is dirty`);
  if (context.warnDirty) context.warn(`Git tree '${repository}' is dirty`);
}

async function writeWorkdir(
  context: FetchContext,
  attrs: InputAttrs,
  repository: string,
  workdir: WorkingDirectory,
  destination: string,
): Promise<void> {
  const asFiles = workdir.files.map((path) => ({ mode: '', object: '', path }));
  const wanted = booleanAttr(attrs, 'exportIgnore')
    ? await withoutIgnored(context, repository, 'HEAD', asFiles, join(dirname(destination), 'index'))
    : asFiles;
  copyFiles(
    repository,
    wanted.map(({ path }) => path),
    destination,
  );
  if (!booleanAttr(attrs, 'submodules')) return;
  for (const path of workdir.submodules) {
    const inner = join(repository, decodeBytes(path));
    const target = join(destination, decodeBytes(path));
    mkdirSync(target, { recursive: true });
    if (!existsSync(join(inner, '.git'))) throw missingSubmodule(inner);
    await writeWorkdir(context, attrs, inner, await readWorkingDirectory(context, inner), target);
  }
}

function missingSubmodule(path: string): NixError {
  return new NixError(`the submodule '${path}' is not checked out`, {
    hint: "run 'git submodule update --init', or give a revision",
  });
}

async function fetchCommit(
  context: FetchContext,
  attrs: InputAttrs,
  location: Location,
  name: string,
): Promise<FetchedTree> {
  const { repository, ref, rev } = await findCommit(context, attrs, location);
  const found: Record<string, string | number> = { ref, rev };
  if (attrs['lastModified'] === undefined) found['lastModified'] = await commitTime(context, repository, rev);
  if (!booleanAttr(attrs, 'shallow') && attrs['revCount'] === undefined)
    found['revCount'] = await revCount(context, repository, rev);
  const cache = new FetchCache(context.cacheDirectory);
  const flags = ['submodules', 'exportIgnore', 'lfs'].filter((flag) => booleanAttr(attrs, flag));
  const key = ['git-tree', context.store.storeDir, rev, name, ...flags];
  const known = await cachedPath(context, cache.get(key)?.value['path']);
  if (known) return { path: known, attrs: { ...attrs, ...found } };
  const path = await withTemporaryDirectory(async (directory) => {
    const destination = join(directory, 'tree');
    mkdirSync(destination);
    await exportCommit(context, { attrs, repository, ref, rev, destination });
    return context.store.addPath(name, destination);
  });
  cache.set(key, { path: printPath(context, path) });
  return { path, attrs: { ...attrs, ...found } };
}

interface Commit {
  readonly repository: string;
  readonly ref: string;
  readonly rev: string;
}

async function findCommit(context: FetchContext, attrs: InputAttrs, location: Location): Promise<Commit> {
  const rev = revisionOf(attrs);
  if ('path' in location) {
    const repository = location.path;
    const ref = stringAttr(attrs, 'ref') ?? (await headOf(context, repository)) ?? 'master';
    if (rev === undefined) return { repository, ref, rev: await resolveRef(context, repository, ref) };
    if (!(await hasCommit(context, repository, rev))) throw noSuchRevision(rev, ref, repository);
    return { repository, ref, rev };
  }
  return updateClone(context, attrs, printUrl(location.url));
}

/** The clone of a repository in the cache, brought up to date where that is needed. */
async function updateClone(context: FetchContext, attrs: InputAttrs, url: string): Promise<Commit> {
  const isShallow = booleanAttr(attrs, 'shallow');
  const allRefs = booleanAttr(attrs, 'allRefs');
  const rev = revisionOf(attrs);
  const given = stringAttr(attrs, 'ref');
  const clones = join(context.cacheDirectory, 'git');
  const digest = formatNix32(createHash('sha256').update(url, 'latin1').digest());
  const repository = join(clones, isShallow ? `${digest}-shallow` : digest);
  mkdirSync(clones, { recursive: true });
  using _lock = await lockFile(
    `${repository}.lock`,
    'exclusive',
    context.signal ? { signal: context.signal } : {},
  );
  if (!existsSync(join(repository, 'HEAD'))) await git(context, ['init', '--quiet', '--bare', repository]);
  const ref = given ?? (await remoteHead(context, url));
  const stamp = join(repository, 'firn-fetched', encodeURIComponent(ref));
  const isKnown =
    rev !== undefined
      ? await hasCommit(context, repository, rev)
      : !allRefs && isCurrent(stamp, context.ttlSeconds) && (await tryResolve(context, repository, ref));
  if (!isKnown) {
    const full = ref.startsWith('refs/') || ref === 'HEAD' ? ref : `refs/heads/${ref}`;
    const what = allRefs ? 'refs/*:refs/*' : (rev ?? `${full}:${full}`);
    await fetchInto(context, {
      repository,
      url,
      what,
      isShallow,
      mayFail: await tryResolve(context, repository, ref),
    });
    if (rev === undefined) touch(stamp);
  }
  if (rev === undefined) return { repository, ref, rev: await resolveRef(context, repository, ref) };
  if (!(await hasCommit(context, repository, rev))) throw noSuchRevision(rev, ref, url);
  return { repository, ref, rev };
}

interface Fetch {
  readonly repository: string;
  readonly url: string;
  readonly what: string;
  readonly isShallow: boolean;
  /** What is there already will do. */
  readonly mayFail: boolean;
}

async function fetchInto(
  context: FetchContext,
  { repository, url, what, isShallow, mayFail }: Fetch,
): Promise<void> {
  const depth = isShallow ? ['--depth', '1'] : [];
  const args = [
    '-C',
    repository,
    'fetch',
    '--quiet',
    '--force',
    '--no-tags',
    '--update-head-ok',
    ...depth,
    '--',
    url,
    what,
  ];
  try {
    await git(context, args);
  } catch (error) {
    if (!mayFail || !(error instanceof NixError)) throw error;
    context.warn(
      `could not update local clone of Git repository '${url}'; continuing with the most recent version (${error.message})`,
    );
  }
}

function isCurrent(file: string, ttlSeconds: number): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats !== undefined && stats.mtimeMs / 1000 + ttlSeconds > Date.now() / 1000;
}

/** The file's time says when a branch was last fetched. */
function touch(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
}

async function remoteHead(context: FetchContext, url: string): Promise<string> {
  const cache = new FetchCache(context.cacheDirectory);
  const key = ['git-head', url];
  const known = cache.get(key);
  if (known && known.ageSeconds < context.ttlSeconds) return String(known.value['ref']);
  const text = await tryGit(context, ['ls-remote', '--symref', '--', url, 'HEAD']);
  const ref =
    /^ref: (\S+)\s+HEAD$/m.exec(text ?? '')?.[1] ?? /^([0-9a-f]{40})\s+HEAD$/m.exec(text ?? '')?.[1];
  if (ref === undefined) {
    if (known) return String(known.value['ref']);
    context.warn(`could not read HEAD ref from repo at '${url}', using 'master'`);
    return 'master';
  }
  cache.set(key, { ref });
  return ref;
}

async function headOf(context: FetchContext, repository: string): Promise<string | undefined> {
  return (await tryGit(context, ['-C', repository, 'symbolic-ref', '--quiet', 'HEAD']))?.trim();
}

async function tryResolve(context: FetchContext, repository: string, ref: string): Promise<boolean> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
  return (await tryGit(context, ['-C', repository, ...args])) !== undefined;
}

async function resolveRef(context: FetchContext, repository: string, ref: string): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
  const text = await tryGit(context, ['-C', repository, ...args]);
  if (text !== undefined) return text.trim();
  throw new NixError(`resolving Git reference '${ref}': there is no such branch, tag or commit`, {
    code: 'no-ref',
  });
}

async function hasCommit(context: FetchContext, repository: string, rev: string): Promise<boolean> {
  return (await tryGit(context, ['-C', repository, 'cat-file', '-e', `${rev}^{commit}`])) !== undefined;
}

function noSuchRevision(rev: string, ref: string, where: string): NixError {
  return new NixError(
    `Cannot find Git revision '${rev}' in ref '${ref}' of repository '${where}'! Please make sure that the rev exists on the ref you've specified or add allRefs = true; to fetchGit.`,
    { code: 'no-revision' },
  );
}

async function commitTime(context: FetchContext, repository: string, rev: string): Promise<number> {
  const text = await git(context, [
    '-C',
    repository,
    'log',
    '-1',
    '--format=%ct',
    '--no-show-signature',
    rev,
  ]);
  return Number(text.trim());
}

async function revCount(context: FetchContext, repository: string, rev: string): Promise<number> {
  const shallow = await git(context, ['-C', repository, 'rev-parse', '--is-shallow-repository']);
  if (shallow.trim() === 'true') {
    throw new NixError(
      `'${repository}' is a shallow Git repository, but shallow repositories are only allowed when \`shallow = true;\` is specified`,
      {
        code: 'shallow',
      },
    );
  }
  const cache = new FetchCache(context.cacheDirectory);
  const key = ['git-count', rev];
  const known = cache.get(key)?.value['count'];
  if (typeof known === 'number') return known;
  const count = Number((await git(context, ['-C', repository, 'rev-list', '--count', rev])).trim());
  cache.set(key, { count });
  return count;
}

interface Export extends Commit {
  readonly attrs: InputAttrs;
  readonly destination: string;
}

async function exportCommit(context: FetchContext, wanted: Export): Promise<void> {
  const { attrs, repository, rev, destination } = wanted;
  const all = await listCommit(context, repository, rev);
  const files = booleanAttr(attrs, 'exportIgnore')
    ? await withoutIgnored(context, repository, rev, all, join(dirname(destination), 'index'))
    : all;
  await writeCommit(context, repository, files, destination);
  if (booleanAttr(attrs, 'submodules')) await exportSubmodules(context, wanted, files);
}

async function exportSubmodules(
  context: FetchContext,
  { attrs, repository, ref, rev, destination }: Export,
  files: readonly TreeFile[],
): Promise<void> {
  const origin = workdirSubmoduleUrl(context, repository, requiredStringAttr(attrs, 'url'));
  for (const submodule of await commitSubmodules(context, repository, rev, files, await origin)) {
    const branch = submodule.branch === '.' ? ref : submodule.branch;
    const input = Input.fromAttrs(
      {
        type: 'git',
        url: submodule.url,
        rev: submodule.rev,
        submodules: true,
        allRefs: true,
        ...(branch !== undefined && { ref: branch }),
      },
      context.features,
    );
    const commit = await findCommit(context, input.attrs, locate(context, input.attrs));
    const target = join(destination, decodeBytes(submodule.path));
    await exportCommit(context, { ...commit, attrs: input.attrs, destination: target });
  }
}
