/** `fetchTree`, `fetchGit` and `fetchMercurial`: source trees from wherever an input says. */
import { formatBase16, type Hash } from '../../formats/index.ts';
import {
  booleanAttr,
  fixGitUrl,
  Input,
  type InputAttr,
  type InputAttrs,
  missingFeature,
  parseRevision,
  parseUrl,
  revisionOf,
  revisionPattern,
  stringAttr,
} from '../../inputs/index.ts';
import { coerceToString, pathText } from '../coerce.ts';
import { EvalError, evalError, withTrace } from '../errors.ts';
import type { FetchResult } from '../eval-io.ts';
import { force, forceTextNoContext } from '../force.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import {
  AttrSet,
  ContextString,
  isInt,
  isString,
  type Lazy,
  NixPath,
  showType,
  textOf,
  type Value,
} from '../value.ts';
import { valueToJson } from './json.ts';
import type { BuiltinSpec, BuiltinTable } from './registry.ts';
import { treeValue } from './tree-value.ts';
import { checkUri } from './uri-access.ts';

interface Kind {
  readonly who: 'fetchTree' | 'fetchGit' | 'fetchFinalTree';
  readonly isGit: boolean;
  readonly isFinal: boolean;
}

/** An attribute of the argument as an input attribute. */
function inputAttr(runtime: Runtime, { who, isGit }: Kind, name: string, lazy: Lazy): InputAttr {
  const value = force(lazy);
  if (value instanceof NixPath || isString(value)) {
    const text = textOf(coerceToString(runtime, value, 0, '', pathText));
    return isGit && name === 'url' ? fixGitUrl(text) : text;
  }
  if (typeof value === 'boolean') return value;
  if (isInt(value)) {
    if (value < 0) throw evalError(`negative value given for '${who}' argument '${name}': ${value}`);
    return Number(value);
  }
  if (name === 'publicKeys') {
    requireFeature(runtime, 'verified-fetches');
    return valueToJson(runtime, value, 0).text;
  }
  throw evalError(
    `argument '${name}' to '${who}' is ${showType(value)} while a string, Boolean or integer is expected`,
    0,
    { code: 'type' },
  );
}

function requireFeature(runtime: Runtime, feature: string): void {
  if (!runtime.settings.experimentalFeatures.has(feature)) throw missingFeature(feature);
}

function attrsOfSet(runtime: Runtime, kind: Kind, set: AttrSet): InputAttrs {
  const { who, isGit } = kind;
  const lazyType = set.get(intern('type'));
  if (lazyType !== undefined && isGit) throw evalError("unexpected argument 'type'");
  if (lazyType === undefined && !isGit) throw evalError(`argument 'type' is missing in call to '${who}'`);
  const what = `while evaluating the \`type\` argument passed to '${who}'`;
  const type = lazyType === undefined ? 'git' : forceTextNoContext(lazyType, 0, what);
  const attrs: Record<string, InputAttr> = { type };
  for (const [name, value] of set.entries())
    if (name !== 'type') attrs[name] = inputAttr(runtime, kind, name, value);
  if (isGit && !('exportIgnore' in attrs) && !booleanAttr(attrs, 'submodules')) attrs['exportIgnore'] = true;
  // Trees need no history; `fetchGit` promises one.
  if (type === 'git' && who === 'fetchTree' && !('shallow' in attrs)) attrs['shallow'] = true;
  if (!isGit && 'name' in attrs && !kind.isFinal)
    throw evalError(`argument 'name' isn’t supported in call to '${who}'`.replace('’', '\xe2\x80\x99'));
  return attrs;
}

function readInput(runtime: Runtime, kind: Kind, lazy: Lazy): Input {
  const features = runtime.settings.experimentalFeatures;
  const value = force(lazy);
  if (value instanceof AttrSet) return Input.fromAttrs(attrsOfSet(runtime, kind, value), features);
  const what = `while evaluating the first argument passed to '${kind.who}'`;
  const text = textOf(coerceToString(runtime, value, 0, what, pathText));
  if (kind.isGit) return Input.fromAttrs({ type: 'git', url: fixGitUrl(text), exportIgnore: true }, features);
  if (!features.has('flakes')) {
    throw evalError(`passing a string argument to '${kind.who}' requires the 'flakes' experimental feature`);
  }
  return Input.fromUrl(parseUrl(text), features);
}

function checkLocked(runtime: Runtime, { who }: Kind, input: Input): void {
  if (!runtime.settings.pureEval || input.isLocked) return;
  if (stringAttr(input.attrs, 'narHash') === undefined)
    throw evalError(`in pure evaluation mode, '${who}' doesn't fetch unlocked input '${input}'`);
  runtime.warn(
    `Input '${input}' is unlocked (e.g. lacks a Git revision) but is checked by NAR hash. This is not reproducible and will break after garbage collection or when shared.`,
  );
}

/** How often the session forgot what it had fetched. */
function fetchRounds(runtime: Runtime): { count: number } {
  return runtime.memo('fetch-rounds', () => ({ count: 0 }));
}

/** From now on inputs are fetched anew: files on this machine may have changed. */
export function renewFetches(runtime: Runtime): void {
  fetchRounds(runtime).count++;
}

/**
 * Fetches an input, once in a session (see `renewFetches`).
 *
 * @throws NixError "... while fetching the input 'x'"
 */
