/** Builtins that read files, and those on paths as text. Whatever they read goes through `EvalIo`. */
import {
  hashPlaceholder,
  isInStore,
  parseStorePath,
  splitStorePath,
  tryParseStorePath,
} from '../../formats/index.ts';
import { coerceToPath, coerceToString, pathText } from '../coerce.ts';
import { EvalError, evalError } from '../errors.ts';
import { force, forceTextNoContext } from '../force.ts';
import { baseNameOf, missingPath, parentOf } from '../path-access.ts';
import type { PosIdx } from '../positions.ts';
import { readRegularFile } from '../read-regular.ts';
import { realisePath } from '../realise.ts';
import type { Runtime } from '../runtime.ts';
import {
  AttrSet,
  ContextString,
  contextOf,
  isString,
  type Lazy,
  makeString,
  mergeContexts,
  NixPath,
  textOf,
  type Value,
} from '../value.ts';
import { hasherOf } from './hasher.ts';
import type { BuiltinTable } from './registry.ts';

const argument = (name: string) => `while evaluating the first argument passed to ${name}`;

function readFile(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const { path, text } = readRegularFile(runtime, lazy, 0);
  if (text.includes('\0')) {
    throw evalError(`the contents of the file '${path}' cannot be represented as a Nix string`);
  }
  return makeString(text, referencesIn(runtime, path, text));
}

/** Of what a file's store object refers to, the paths whose hash part occurs in this file. */
function referencesIn(runtime: Runtime, path: string, text: string): readonly string[] {
  const { io } = runtime;
  if (!isInStore(io.storeDir, path)) return [];
  const object = `${io.storeDir}/${splitStorePath(io.storeDir, path).path.baseName}`;
  if (!io.isValidPath(object)) return [];
  return io
    .queryReferences(object)
    .filter((reference) => text.includes(parseStorePath(io.storeDir, reference).hashPart));
}

function readDir(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const path = runtime.resolveLinks(realisePath(runtime, lazy, 0));
  const type = runtime.io.lstat(path);
  if (type === undefined) throw missingPath(path);
  if (type !== 'directory') throw evalError(`'${path}' is not a directory`, 0, { code: 'not-a-directory' });
  return AttrSet.from(runtime.io.readDirectory(path).map(({ name, type }) => [name, type] as const));
}

function readFileType(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const path = inResolvedParent(runtime, realisePath(runtime, lazy, 0));
  const type = runtime.io.lstat(path);
  if (type === undefined) throw missingPath(path);
  return type;
}

function pathExists(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const value = force(lazy);
  const text = isString(value) ? textOf(value) : '';
  const mustBeDirectory = text.endsWith('/') || text.endsWith('/.');
  try {
    const path = realisePath(runtime, value, 0);
    // A link counts even when it leads nowhere.
    if (!mustBeDirectory) return runtime.io.lstat(inResolvedParent(runtime, path)) !== undefined;
    return runtime.io.lstat(runtime.resolveLinks(path)) === 'directory';
  } catch (error) {
    if (error instanceof EvalError && error.code === 'restricted') return false;
    throw error;
  }
}

function inResolvedParent(runtime: Runtime, path: string): string {
  if (path === '/') return path;
  const parent = runtime.resolveLinks(parentOf(path));
  return `${parent === '/' ? '' : parent}/${baseNameOf(path)}`;
}

function findFile(runtime: Runtime, _pos: PosIdx, searchPath: Lazy, lazyName: Lazy): Value {
  const what = 'while evaluating the second argument passed to builtins.findFile';
  return new NixPath(runtime.findFile(searchPath, forceTextNoContext(lazyName, 0, what), 0));
}

function storePath(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  if (runtime.settings.pureEval) {
    throw evalError("'builtins.storePath' is not allowed in pure evaluation mode", 0, { code: 'pure-mode' });
  }
  const { path, context } = coerceToPath(runtime, lazy, 0, argument("'builtins.storePath'"));
  const { io } = runtime;
  // A link right in the store is a store path itself.
  const isStorePath = tryParseStorePath(io.storeDir, path) !== undefined;
  const real = isStorePath ? path : runtime.resolveLinks(path);
  if (!isInStore(io.storeDir, real)) throw evalError(`path '${real}' is not in the Nix store`);
  const object = `${io.storeDir}/${splitStorePath(io.storeDir, real).path.baseName}`;
  io.ensurePath(object);
  return makeString(real, mergeContexts(context, [object]));
}

function baseName(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const string = coerceToString(runtime, lazy, 0, argument('builtins.baseNameOf'), pathText);
  const text = textOf(string);
  // Only one slash at the end is taken off; results depend on it.
  const trimmed = text.endsWith('/') ? text.slice(0, -1) : text;
  return makeString(trimmed.slice(trimmed.lastIndexOf('/') + 1), contextOf(string));
}

function dirOf(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const value = force(lazy);
  if (value instanceof NixPath) return new NixPath(parentOf(value.path));
  const string = coerceToString(runtime, value, 0, argument("'builtins.dirOf'"), pathText);
  const text = textOf(string);
  const slash = text.lastIndexOf('/');
  return makeString(slash < 0 ? '.' : slash === 0 ? '/' : text.slice(0, slash), contextOf(string));
}

function toPath(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const { path, context } = coerceToPath(runtime, lazy, 0, argument('builtins.toPath'));
  return context.length === 0 ? path : new ContextString(path, context);
}

function placeholder(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const output = forceTextNoContext(lazy, 0, argument('builtins.placeholder'));
  return hashPlaceholder(hasherOf(runtime), output);
}

function getEnv(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const name = forceTextNoContext(lazy, 0, argument('builtins.getEnv'));
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
    args: ['p'],
    doc: 'The type of a file, as `readDir` gives it.',
    fn: readFileType,
  },
  { name: '__pathExists', args: ['path'], doc: 'Whether there is something at *path*.', fn: pathExists },
  {
    name: '__findFile',
    args: ['search-path', 'lookup-path'],
    doc: 'What `<lookup-path>` finds in *search-path*.',
    fn: findFile,
  },
  {
    name: '__storePath',
    args: ['path'],
    doc: 'The store path *path* as a string with context; it is made sure that it is there.',
    fn: storePath,
  },
  { name: 'baseNameOf', args: ['x'], doc: 'What follows the last slash.', fn: baseName },
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
    doc: 'An environment variable; the empty string when it is not set, and in pure or restricted evaluation.',
    fn: getEnv,
  },
];
