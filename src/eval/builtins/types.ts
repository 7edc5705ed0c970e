/** Builtins that tell what a value is. */
import { force } from '../force.ts';
import { AttrSet, isFunction, isInt, isString, NixFloat, NixPath, typeName, type Value } from '../value.ts';
import type { BuiltinSpec, BuiltinTable } from './registry.ts';

function test(name: string, noun: string, is: (value: Value) => boolean): BuiltinSpec {
  return {
    name,
    args: ['e'],
    doc: `Whether *e* is ${noun}.`,
    fn: (_runtime, _pos, value) => is(force(value)),
  };
}

export const typeBuiltins: BuiltinTable = [
  {
    name: '__typeOf',
    args: ['e'],
    doc: 'The type of *e*: `"int"`, `"bool"`, `"string"`, `"path"`, `"null"`, `"set"`, `"list"`, `"lambda"` or `"float"`.',
    fn: (_runtime, _pos, value) => typeName(force(value)),
  },
  test('isNull', '`null`', (value) => value === null),
  test('__isFunction', 'a function', isFunction),
  test('__isInt', 'an integer', isInt),
  test('__isFloat', 'a float', (value) => value instanceof NixFloat),
  test('__isString', 'a string', isString),
  test('__isBool', 'a Boolean', (value) => typeof value === 'boolean'),
  test('__isPath', 'a path', (value) => value instanceof NixPath),
  test('__isList', 'a list', (value) => Array.isArray(value)),
  test('__isAttrs', 'a set', (value) => value instanceof AttrSet),
];