export function fetchInput(
  runtime: Runtime,
  input: Input,
  registries: 'none' | 'limited' | 'all',
): FetchResult {
  const { attrs } = input;
  const { count } = fetchRounds(runtime);
  const key = `input:${count}:${registries}:${JSON.stringify(Object.entries(attrs).sort())}`;
  return runtime.memo(key, () => {
    try {
      input.checkDownload();
      const result = runtime.io.fetch({ kind: 'tree', attrs, registries });
      runtime.allowPath(result.storePath);
      return result;
    } catch (error) {
      throw withTrace(error, input.isKnown ? `while fetching the input '${input}'` : '');
    }
  });
}

function fetchTree(runtime: Runtime, kind: Kind, lazy: Lazy): Value {
  let input = readInput(runtime, kind, lazy);
  const { pureEval, experimentalFeatures } = runtime.settings;
  const lookUp = !pureEval && !input.isDirect && experimentalFeatures.has('flakes');
  if (!lookUp) checkLocked(runtime, kind, input);
  checkUri(runtime, input.toString());
  if (kind.isFinal) input = input.with({ __final: true });
  else if (input.isFinal) throw evalError(`input '${input}' is not allowed to use the '__final' attribute`);
  const { storePath, attrs } = fetchInput(runtime, input, lookUp ? 'limited' : 'none');
  return treeValue(storePath, attrs, { emptyRevision: kind.isGit });
}

interface MercurialArgument {
  url: string;
  rev: Hash | undefined;
  ref: string | undefined;
  name: string;
}

function readMercurialArgument(runtime: Runtime, lazy: Lazy): MercurialArgument {
  const value = force(lazy);
  const result: MercurialArgument = { url: '', rev: undefined, ref: undefined, name: 'source' };
  const attribute = (key: string) =>
    `while evaluating the \`${key}\` attribute passed to builtins.fetchMercurial`;
  if (!(value instanceof AttrSet)) {
    const what = 'while evaluating the first argument passed to builtins.fetchMercurial';
    return { ...result, url: textOf(coerceToString(runtime, value, 0, what, pathText)) };
  }
  for (const [key, attr] of value.entries()) {
    const pos = value.position(intern(key));
    if (key === 'url') result.url = textOf(coerceToString(runtime, attr, pos, attribute(key), pathText));
    else if (key === 'name') result.name = forceTextNoContext(attr, pos, attribute(key));
    else if (key === 'rev') {
      // Unlike with git this may be a branch or tag, too.
      const text = forceTextNoContext(attr, pos, attribute(key));
      if (revisionPattern.test(text)) result.rev = parseRevision(text);
      else result.ref = text;
    } else throw evalError(`unsupported argument '${key}' to 'fetchMercurial'`, pos);
  }
  if (result.url === '') throw evalError("'url' argument required");
  return result;
}

function fetchMercurial(runtime: Runtime, lazy: Lazy): Value {
  const { url, rev, ref, name } = readMercurialArgument(runtime, lazy);
  checkUri(runtime, url);
  if (runtime.settings.pureEval && rev === undefined)
    throw new EvalError("in pure evaluation mode, 'fetchMercurial' requires a Mercurial revision");
  const attrs = {
    type: 'hg',
    url: url.includes('://') ? url : `file://${url}`,
    name,
    ...(ref !== undefined && { ref }),
    ...(rev && { rev: formatBase16(rev.digest) }),
  };
  const input = Input.fromAttrs(attrs, runtime.settings.experimentalFeatures);
  const result = fetchInput(runtime, input, 'none');
  const { storePath } = result;
  const revision = revisionOf(result.attrs) ?? '0'.repeat(40);
  const entries: [string, Lazy][] = [
    ['outPath', new ContextString(storePath, [storePath])],
    ['rev', revision],
    ['shortRev', revision.slice(0, 12)],
  ];
  const branch = stringAttr(result.attrs, 'ref');
  if (branch !== undefined) entries.push(['branch', branch]);
  const { revCount } = result.attrs;
  if (typeof revCount === 'number') entries.push(['revCount', revCount]);
  return AttrSet.from(entries);
}

/** What evaluates a lock file's entry: not in `builtins`, but given to the code that calls flakes. */
export const fetchFinalTree: BuiltinSpec = {
  name: 'fetchFinalTree',
  args: ['input'],
  doc: 'Fetches the tree that an entry of a lock file names.',
  fn: (runtime, _pos, input) =>
    fetchTree(runtime, { who: 'fetchFinalTree', isGit: false, isFinal: true }, input),
};

export const fetchTreeBuiltins: BuiltinTable = [
  {
    name: 'fetchTree',
    args: ['input'],
    doc: 'Fetches a source tree or file, described by a set with `type` (`git`, `tarball`, `file`, `path`, `github`, `gitlab`, `sourcehut`, `mercurial`, `indirect`) and what this type needs, or by a URL. Gives a set with `outPath`, `narHash` and what is known about the source.',
    feature: 'fetch-tree',
    fn: (runtime, _pos, input) =>
      fetchTree(runtime, { who: 'fetchTree', isGit: false, isFinal: false }, input),
  },
  {
    name: 'fetchGit',
    args: ['args'],
    doc: 'Fetches a tree from a git repository: `url` (or just the URL), and `rev`, `ref`, `submodules`, `shallow`, `allRefs`, `exportIgnore`, `name` as needed. A local repository without `rev` and `ref` is taken as it is, uncommitted changes included.',
    fn: (runtime, _pos, args) => fetchTree(runtime, { who: 'fetchGit', isGit: true, isFinal: false }, args),
  },
  {
    name: 'fetchMercurial',
    args: ['args'],
    doc: 'Fetches a tree from a Mercurial repository: `url` (or just the URL), and `rev` (a revision, branch or tag) and `name` as needed.',
    fn: (runtime, _pos, args) => fetchMercurial(runtime, args),
  },
];
