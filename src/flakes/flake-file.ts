/** Reading a `flake.nix`: its inputs and settings are plain data, its `outputs` a function that is not called here. */
import { NixError } from '../diagnostics/index.ts';
import {
  AttrSet,
  force,
  intern,
  isFunction,
  isInt,
  isString,
  Lambda,
  type Lazy,
  NixPath,
  type Runtime,
  showType,
  symbolName,
  textOf,
  type Value,
} from '../eval/index.ts';
import { FlakeRef, type InputAttr, type InputAttrs, parseFlakeRef } from '../inputs/index.ts';
import { type InputPath, parseInputPath } from './lock-file.ts';

export interface FlakeInput {
  readonly ref?: FlakeRef;
  readonly isFlake: boolean;
  /** Path from the root of the lock file. */
  readonly follows?: InputPath;
  readonly overrides: ReadonlyMap<string, FlakeInput>;
}

export type FlakeInputs = ReadonlyMap<string, FlakeInput>;

export interface FlakeFile {
  readonly description: string | undefined;
  readonly inputs: FlakeInputs;
  /** `inputs.self.*`: how the flake itself is to be fetched. */
  readonly selfAttrs: InputAttrs;
  /** `nixConfig`, as text for settings. */
  readonly settings: ReadonlyMap<string, string>;
}

export interface FlakeFileContext {
  readonly runtime: Runtime;
  /** Directory of `flake.nix`. */
  readonly directory: string;
  /** Where the flake is in the lock file: what its `follows` start from. */
  readonly lockPath: InputPath;
  /** For messages. */
  readonly ref: FlakeRef;
}

const topLevel = new Set(['description', 'inputs', 'outputs', 'nixConfig']);

/** @throws NixError when the file is missing or says something that flakes do not know */
export function readFlakeFile(context: FlakeFileContext): FlakeFile {
  const { runtime, directory, ref } = context;
  const file = `${directory}/flake.nix`;
  if (runtime.io.lstat(file) === undefined)
    throw new NixError(`source tree referenced by '${ref}' does not contain a '/flake.nix' file`, {
      code: 'no-flake',
    });
  const set = runtime.importFile(file, 0);
  if (!(set instanceof AttrSet)) throw new NixError(`file '${file}' must be an attribute set`);
  const description = attribute(set, 'description');
  const outputs = attribute(set, 'outputs');
  if (outputs === undefined) throw new NixError(`flake '${ref}' lacks attribute 'outputs'`);
  if (!isFunction(outputs)) throw wrongType('a function', outputs, 'outputs');
  const lazyInputs = attribute(set, 'inputs');
  const { inputs, selfAttrs } = lazyInputs === undefined ? noInputs : readInputs(context, lazyInputs, true);
  for (const name of set.names())
    if (!topLevel.has(name)) throw new NixError(`flake '${ref}' has an unsupported attribute '${name}'`);
  return {
    description: description === undefined ? undefined : requireString(description, 'description'),
    inputs: new Map([...argumentInputs(outputs, runtime), ...inputs]),
    selfAttrs,
    settings: readSettings(attribute(set, 'nixConfig')),
  };
}

const noInputs = { inputs: new Map<string, FlakeInput>(), selfAttrs: {} };

function attribute(set: AttrSet, name: string): Value | undefined {
  const value = set.get(intern(name));
  return value === undefined ? undefined : force(value);
}

function wrongType(expected: string, found: Value, what: string): NixError {
  return new NixError(`expected ${expected} but got ${showType(found)} for the flake attribute '${what}'`, {
    code: 'type',
  });
}

function requireString(value: Value, what: string): string {
  if (!isString(value)) throw wrongType('a string', value, what);
  return textOf(value);
}

/** What `outputs` takes by name, if not described, is looked up in the registries. */
function argumentInputs(outputs: Value, runtime: Runtime): [string, FlakeInput][] {
  if (!(outputs instanceof Lambda) || outputs.code.formals === null) return [];
  const names = outputs.code.formals.list.map(({ symbol }) => symbolName(symbol));
  const features = runtime.settings.experimentalFeatures;
  return names
    .filter((name) => name !== 'self')
    .map((name) => [name, { ref: parseFlakeRef(name, { features }), isFlake: true, overrides: new Map() }]);
}

