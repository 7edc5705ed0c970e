/** `fetchClosure`: a store path with all it refers to, from a binary cache. */

import { NixError } from '../../diagnostics/index.ts';
import { tryParseStorePath } from '../../formats/index.ts';
import { coerceToPath } from '../coerce.ts';
import { evalError } from '../errors.ts';
import { force, forceAttrs, forceBool, forceTextNoContext } from '../force.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import { ContextString, type Lazy, type Value } from '../value.ts';
import type { BuiltinTable } from './registry.ts';

interface Wanted {
  fromStore?: string;
  fromPath?: string;
  toPath?: string;
  inputAddressed?: boolean;
}

function storePath(runtime: Runtime, lazy: Lazy, pos: number, what: string): string {
  const { path } = coerceToPath(runtime, lazy, pos, what);
  if (tryParseStorePath(runtime.io.storeDir, path) === undefined)
    throw evalError(`path '${path}' is not in the Nix store`, pos, { trace: what });
  return path;
}

function readArgument(runtime: Runtime, lazy: Lazy): Wanted {
  const set = forceAttrs(lazy, 0, 'while evaluating the argument passed to builtins.fetchClosure');
  const wanted: Wanted = {};
  for (const [name, value] of set.entries()) {
    const pos = set.position(intern(name));
    const what = `while evaluating the attribute '${name}' passed to builtins.fetchClosure`;
    if (name === 'fromPath') wanted.fromPath = storePath(runtime, value, pos, what);
    else if (name === 'toPath')
      wanted.toPath = force(value) === '' ? '' : storePath(runtime, value, pos, what);
    else if (name === 'fromStore') wanted.fromStore = forceTextNoContext(value, pos, what);
    else if (name === 'inputAddressed') wanted.inputAddressed = forceBool(value, pos, what);
    else throw new NixError(`attribute '${name}' isn't supported in call to 'fetchClosure'`);
  }
  return wanted;
}

const missing = (name: string) => new NixError(`attribute '${name}' is missing in call to 'fetchClosure'`);

function fetchClosure(runtime: Runtime, lazy: Lazy): Value {
  const { fromStore, fromPath, toPath, inputAddressed = false } = readArgument(runtime, lazy);
  if (fromPath === undefined) throw missing('fromPath');
  if (inputAddressed && toPath !== undefined) {
    throw new NixError(
      "attribute 'inputAddressed' is set to true, but 'toPath' is also set. Please remove one of them",
    );
  }
  if (fromStore === undefined) throw missing('fromStore');
  if (!/^https?:\/\//.test(fromStore))
    throw new NixError("'fetchClosure' only supports http:// and https:// stores");
  if (fromStore.includes('?'))
    throw new NixError(`'fetchClosure' does not support URL query parameters (in '${fromStore}')`);
  const result = runtime.io.fetch({
    kind: 'closure',
    fromStore,
    fromPath,
    inputAddressed,
    ...(toPath !== undefined && { toPath }),
  });
  for (const path of result.closure ?? []) runtime.allowPath(path);
  return new ContextString(result.storePath, [result.storePath]);
}

export const fetchClosureBuiltins: BuiltinTable = [
  {
    name: '__fetchClosure',
    args: ['args'],
    doc: 'Brings the store path `fromPath` and all it refers to from the binary cache `fromStore`. It must be content-addressed; with `toPath` it is rewritten to be; with `inputAddressed = true` it is taken as it is, signed by a trusted key.',
    feature: 'fetch-closure',
    fn: (runtime, _pos, args) => fetchClosure(runtime, args),
  },
];
