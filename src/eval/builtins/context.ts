/** Builtins on string contexts: which store objects a string refers to. */
import { isInStore } from '../../formats/index.ts';
import { coerceToString, pathText } from '../coerce.ts';
import { evalError } from '../errors.ts';
import { forceAttrs, forceBool, forceList, forceString, forceTextNoContext } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import { parseBuiltElement } from '../realise.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import { AttrSet, contextOf, type Lazy, makeString, mergeContexts, textOf, type Value } from '../value.ts';
import type { BuiltinTable } from './registry.ts';

const argument = (name: string) => `while evaluating the argument passed to builtins.${name}`;

/** What a context says of one store path. */
interface ContextInfo {
  path: boolean;
  allOutputs: boolean;
  readonly outputs: string[];
}

function getContext(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const infos = new Map<string, ContextInfo>();
  const infoOf = (path: string) => {
    let info = infos.get(path);
    if (!info) infos.set(path, (info = { path: false, allOutputs: false, outputs: [] }));
    return info;
  };
  const text = coerceToString(runtime, lazy, pos, argument('getContext'), pathText);
  for (const element of contextOf(text)) {
    const built = parseBuiltElement(element);
    if (built) infoOf(built.drvPath).outputs.push(built.output);
    else if (element.startsWith('=')) infoOf(element.slice(1)).allOutputs = true;
    else infoOf(element).path = true;
  }
  return AttrSet.from(
    [...infos].map(([path, info]): [string, Lazy] => {
      const attrs: [string, Lazy][] = [];
      if (info.path) attrs.push(['path', true]);
      if (info.allOutputs) attrs.push(['allOutputs', true]);
      if (info.outputs.length > 0) attrs.push(['outputs', info.outputs.sort()]);
      return [path, AttrSet.from(attrs)];
    }),
  );
}

function appendContext(runtime: Runtime, pos: PosIdx, lazy: Lazy, lazyContext: Lazy): Value {
  const original = forceString(
    lazy,
    pos,
    'while evaluating the first argument passed to builtins.appendContext',
  );
  const attrs = forceAttrs(
    lazyContext,
    pos,
    'while evaluating the second argument passed to builtins.appendContext',
  );
  const added: string[] = [];
  for (const [path, value] of attrs.entries()) {
    if (!isInStore(runtime.io.storeDir, path))
      throw evalError(`context key '${path}' is not a store path`, attrs.position(intern(path)));
    added.push(
      ...elementsFor(
        path,
        forceAttrs(value, attrs.position(intern(path)), 'while evaluating the value of a string context'),
      ),
    );
  }
  return makeString(textOf(original), mergeContexts(contextOf(original), added));
}

function elementsFor(path: string, info: AttrSet): string[] {
  const elements: string[] = [];
  const pos = (name: string) => info.position(intern(name));
  const flag = (name: string) => {
    const value = info.get(intern(name));
    return (
      value !== undefined &&
      forceBool(value, pos(name), `while evaluating the \`${name}\` attribute of a string context`)
    );
  };
  if (flag('path')) elements.push(path);
  if (flag('allOutputs')) {
    if (!path.endsWith('.drv'))
      throw evalError(
        `tried to add all-outputs context of ${path}, which is not a derivation, to a string`,
        pos('allOutputs'),
      );
    elements.push(`=${path}`);
  }
  const outputs = info.get(intern('outputs'));
  if (outputs === undefined) return elements;
  const list = forceList(
    outputs,
    pos('outputs'),
    'while evaluating the `outputs` attribute of a string context',
  );
  if (list.length > 0 && !path.endsWith('.drv'))
    throw evalError(
      `tried to add derivation output context of ${path}, which is not a derivation, to a string`,
      pos('outputs'),
    );
  for (const output of list) {
    const name = forceTextNoContext(
      output,
      pos('outputs'),
      'while evaluating an output name within a string context',
    );
    elements.push(`!${name}!${path}`);
  }
  return elements;
}

/** `=/nix/store/x.drv` becomes the plain path: the string no longer stands for the derivation's closure. */
function discardOutputDependency(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const text = coerceToString(runtime, lazy, pos, argument('unsafeDiscardOutputDependency'), pathText);
  return makeString(
    textOf(text),
    contextOf(text).map((element) => (element.startsWith('=') ? element.slice(1) : element)),
  );
}

function addOutputDependencies(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const text = coerceToString(runtime, lazy, pos, argument('addDrvOutputDependencies'), pathText);
  const context = contextOf(text);
  if (context.length !== 1)
    throw evalError(
      `context of string '${textOf(text)}' must have exactly one element, but has ${context.length}`,
      pos,
    );
  const [element] = context;
  if (parseBuiltElement(element))
    throw evalError(
      '`addDrvOutputDependencies` can only act on derivations, not on a derivation output such as '.concat(
        `'${parseBuiltElement(element)!.output}'`,
      ),
      pos,
    );
  const path = element.startsWith('=') ? element.slice(1) : element;
  if (!path.endsWith('.drv')) throw evalError(`path '${path}' is not a derivation`, pos);
  return makeString(textOf(text), [`=${path}`]);
}

export const contextBuiltins: BuiltinTable = [
  {
    name: 'unsafeDiscardStringContext',
    args: ['s'],
    doc: 'The string *s* without its context.',
    fn: (runtime, pos, s) =>
      textOf(coerceToString(runtime, s, pos, argument('unsafeDiscardStringContext'), pathText)),
  },
  {
    name: '__hasContext',
    args: ['s'],
    doc: 'Whether the string *s* has a context.',
    fn: (_runtime, pos, s) => contextOf(forceString(s, pos, argument('hasContext'))).length > 0,
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
