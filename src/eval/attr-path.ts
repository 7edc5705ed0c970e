/** Attribute paths given on a command line: `a."b.c".0`. */
import { NixError } from '../diagnostics/index.ts';
import { autoCall } from './auto-call.ts';
import { didYouMean, evalError } from './errors.ts';
import { force } from './force.ts';
import type { PosIdx } from './positions.ts';
import { intern } from './symbols.ts';
import { AttrSet, type Lazy, showType, type Value } from './value.ts';

/** The parts of a path; double quotes keep dots together. @throws NixError for a quote without end */
export function parseAttrPath(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '.') {
      parts.push(part);
      part = '';
    } else if (text[i] === '"') {
      const end = text.indexOf('"', i + 1);
      if (end < 0) throw new NixError(`missing closing quote in selection path '${text}'`);
      part += text.slice(i + 1, end);
      i = end;
    } else part += text[i];
  }
  if (part !== '') parts.push(part);
  return parts;
}

export interface Selected {
  readonly value: Lazy;
  /** Where the last attribute was written. */
  readonly pos: PosIdx;
}

/**
 * Follows a path from a value; functions on the way are called with the automatic arguments, numbers index lists.
 *
 * @throws NixError "attribute 'x' in selection path 'a.x' not found"
 */
export function selectPath(start: Lazy, path: string, autoArgs: AttrSet): Selected {
  let value: Lazy = start;
  let pos = 0;
  for (const part of parseAttrPath(path)) {
    const current = force(autoCall(value, autoArgs));
    if (/^[0-9]+$/.test(part) && Number(part) <= 0xffffffff) value = elementOf(current, Number(part), path);
    else {
      const attrs = setFor(current, part, path);
      const index = attrs.shape.find(intern(part));
      if (index < 0) throw notFound(attrs, part, path);
      value = attrs.values[index];
      pos = attrs.shape.positionAt(index);
    }
  }
  return { value, pos };
}

function elementOf(value: Value, index: number, path: string): Lazy {
  if (!Array.isArray(value)) throw wrongKind(path, 'a list', value);
  if (index >= value.length) {
    throw new NixError(`list index ${index} in selection path '${path}' is out of range`, {
      code: 'attr-path',
    });
  }
  return value[index];
}

function setFor(value: Value, part: string, path: string): AttrSet {
  if (!(value instanceof AttrSet)) throw wrongKind(path, 'a set', value);
  if (part === '')
    throw new NixError(`empty attribute name in selection path '${path}'`, { code: 'attr-path' });
  return value;
}

function wrongKind(path: string, wanted: string, value: Value) {
  return evalError(
    `the expression selected by the selection path '${path}' should be ${wanted} but is ${showType(value)}`,
    0,
    { code: 'type' },
  );
}

function notFound(attrs: AttrSet, name: string, path: string): NixError {
  return new NixError(`attribute '${name}' in selection path '${path}' not found`, {
    code: 'attr-path',
    hint: didYouMean(name, attrs.names()),
  });
}
