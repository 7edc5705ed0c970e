/** Builtins on string contexts: which store objects a string refers to. */
import { tryParseStorePath } from '../../formats/index.ts';
import { printName } from '../../syntax/index.ts';
import { coerceToString, interpolation } from '../coerce.ts';
import { evalError } from '../errors.ts';
import { forceAttrs, forceBool, forceList, forceString, forceTextNoContext } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import { parseBuiltElement } from '../realise.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import {
  AttrSet,
  contextOf,
  type Lazy,
  makeString,
  mergeContexts,
  type NixString,
  textOf,
  type Value,
} from '../value.ts';
import type { BuiltinTable } from './registry.ts';

const argument = (name: string) => `while evaluating the argument passed to builtins.${name}`;

/** What a context says of one store path. */
interface ContextInfo {
  path: boolean;
  allOutputs: boolean;
  readonly outputs: string[];
}

function getContext(_runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const infos = new Map<string, ContextInfo>();
  const infoOf = (path: string) => {
    const info = infos.get(path) ?? { path: false, allOutputs: false, outputs: [] };
    infos.set(path, info);
    return info;
  };
  for (const element of contextOf(forceString(lazy, 0, argument('getContext')))) {
    const built = parseBuiltElement(element);
    if (built) infoOf(built.drvPath).outputs.push(built.output);
    else if (element.startsWith('=')) infoOf(element.slice(1)).allOutputs = true;
    else infoOf(element).path = true;
  }
  return AttrSet.from([...infos].map(([path, info]) => [path, infoValue(info)] as const));
}

function infoValue({ path, allOutputs, outputs }: ContextInfo): Value {
  const attrs: [string, Lazy][] = [];
  if (path) attrs.push(['path', true]);
  if (allOutputs) attrs.push(['allOutputs', true]);
  if (outputs.length > 0) attrs.push(['outputs', outputs.sort()]);
  return AttrSet.from(attrs);
}

function appendContext(runtime: Runtime, _pos: PosIdx, lazy: Lazy, lazyContext: Lazy): Value {
  const string = forceString(lazy, 0, 'while evaluating the first argument passed to builtins.appendContext');
  const what = 'while evaluating the second argument passed to builtins.appendContext';
  const attrs = forceAttrs(lazyContext, 0, what);
  const added: string[] = [];
  for (const [path, value] of attrs.entries()) {
    const pos = attrs.position(intern(path));
    if (tryParseStorePath(runtime.io.storeDir, path) === undefined) {
      throw evalError(`context key '${printName(path)}' is not a store path`, pos);
    }
    const info = forceAttrs(value, pos, 'while evaluating the value of a string context');
    added.push(...elementsFor(path, info, pos));
  }
  return makeString(textOf(string), mergeContexts(contextOf(string), added));
}

function elementsFor(path: string, info: AttrSet, pos: PosIdx): string[] {
  const what = (name: string) => `while evaluating the \`${name}\` attribute of a string context`;
  const isSet = (name: string) => {
    const value = info.get(intern(name));
    return value !== undefined && forceBool(value, info.position(intern(name)), what(name));
  };
  const requireDerivation = (kind: string) => {
    if (path.endsWith('.drv')) return;
    throw evalError(`tried to add ${kind} context of ${path}, which is not a derivation, to a string`, pos);
  };
  const elements: string[] = [];
  if (isSet('path')) elements.push(path);
  if (isSet('allOutputs')) {
    requireDerivation('all-outputs');
    elements.push(`=${path}`);
  }
  const lazyOutputs = info.get(intern('outputs'));
  if (lazyOutputs === undefined) return elements;
  const outputsPos = info.position(intern('outputs'));
  const outputs = forceList(lazyOutputs, outputsPos, what('outputs'));
  if (outputs.length > 0) requireDerivation('derivation output');
  for (const output of outputs) {
    const name = 'while evaluating an output name within a string context';
    elements.push(`!${forceTextNoContext(output, outputsPos, name)}!${path}`);
  }
  return elements;
}

function coerced(runtime: Runtime, lazy: Lazy, name: string): NixString {
  return coerceToString(runtime, lazy, 0, argument(name), interpolation);
}

/** `=/nix/store/x.drv` becomes the plain path: the string no longer stands for the derivation's closure. */
function discardOutputDependency(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const string = coerced(runtime, lazy, 'unsafeDiscardOutputDependency');
  const context = contextOf(string).map((element) => (element.startsWith('=') ? element.slice(1) : element));
  return makeString(textOf(string), [...new Set(context)]);
}

function addOutputDependencies(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const string = coerced(runtime, lazy, 'addDrvOutputDependencies');
  const context = contextOf(string);
  if (context.length !== 1) {
    throw evalError(
      `context of string '${textOf(string)}' must have exactly one element, but has ${context.length}`,
    );
  }
  const [element] = context;
  if (element.startsWith('=')) return string;
  const built = parseBuiltElement(element);
  if (built) {
    const such = `such as '${built.output}'`;
    throw evalError(
      `\`addDrvOutputDependencies\` can only act on derivations, not on a derivation output ${such}`,
    );
  }
  if (!element.endsWith('.drv')) throw evalError(`path '${element}' is not a derivation`);
  return makeString(textOf(string), [`=${element}`]);
}

export const contextBuiltins: BuiltinTable = [
  {
    name: '__unsafeDiscardStringContext',
    args: ['s'],
    doc: 'The string *s* without its context.',
    fn: (runtime, _pos, s) => textOf(coerced(runtime, s, 'unsafeDiscardStringContext')),
  },
  {
    name: '__hasContext',
    args: ['s'],
    doc: 'Whether the string *s* has a context.',
    fn: (_runtime, _pos, s) => contextOf(forceString(s, 0, argument('hasContext'))).length > 0,
  },
  {
    name: '__unsafeDiscardOutputDependency',
    args: ['s'],
    doc: 'The string *s*, in whose context derivations no longer stand for all their outputs.',
    fn: discardOutputDependency,
  },
  {
    name: '__addDrvOutputDependencies',
    args: ['s'],
    doc: 'The string *s*, whose context (one derivation) stands for all its outputs.',
    fn: addOutputDependencies,
  },
  {
    name: '__getContext',
    args: ['s'],
    doc: 'The context of the string *s* as a set: store path to `{ path; allOutputs; outputs; }`.',
    fn: getContext,
  },
  {
    name: '__appendContext',
    args: ['s', 'context'],
    doc: 'The string *s* with more context, in the form that `getContext` gives.',
    fn: appendContext,
  },
];
