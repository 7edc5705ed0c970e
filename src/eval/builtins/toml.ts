/** `fromTOML`. */
import { evalError } from '../errors.ts';
import { forceTextNoContext } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import type { Runtime } from '../runtime.ts';
import { AttrSet, type Lazy, makeInt, NixFloat, type Value } from '../value.ts';
import { refuseNullBytes } from './null-bytes.ts';
import type { BuiltinTable } from './registry.ts';
import {
  parseToml,
  TomlArray,
  TomlError,
  TomlFloat,
  type TomlTable,
  TomlTime,
  type TomlValue,
} from './toml-parser.ts';

function fromToml(runtime: Runtime, pos: PosIdx, lazy: Lazy): Value {
  const text = forceTextNoContext(lazy, pos, 'while evaluating the argument passed to builtins.fromTOML');
  const withTimes = runtime.settings.experimentalFeatures.has('parse-toml-timestamps');
  try {
    return toValue(parseToml(text), withTimes);
  } catch (error) {
    if (error instanceof TomlError)
      throw evalError(`while parsing TOML: ${error.message}`, 0, { code: 'toml' });
    throw error;
  }
}

function toValue(value: TomlValue, withTimes: boolean): Value {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return makeInt(value) as number;
  if (typeof value === 'string') return checked(value);
  if (value instanceof TomlFloat) return new NixFloat(value.value);
  if (value instanceof TomlTime) return timeValue(value, withTimes);
  if (value instanceof TomlArray) return value.items.map((item) => toValue(item, withTimes));
  return tableValue(value, withTimes);
}

function tableValue(table: TomlTable, withTimes: boolean): Value {
  const entries = [...table.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return AttrSet.from(entries.map(([name, value]) => [checked(name), toValue(value, withTimes)] as const));
}

function timeValue(time: TomlTime, withTimes: boolean): Value {
  if (!withTimes) throw new TomlError('Dates and times are not supported');
  return AttrSet.from([
    ['_type', 'timestamp'],
    ['value', time.text],
  ]);
}

function checked(text: string): string {
  return refuseNullBytes(text, (message) => new TomlError(`error: ${message}`));
}

export const tomlBuiltins: BuiltinTable = [
  {
    name: 'fromTOML',
    args: ['e'],
    doc: 'The value of a TOML document: tables become sets, dates and times are refused (without the experimental feature `parse-toml-timestamps`).',
    fn: fromToml,
  },
];
