/** Builtins that put something into the store: `path`, `filterSource`, `toFile`. */
import {
  type Hash,
  isInStore,
  makeFixedOutputPath,
  parseHash,
  parseStorePath,
  printStorePath,
  type StorePath,
  splitStorePath,
  zeroHash,
} from '../../formats/index.ts';
import { call2 } from '../call.ts';
import { coerceToPath } from '../coerce.ts';
import { evalError, withTrace } from '../errors.ts';
import type { PathFilter } from '../eval-io.ts';
import { forceAttrs, forceBool, forceFunction, forceString, forceTextNoContext } from '../force.ts';
import { baseNameOf, missingPath } from '../path-access.ts';
import type { PosIdx } from '../positions.ts';
import { realiseContext } from '../realise.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import { ContextString, contextOf, type Lazy, type StringContext, textOf, type Value } from '../value.ts';
import { hasherOf } from './hasher.ts';
import type { BuiltinTable } from './registry.ts';

/** `true` keeps a file. The function gets the path as a string, and the type. */
function makeFilter(callable: Value): PathFilter {
  const what = 'while evaluating the return value of the path filter function';
  return (path, type) => forceBool(call2(callable, path, type, 0), 0, what);
}

interface AddOptions {
  readonly path: string;
  readonly context: StringContext;
  readonly name: string;
  readonly recursive: boolean;
  readonly filter: PathFilter | undefined;
  readonly expected: Hash | undefined;
}

function addPath(runtime: Runtime, options: AddOptions): Value {
  const { path, context } = options;
  try {
    if (context.length > 0 && isInStore(runtime.io.storeDir, path)) realiseContext(runtime, context);
    const added = addChecked(runtime, { ...options, path: runtime.checkPath(path, 0) });
    runtime.allowPath(added);
    return new ContextString(added, [added]);
  } catch (error) {
    throw withTrace(error, `while adding path '${path}'`);
  }
}

function addChecked(runtime: Runtime, options: AddOptions): string {
  const { path, name, recursive, filter, expected } = options;
  const expectedPath = expected && expectedStorePath(runtime, options, expected);
  if (expectedPath !== undefined && runtime.io.isValidPath(expectedPath)) return expectedPath;
  const real = runtime.resolveLinks(path);
  const type = runtime.io.lstat(real);
  if (type === undefined) throw missingPath(path);
  if (!recursive && type !== 'regular') throw evalError(`file '${path}' is not a regular file`);
  const added = runtime.io.addPath({
    path: real,
    name,
    recursive,
    ...(filter ? { filter } : {}),
  });
  if (expectedPath !== undefined && added !== expectedPath) {
    throw evalError(`store path mismatch in (possibly filtered) path added from '${path}'`);
  }
  return added;
}

function expectedStorePath(runtime: Runtime, options: AddOptions, expected: Hash): string {
  const { storeDir } = runtime.io;
  const context = { storeDir, hasher: hasherOf(runtime) };
  const references = { others: referencesOf(runtime, options), self: false };
  const method = options.recursive ? 'nar' : 'flat';
  return printStorePath(storeDir, makeFixedOutputPath(context, options.name, method, expected, references));
}

/** What a store object refers to, when a path inside it is added again. */
function referencesOf(runtime: Runtime, { path, context }: AddOptions): StorePath[] {
  const { io } = runtime;
  if (context.length === 0 || !isInStore(io.storeDir, path)) return [];
  const object = `${io.storeDir}/${splitStorePath(io.storeDir, path).path.baseName}`;
  if (!io.isValidPath(object)) return [];
  return io.queryReferences(object).map((reference) => parseStorePath(io.storeDir, reference));
}

function filterSource(runtime: Runtime, _pos: PosIdx, fn: Lazy, lazyPath: Lazy): Value {
  const what = "while evaluating the second argument (the path to filter) passed to 'builtins.filterSource'";
  const { path, context } = coerceToPath(runtime, lazyPath, 0, what);
  const callable = forceFunction(
    fn,
    0,
    'while evaluating the first argument passed to builtins.filterSource',
  );
  return addPath(runtime, {
    path,
    context,
    name: baseNameOf(path),
    filter: makeFilter(callable),
    recursive: true,
    expected: undefined,
  });
}

function pathBuiltin(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const attrs = forceAttrs(lazy, 0, "while evaluating the argument passed to 'builtins.path'");
  let source: { path: string; context: StringContext } | undefined;
  let name = '';
  let recursive = true;
  let filter: PathFilter | undefined;
  let expected: Hash | undefined;
  for (const [key, value] of attrs.entries()) {
    const pos = attrs.position(intern(key));
    const what = `while evaluating the \`${key}\` attribute passed to builtins.path`;
    switch (key) {
      case 'path':
        source = coerceToPath(
          runtime,
          value,
          pos,
          what.replaceAll('`', "'").replace('builtins.path', "'$&'"),
        );
        break;
      case 'name':
        name = forceTextNoContext(value, pos, what);
        break;
      case 'filter':
        filter = makeFilter(forceFunction(value, pos, what.replace('attribute', 'parameter')));
        break;
      case 'recursive':
        recursive = forceBool(value, pos, what);
        break;
      case 'sha256':
        expected = hashAllowingEmpty(runtime, forceTextNoContext(value, pos, what));
        break;
      default:
        throw evalError(`unsupported argument '${key}' to 'builtins.path'`, pos);
    }
  }
  if (source === undefined) {
    throw evalError("missing required 'path' attribute in the first argument to 'builtins.path'");
  }
  if (name === '') name = baseNameOf(source.path);
  return addPath(runtime, { ...source, name, recursive, filter, expected });
}

/** A SHA-256; the empty text stands for one of zeros, with a warning, so that the right one can be copied from the error. */
export function hashAllowingEmpty(runtime: Runtime, text: string): Hash {
  if (text !== '') return parseHash(text, 'sha256');
  runtime.warn("found empty hash, assuming 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='");
  return zeroHash('sha256');
}

function toFile(runtime: Runtime, _pos: PosIdx, lazyName: Lazy, lazyContents: Lazy): Value {
  const name = forceTextNoContext(
    lazyName,
    0,
    'while evaluating the first argument passed to builtins.toFile',
  );
  const contents = forceString(
    lazyContents,
    0,
    'while evaluating the second argument passed to builtins.toFile',
  );
  const references = contextOf(contents);
  const { storeDir } = runtime.io;
  for (const element of references) {
    if (!/^[!=]/.test(element)) continue;
    const shown = element.replaceAll(`${storeDir}/`, '');
    throw evalError(
      `files created by builtins.toFile may not reference derivations, but ${name} references ${shown}`,
    );
  }
  const path = runtime.io.addText(name, textOf(contents), [...references].sort());
  runtime.allowPath(path);
  return new ContextString(path, [path]);
}

export const addPathBuiltins: BuiltinTable = [
  {
    name: '__filterSource',
    args: ['e1', 'e2'],
    doc: 'The store path of a copy of *e2* with the files for which *e1* says `true`.',
    fn: filterSource,
  },
  {
    name: '__path',
    args: ['args'],
    doc: 'The store path of a copy of a file or directory `path`; `name`, `filter`, `recursive` and `sha256` may be given.',
    fn: pathBuiltin,
  },
  {
    name: '__toFile',
    args: ['name', 's'],
    doc: 'The path of a file in the store with the contents *s*.',
    fn: toFile,
  },
];