function readInputs(
  context: FlakeFileContext,
  value: Value,
  mayHaveSelf: boolean,
): { inputs: Map<string, FlakeInput>; selfAttrs: InputAttrs } {
  if (!(value instanceof AttrSet)) throw wrongType('a set', value, 'inputs');
  const inputs = new Map<string, FlakeInput>();
  let selfAttrs: InputAttrs = {};
  for (const [name, lazy] of value.entries()) {
    if (name === 'self') {
      if (!mayHaveSelf) throw new NixError("'self' input attribute not allowed here");
      selfAttrs = readSelf(force(lazy));
    } else inputs.set(name, readInput(context, name, force(lazy)));
  }
  return { inputs, selfAttrs };
}

function readSelf(value: Value): InputAttrs {
  if (!(value instanceof AttrSet)) throw wrongType('a set', value, 'inputs.self');
  return Object.fromEntries(value.entries().map(([name, lazy]) => [name, inputAttr(name, lazy)]));
}

function inputAttr(name: string, lazy: Lazy): InputAttr {
  const value = force(lazy);
  if (typeof value === 'boolean') return value;
  if (isString(value)) return textOf(value);
  if (!isInt(value)) {
    throw new NixError(
      `flake input attribute '${name}' is ${showType(value)} while a string, Boolean, or integer is expected`,
      { code: 'type' },
    );
  }
  if (value < 0) throw new NixError(`negative value given for flake input attribute ${name}: ${value}`);
  return Number(value);
}

function readInput(context: FlakeFileContext, id: string, value: Value): FlakeInput {
  if (!(value instanceof AttrSet)) throw wrongType('a set', value, `inputs.${id}`);
  const attrs: Record<string, InputAttr> = {};
  let isFlake = true;
  let follows: InputPath | undefined;
  let overrides: ReadonlyMap<string, FlakeInput> = new Map();
  for (const [name, lazy] of value.entries()) {
    const inner = force(lazy);
    if (name === 'flake') {
      if (typeof inner !== 'boolean') throw wrongType('a Boolean', inner, `inputs.${id}.flake`);
      isFlake = inner;
    } else if (name === 'inputs') overrides = readInputs(context, inner, false).inputs;
    else if (name === 'follows')
      follows = [...context.lockPath, ...parseInputPath(requireString(inner, `inputs.${id}.follows`))];
    else
      attrs[name] =
        name === 'url' && inner instanceof NixPath ? relativeUrl(context, inner) : inputAttr(name, inner);
  }
  const ref = inputRef(context, attrs, isFlake);
  if (ref && follows)
    throw new NixError(`flake input '${id}' has both a flake reference and a follows attribute`);
  return { isFlake, overrides, ...(ref && { ref }), ...(follows && { follows }) };
}

/** A path in the flake's own tree. */
function relativeUrl({ directory }: FlakeFileContext, { path }: NixPath): string {
  if (path !== directory && !path.startsWith(`${directory}/`))
    throw new NixError(`input attribute path '${path}' must be in the same source tree as '${directory}'`);
  return `path:${path.slice(directory.length + 1) || '.'}`;
}

function inputRef({ runtime }: FlakeFileContext, attrs: InputAttrs, isFlake: boolean): FlakeRef | undefined {
  const features = runtime.settings.experimentalFeatures;
  if (attrs['type'] !== undefined) return FlakeRef.fromAttrs(attrs, features);
  const { url, ...rest } = attrs;
  const [extra] = Object.keys(rest);
  if (extra !== undefined) throw new NixError(`unexpected flake input attribute '${extra}'`);
  if (typeof url !== 'string') return undefined;
  return parseFlakeRef(url, { features, isFlake, allowMissing: true, keepRelative: true });
}

function readSettings(value: Value | undefined): Map<string, string> {
  const settings = new Map<string, string>();
  if (value === undefined) return settings;
  if (!(value instanceof AttrSet)) throw wrongType('a set', value, 'nixConfig');
  for (const [name, lazy] of value.entries()) settings.set(name, settingText(name, force(lazy)));
  return settings;
}

function settingText(name: string, value: Value): string {
  if (isString(value)) return textOf(value);
  if (value instanceof NixPath) return value.path;
  if (isInt(value) || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map((element) => requireString(force(element), name)).join(' ');
  throw new NixError(`flake configuration setting '${name}' is ${showType(value)}`, { code: 'type' });
}
