/** `fetchurl` and `fetchTarball`: one URL, and a hash if the result is to be the same for ever. */
import { checkStorePathName, formatBase16, type Hash } from '../../formats/index.ts';
import { evalError } from '../errors.ts';
import { force, forceTextNoContext } from '../force.ts';
import type { Runtime } from '../runtime.ts';
import { resolvePseudoUrl } from '../search-path.ts';
import { intern } from '../symbols.ts';
import { AttrSet, ContextString, type Lazy, type Value } from '../value.ts';
import { hashAllowingEmpty } from './add-path.ts';
import type { BuiltinTable } from './registry.ts';
import { checkUri } from './uri-access.ts';

interface Wanted {
  url: string;
  /** Empty: the last component of the URL. */
  name: string;
  hash: Hash | undefined;
  /** How the call gave the name, for advice. */
  readonly given: { isSet: boolean; name: boolean };
}

function readArgument(runtime: Runtime, lazy: Lazy, who: string, name: string): Wanted {
  const value = force(lazy);
  const url = 'while evaluating the url we should fetch';
  const given = { isSet: value instanceof AttrSet, name: false };
  if (!(value instanceof AttrSet))
    return { url: forceTextNoContext(value, 0, url), name, hash: undefined, given };
  const wanted: Wanted = { url: '', name, hash: undefined, given };
  for (const [key, attr] of value.entries()) {
    const pos = value.position(intern(key));
    const text = (what: string) =>
      forceTextNoContext(attr, pos, `while evaluating the ${what} we should fetch`);
    if (key === 'url') wanted.url = text('url');
    else if (key === 'sha256') wanted.hash = hashAllowingEmpty(runtime, text('sha256 of the content'));
    else if (key === 'name') {
      wanted.name = text('name of the content');
      given.name = true;
    } else throw evalError(`unsupported argument '${key}' to '${who}'`);
  }
  if (!value.has(intern('url'))) throw evalError("'url' argument required");
  return wanted;
}

function checkName({ url, name, given }: Wanted, who: string): void {
  try {
    checkStorePathName(name);
  } catch (error) {
    const advice = given.name
      ? `Please change the value for the 'name' attribute passed to '${who}', so that it can create a valid store path.`
      : given.isSet
        ? `Please add a valid 'name' attribute to the argument for '${who}', so that it can create a valid store path.`
        : `Please pass an attribute set with 'url' and 'name' attributes to '${who}',  so that it can create a valid store path.`;
    throw evalError(
      `invalid store path name when fetching URL '${url}': ${(error as Error).message}. ${advice}`,
    );
  }
}

function fetch(runtime: Runtime, lazy: Lazy, who: 'fetchurl' | 'fetchTarball'): Value {
  const unpack = who === 'fetchTarball';
  const wanted = readArgument(runtime, lazy, who, unpack ? 'source' : '');
  if (unpack) wanted.url = resolvePseudoUrl(wanted.url);
  const { url, hash } = wanted;
  checkUri(runtime, url);
  if (wanted.name === '') wanted.name = url.replace(/\/$/, '').replace(/^.*\//s, '');
  checkName(wanted, who);
  if (runtime.settings.pureEval && hash === undefined)
    throw evalError(`in pure evaluation mode, '${who}' requires a 'sha256' argument`);
  const { storePath } = runtime.io.fetch({
    kind: unpack ? 'tarball' : 'url',
    url,
    name: wanted.name,
    ...(hash && { sha256: formatBase16(hash.digest) }),
  });
  runtime.allowPath(storePath);
  return new ContextString(storePath, [storePath]);
}

export const fetchUrlBuiltins: BuiltinTable = [
  {
    name: '__fetchurl',
    args: ['arg'],
    doc: 'Downloads a URL (or `url` of a set, checked against `sha256`, called `name`) and gives the store path of the file.',
    fn: (runtime, _pos, argument) => fetch(runtime, argument, 'fetchurl'),
  },
  {
    name: 'fetchTarball',
    args: ['args'],
    doc: 'Downloads a tar archive (a URL, or `url` of a set, the tree checked against `sha256`), unpacks it and gives the store path of the tree. A single directory at the top is left out. Results without a hash are kept for `tarball-ttl` seconds.',
    fn: (runtime, _pos, argument) => fetch(runtime, argument, 'fetchTarball'),
  },
];
