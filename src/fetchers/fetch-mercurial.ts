/** Mercurial inputs. `hg` comes from `PATH`. A local repository with changes is taken as it lies there. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBytes, NixError } from '../diagnostics/index.ts';
import { formatNix32 } from '../formats/index.ts';
import {
  type Input,
  parseUrl,
  requiredStringAttr,
  revisionOf,
  stringAttr,
  urlPath,
} from '../inputs/index.ts';
import { describeExitStatus, runProcess, succeeded } from '../platform/index.ts';
import { type FetchContext, type FetchedTree, withTemporaryDirectory } from './fetch-context.ts';
import { copyFiles } from './git-export.ts';

async function hg(context: FetchContext, args: readonly string[]): Promise<string> {
  const env = Object.entries({ ...context.env, HGPLAIN: '' }).filter(([, value]) => value !== undefined);
  let result: Awaited<ReturnType<typeof runProcess>>;
  try {
    result = await runProcess({
      program: 'hg',
      args,
      env: Object.fromEntries(env) as Record<string, string>,
      ...(context.signal && { signal: context.signal }),
    });
  } catch (error) {
    if (!(error instanceof NixError) || !error.message.includes('ENOENT')) throw error;
    throw new NixError("cannot fetch from a Mercurial repository: there is no program 'hg'", {
      code: 'no-mercurial',
      hint: 'install Mercurial, or fetch an archive of the revision with fetchTarball',
      cause: error,
    });
  }
  if (succeeded(result.status)) return result.stdout;
  throw new NixError(`'hg ${args[0]}' ${describeExitStatus(result.status)}: ${result.stderr.trim()}`, {
    code: 'hg-failed',
  });
}

export async function fetchMercurial(context: FetchContext, input: Input): Promise<FetchedTree> {
  const { attrs } = input;
  const url = parseUrl(requiredStringAttr(attrs, 'url'));
  const local = url.scheme === 'file' ? context.toRealPath(decodeBytes(urlPath(url))) : undefined;
  const isFree = attrs['ref'] === undefined && attrs['rev'] === undefined;
  if (local !== undefined && isFree && existsSync(join(local, '.hg')) && (await isDirty(context, local)))
    return fetchDirty(context, input, local);
  return fetchRevision(context, input, local ?? decodeBytes(requiredStringAttr(attrs, 'url')));
}

async function isDirty(context: FetchContext, repository: string): Promise<boolean> {
  return (await hg(context, ['status', '-R', repository, '--modified', '--added', '--removed'])) !== '';
}

async function fetchDirty(context: FetchContext, input: Input, repository: string): Promise<FetchedTree> {
  if (!context.allowDirty) throw new NixError(`Mercurial tree '${repository}' is unclean`);
  if (context.warnDirty) context.warn(`Mercurial tree '${repository}' is unclean`);
  const ref = (await hg(context, ['branch', '-R', repository])).trim();
  const flags = ['--clean', '--modified', '--added', '--no-status', '--print0'];
  const files = (await hg(context, ['status', '-R', repository, ...flags])).split('\0');
  const path = await withTemporaryDirectory(async (directory) => {
    const tree = join(directory, 'tree');
    mkdirSync(tree);
    copyFiles(
      repository,
      files.filter((file) => file !== ''),
      tree,
    );
    return context.store.addPath(input.name, tree);
  });
  return { path, attrs: { ...input.attrs, ref } };
}

async function fetchRevision(context: FetchContext, input: Input, url: string): Promise<FetchedTree> {
  const wanted = revisionOf(input.attrs) ?? stringAttr(input.attrs, 'ref') ?? 'default';
  const digest = formatNix32(createHash('sha256').update(url).digest());
  const clone = join(context.cacheDirectory, 'hg', digest);
  if (!existsSync(clone)) {
    mkdirSync(join(context.cacheDirectory, 'hg'), { recursive: true });
    await hg(context, ['clone', '--noupdate', '--', url, clone]);
  } else await hg(context, ['pull', '-R', clone, '--', url]);
  const log = await hg(context, ['log', '-R', clone, '-r', wanted, '--template', '{node} {rev} {branch}']);
  const [rev, count, ref] = log.split(' ');
  const path = await withTemporaryDirectory(async (directory) => {
    const tree = join(directory, 'tree');
    await hg(context, ['archive', '-R', clone, '-r', rev, tree]);
    rmSync(join(tree, '.hg_archival.txt'), { force: true });
    return context.store.addPath(input.name, tree);
  });
  return { path, attrs: { ...input.attrs, ref, rev, revCount: Number(count) } };
}
