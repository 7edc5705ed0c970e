/** Builtins on files and paths. Whatever they read goes through `EvalIo`. */
import { formatHash, hashPlaceholder, isInStore, parseHash, splitStorePath } from '../../formats/index.ts';
import { call2 } from '../call.ts';
import { coerceToPath, coerceToString, pathText } from '../coerce.ts';
import { evalError } from '../errors.ts';
import type { FileType, PathFilter } from '../eval-io.ts';
import { force, forceAttrs, forceBool, forceFunction, forceString, forceTextNoContext } from '../force.ts';
import { baseNameOf, parentOf } from '../path-access.ts';
import type { PosIdx } from '../positions.ts';
import { realisePath } from '../realise.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import {
  AttrSet,
  ContextString,
  contextOf,
  type Lazy,
  makeString,
  NixPath,
  textOf,
  type Value,
} from '../value.ts';
import type { BuiltinTable } from './registry.ts';

const argument = (which: string, name: string) =>
  `while evaluating the ${which}argument passed to builtins.${name}`;

function readFile(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const path = realisePath(runtime, lazy, pos);
  const text = runtime.io.readFile(runtime.resolveLinks(path));
  if (text.includes('\0'))
    throw evalError(`the contents of the file '${path}' cannot be represented as a Nix string`, pos);
  return makeString(text, storeContext(runtime, path));
}

/** A file in the store tells of its store path: its references are not scanned, the object itself counts. */
function storeContext(runtime: Runtime, path: string): readonly string[] {
  const { io } = runtime;
  if (!isInStore(io.storeDir, path)) return [];
  const { path: storePath } = splitStorePath(io.storeDir, path);
  const printed = `${io.storeDir}/${storePath.baseName}`;
  return io.isValidPath(printed) ? io.queryReferences(printed).slice() : [];
}

function readDir(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const path = realisePath(runtime, lazy, pos);
  return AttrSet.from(
    runtime.io.readDirectory(runtime.resolveLinks(path)).map(({ name, type }) => [name, type]),
  );
}

function readFileType(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const path = realisePath(runtime, lazy, pos);
  const type = runtime.io.lstat(inResolvedParent(runtime, path));
  if (type === undefined) throw evalError(`getting status of '${path}': No such file or directory`, pos);
  return type;
}

function pathExists(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  let path: string;
  const value = force(lazy, pos);
  const mustBeDirectory =
    typeof value === 'string'
      ? /\/\.?$/.test(value)
      : value instanceof ContextString && /\/\.?$/.test(value.text);
  try {
    path = realisePath(runtime, value, pos);
  } catch (error) {
    if ((error as { code?: string }).code === 'restricted') return false;
    throw error;
  }
  // A link counts even when it leads nowhere.
  if (!mustBeDirectory) return runtime.io.lstat(inResolvedParent(runtime, path)) !== undefined;
  return runtime.io.lstat(runtime.resolveLinks(path)) === 'directory';
}

function inResolvedParent(runtime: Runtime, path: string): string {
  if (path === '/') return path;
  const parent = runtime.resolveLinks(parentOf(path));
  return `${parent === '/' ? '' : parent}/${baseNameOf(path)}`;
}

/** `true` keeps a file. The function gets the path as a string and the type. */
function makeFilter(fn: Lazy, pos: PosIdx): PathFilter {
  const callable = forceFunction(fn, pos, 'while evaluating the filter function');
  return (path: string, type: FileType) =>
    forceBool(
      call2(callable, path, type, pos),
      pos,
      'while evaluating the return value of the path filter function',
    );
}

interface AddPathOptions {
  readonly path: string;
  readonly name: string;
  readonly filter?: PathFilter | undefined;
  readonly recursive: boolean;
  /** Hexadecimal. */
  readonly sha256?: string | undefined;
}

