/** Submodules: which commits belong where in a tree, and where they are fetched from. */
import { NixError } from '../diagnostics/index.ts';
import type { FetchContext } from './fetch-context.ts';
import type { TreeFile } from './git-export.ts';
import { tryGit } from './git-program.ts';

export interface Submodule {
  readonly path: string;
  readonly url: string;
  readonly branch: string | undefined;
  readonly rev: string;
}

/** What relative addresses of submodules start from: the repository's `origin`, else its own address. */
export async function workdirSubmoduleUrl(
  context: FetchContext,
  repository: string,
  own: string,
): Promise<string> {
  const remote = await tryGit(context, ['-C', repository, 'config', '--get', 'remote.origin.url']);
  return remote === undefined || remote.trim() === '' ? own : remote.trim();
}

/** @throws NixError for a submodule that `.gitmodules` does not know */
export async function commitSubmodules(
  context: FetchContext,
  repository: string,
  rev: string,
  files: readonly TreeFile[],
  origin: string,
): Promise<Submodule[]> {
  const links = files.filter(({ mode }) => mode === '160000');
  if (links.length === 0) return [];
  const args = ['-C', repository, 'config', '--blob', `${rev}:.gitmodules`, '--list', '-z'];
  const settings = parseSettings((await tryGit(context, args)) ?? '');
  return links.map(({ path, object }) => {
    const entry = [...settings.values()].find((each) => each.get('path') === path);
    const url = entry?.get('url');
    if (url === undefined) throw new NixError(`the submodule '${path}' has no address in '.gitmodules'`);
    return { path, url: resolveUrl(origin, url), branch: entry?.get('branch'), rev: object };
  });
}

/** `submodule.NAME.KEY\nVALUE\0...`: name to key to value. */
function parseSettings(text: string): Map<string, Map<string, string>> {
  const result = new Map<string, Map<string, string>>();
  for (const record of text.split('\0')) {
    const match = /^submodule\.(.*)\.([^.\n]+)\n([\s\S]*)$/.exec(record);
    if (!match) continue;
    const [, name, key, value] = match;
    if (!result.has(name)) result.set(name, new Map());
    result.get(name)!.set(key, value);
  }
  return result;
}

/** `./x` and `../x` start from the address of the repository around. */
function resolveUrl(origin: string, url: string): string {
  if (!/^\.\.?\//.test(url)) return url;
  let base = origin.replace(/\/+$/, '');
  let rest = url;
  for (;;) {
    if (rest.startsWith('./')) rest = rest.slice(2);
    else if (rest.startsWith('../')) {
      rest = rest.slice(3);
      base = base.slice(0, Math.max(base.lastIndexOf('/'), base.lastIndexOf(':') + 1));
    } else return `${base}/${rest}`;
  }
}