function addPath(runtime: Runtime, options: AddPathOptions, pos: PosIdx): Value {
  const { path, name, filter, recursive, sha256 } = options;
  const added = runtime.io.addPath({
    path: filter ? path : runtime.resolveLinks(path),
    name,
    recursive,
    ...(filter ? { filter } : {}),
    ...(sha256 === undefined ? {} : { expectedSha256: sha256 }),
  });
  if (sha256 !== undefined && !matchesExpectation(runtime, added, options))
    throw evalError(`store path mismatch in (possibly filtered) path added from '${path}'`, pos);
  runtime.allowPath(added);
  return new ContextString(added, [added]);
}

function matchesExpectation(runtime: Runtime, added: string, options: AddPathOptions): boolean {
  const { sha256: _, ...rest } = options;
  const { filter, ...plain } = rest;
  return runtime.io.addPath({ ...plain, ...(filter ? { filter } : {}) }) === added;
}

function filterSource(runtime: Runtime, pos: PosIdx, fn: Lazy, lazyPath: Lazy): Value {
  const { path } = coerceToPath(runtime, lazyPath, pos, argument('second ', 'filterSource'));
  return addPath(
    runtime,
    {
      path: runtime.checkPath(path, pos),
      name: baseNameOf(path),
      filter: makeFilter(fn, pos),
      recursive: true,
    },
    pos,
  );
}

function pathBuiltin(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const attrs = forceAttrs(lazy, pos, argument('', 'path'));
  const options: { path?: string; name?: string; filter?: PathFilter; recursive: boolean; sha256?: string } =
    { recursive: true };
  for (const [key, value] of attrs.entries()) {
    const at = attrs.position(intern(key));
    const what = `while evaluating the \`${key}\` attribute passed to builtins.path`;
    if (key === 'path') options.path = coerceToPath(runtime, value, at, what).path;
    else if (key === 'name') options.name = forceTextNoContext(value, at, what);
    else if (key === 'filter') options.filter = makeFilter(value, at);
    else if (key === 'recursive') options.recursive = forceBool(value, at, what);
    else if (key === 'sha256')
      options.sha256 = formatHash(parseHash(forceTextNoContext(value, at, what), 'sha256'), 'base16', false);
    else throw evalError(`unsupported argument '${key}' to 'builtins.path'`, at);
  }
  const { path } = options;
  if (path === undefined)
    throw evalError("missing required 'path' attribute in the first argument to builtins.path", pos);
  return addPath(
    runtime,
    { ...options, path: runtime.checkPath(path, pos), name: options.name ?? baseNameOf(path) },
    pos,
  );
}

function toFile(runtime: Runtime, pos: PosIdx, lazyName: Lazy, lazyContents: Lazy): Value {
  const name = forceTextNoContext(lazyName, pos, argument('first ', 'toFile'));
  const contents = forceString(lazyContents, pos, argument('second ', 'toFile'));
  for (const element of contextOf(contents)) {
    if (element.startsWith('!') || element.startsWith('=')) {
      throw evalError(
        `files created by builtins.toFile may not reference derivations, but ${name} references ${element}`,
        pos,
      );
    }
  }
  const path = runtime.io.addText(name, textOf(contents), [...contextOf(contents)].sort());
  runtime.allowPath(path);
  return new ContextString(path, [path]);
}

function storePath(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  if (runtime.settings.pureEval)
    throw evalError("'builtins.storePath' is not allowed in pure evaluation mode", pos);
  const { path, context } = coerceToPath(runtime, lazy, pos, argument('first ', 'storePath'));
  const { io } = runtime;
  const real = isInStore(io.storeDir, path) ? path : runtime.resolveLinks(path);
  if (!isInStore(io.storeDir, real)) throw evalError(`path '${real}' is not in the Nix store`, pos);
  const printed = `${io.storeDir}/${splitStorePath(io.storeDir, real).path.baseName}`;
  io.ensurePath(printed);
  return makeString(real, context.length > 0 ? context : [printed]);
}

function baseNameBuiltin(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const string = coerceToString(runtime, lazy, pos, argument('first ', 'baseNameOf'), pathText);
  const text = textOf(string);
  const trimmed = text.endsWith('/') ? text.slice(0, -1) : text;
  return makeString(trimmed.slice(trimmed.lastIndexOf('/') + 1), contextOf(string));
}

function dirOf(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const value = force(lazy, pos);
  if (value instanceof NixPath) return new NixPath(parentOf(value.path));
  const string = coerceToString(runtime, value, pos, argument('first ', 'dirOf'), pathText);
  const text = textOf(string);
  const slash = text.lastIndexOf('/');
  return makeString(slash < 0 ? '.' : slash === 0 ? '/' : text.slice(0, slash), contextOf(string));
}

function toPath(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const { path, context } = coerceToPath(runtime, lazy, pos, argument('first ', 'toPath'));
  return makeString(path, context);
}

function placeholder(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const output = forceTextNoContext(lazy, pos, argument('first ', 'placeholder'));
  return hashPlaceholder((algorithm, data) => {
    const bytes = typeof data === 'string' ? data : String.fromCharCode(...data);
    return Uint8Array.from(runtime.io.hash(algorithm as 'sha256', bytes), (character) =>
      character.charCodeAt(0),
    );
  }, output);
}

function getEnv(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const name = forceTextNoContext(lazy, pos, argument('first ', 'getEnv'));
  const { pureEval, restrictEval } = runtime.settings;
  return pureEval || restrictEval ? '' : (runtime.io.getEnv(name) ?? '');
}

export const pathBuiltins: BuiltinTable = [
  { name: '__readFile', args: ['path'], doc: 'The contents of a file.', fn: readFile },
  {
    name: '__readDir',
    args: ['path'],
    doc: 'The entries of a directory: name to `regular`, `directory`, `symlink` or `unknown`.',
    fn: readDir,
  },
  {
    name: '__readFileType',
    args: ['path'],
    doc: 'The type of a file, as `readDir` gives it.',
    fn: readFileType,
  },
  { name: '__pathExists', args: ['path'], doc: 'Whether there is something at *path*.', fn: pathExists },
  {
    name: '__findFile',
    args: ['search-path', 'lookup-path'],
    doc: 'What `<lookup-path>` finds in *search-path*.',
    fn: (runtime, pos, searchPath, name) =>
      new NixPath(
        runtime.findFile(searchPath, forceTextNoContext(name, pos, argument('second ', 'findFile')), pos),
      ),
  },
  {
    name: '__filterSource',
    args: ['e1', 'e2'],
    doc: 'The store path of a copy of *e2* with the files for which *e1* says `true`.',
    fn: filterSource,
  },
  {
    name: '__path',
    args: ['args'],
    doc: 'The store path of a copy of a file or directory; `name`, `filter`, `recursive` and `sha256` may be given.',
    fn: pathBuiltin,
  },
  {
    name: '__toFile',
    args: ['name', 's'],
    doc: 'The path of a file in the store with the contents *s*.',
    fn: toFile,
  },
  {
    name: '__storePath',
    args: ['path'],
    doc: 'The store path *path* as a string with context.',
    fn: storePath,
  },
  { name: 'baseNameOf', args: ['x'], doc: 'What follows the last slash.', fn: baseNameBuiltin },
  { name: 'dirOf', args: ['s'], doc: 'What precedes the last slash.', fn: dirOf },
  {
    name: '__toPath',
    args: ['s'],
    doc: 'Old: the canonical form of an absolute path, as a string.',
    fn: toPath,
  },
  {
    name: 'placeholder',
    args: ['output'],
    doc: "What stands for an output's path in its own derivation.",
    fn: placeholder,
  },
  {
    name: '__getEnv',
    args: ['s'],
    doc: 'An environment variable; the empty string when it is not set.',
    fn: getEnv,
  },
];
