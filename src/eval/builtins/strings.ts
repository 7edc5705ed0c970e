/** Builtins on strings (bytes) and versions. */
import { coerceToString, interpolation, plainText } from '../coerce.ts';
import { lessThan } from '../equality.ts';
import { evalError } from '../errors.ts';
import { force, forceInt, forceList, forceString, forceText, forceTextNoContext } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import type { Runtime } from '../runtime.ts';
import {
  AttrSet,
  contextOf,
  type Lazy,
  makeString,
  mergeContexts,
  type StringContext,
  textOf,
  type Value,
} from '../value.ts';
import { PosixRegex, RegexError, type RegexMatch } from './posix-regex.ts';
import type { BuiltinTable } from './registry.ts';
import { compareVersions, parseDrvName, splitVersion } from './versions.ts';

const argument = (which: string, name: string) =>
  `while evaluating the ${which}argument passed to builtins.${name}`;

function substring(
  runtime: Runtime,
  _pos: PosIdx,
  lazyStart: Lazy,
  lazyLength: Lazy,
  lazyString: Lazy,
): Value {
  const start = forceInt(
    lazyStart,
    0,
    'while evaluating the first argument (the start offset) passed to builtins.substring',
  );
  if (start < 0) throw evalError("negative start position in 'substring'", 0);
  const length = forceInt(
    lazyLength,
    0,
    'while evaluating the second argument (the substring length) passed to builtins.substring',
  );
  // Nothing of it is wanted: then only its context is, and a set's `outPath` need not be coerced to more.
  const string = coerceToString(
    runtime,
    lazyString,
    0,
    'while evaluating the third argument (the string) passed to builtins.substring',
    interpolation,
  );
  const text = textOf(string);
  const from = Math.min(Number(start), text.length);
  const to = length < 0 ? text.length : Math.min(text.length, from + Number(length));
  return makeString(text.slice(from, to), contextOf(string));
}

function concatStringsSep(runtime: Runtime, _pos: PosIdx, lazySeparator: Lazy, lazyList: Lazy): Value {
  const separator = forceString(
    lazySeparator,
    0,
    'while evaluating the first argument (the separator string) passed to builtins.concatStringsSep',
  );
  const list = forceList(
    lazyList,
    0,
    'while evaluating the second argument (the list of strings to concat) passed to builtins.concatStringsSep',
  );
  const parts: string[] = [];
  let context: StringContext = contextOf(separator);
  for (const element of list) {
    const text = coerceToString(
      runtime,
      element,
      0,
      'while evaluating one element of the list of strings to concat passed to builtins.concatStringsSep',
      interpolation,
    );
    parts.push(textOf(text));
    context = mergeContexts(context, contextOf(text));
  }
  return makeString(parts.join(textOf(separator)), context);
}

function replaceStrings(
  _runtime: Runtime,
  _pos: PosIdx,
  lazyFrom: Lazy,
  lazyTo: Lazy,
  lazyString: Lazy,
): Value {
  const fromList = forceList(lazyFrom, 0, argument('first ', 'replaceStrings'));
  const toList = forceList(lazyTo, 0, argument('second ', 'replaceStrings'));
  if (fromList.length !== toList.length)
    throw evalError("'from' and 'to' arguments passed to builtins.replaceStrings have different lengths", 0);
  const from = fromList.map((each) =>
    forceText(each, 0, 'while evaluating one of the strings to replace passed to builtins.replaceStrings'),
  );
  const string = forceString(lazyString, 0, argument('third ', 'replaceStrings'));
  const text = textOf(string);
  let context = contextOf(string);
  const replacements = new Map<number, string>();
  const replacement = (index: number): string => {
    let value = replacements.get(index);
    if (value === undefined) {
      const to = forceString(
        toList[index],
        0,
        'while evaluating one of the replacement strings passed to builtins.replaceStrings',
      );
      value = textOf(to);
      replacements.set(index, value);
      context = mergeContexts(context, contextOf(to));
    }
    return value;
  };
  return makeString(replaceAll(text, from, replacement), context);
}

/** Which of the texts to replace may begin with a byte; those behind an empty one never have their turn. */
function byFirstByte(from: readonly string[], empty: number): Map<number, number[]> {
  const first = new Map<number, number[]>();
  const end = empty >= 0 ? empty : from.length;
  for (let i = 0; i < end; i++) {
    const code = from[i].charCodeAt(0);
    const known = first.get(code);
    if (known === undefined) first.set(code, [i]);
    else known.push(i);
  }
  return first;
}

/** The first of `from` that fits at a place wins; an empty one fits everywhere, also behind the last byte. */
function replaceAll(text: string, from: readonly string[], replacement: (index: number) => string): string {
  const empty = from.indexOf('');
  const first = byFirstByte(from, empty);
  let result = '';
  let plain = 0;
  let at = 0;
  while (at < text.length) {
    const found = first.get(text.charCodeAt(at))?.find((i) => text.startsWith(from[i], at)) ?? empty;
    if (found < 0) {
      at++;
      continue;
    }
    result += text.slice(plain, at) + replacement(found);
    if (found === empty) result += text[at++];
    else at += from[found].length;
    plain = at;
  }
  result += text.slice(plain);
  return empty >= 0 ? result + replacement(empty) : result;
}

function regexOf(runtime: Runtime, pattern: string): PosixRegex {
  const known = runtime.memo('regexes', () => new Map<string, PosixRegex>());
  let regex = known.get(pattern);
  if (!regex) {
    try {
      regex = new PosixRegex(pattern);
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      throw regexError(error, pattern);
    }
    known.set(pattern, regex);
  }
  return regex;
}

function regexError(error: RegexError, pattern: string) {
  const what = error.tooBig ? 'memory limit exceeded by' : 'invalid';
  return evalError(`${what} regular expression '${pattern}'`, 0, { code: 'regex' });
}

/** Runs a search, which may need more memory than there is. */
function searching<T>(pattern: string, search: () => T): T {
  try {
    return search();
  } catch (error) {
    throw error instanceof RegexError ? regexError(error, pattern) : error;
  }
}

function groupsOf(text: string, match: RegexMatch): (string | null)[] {
  return match.groups.map(([start, end]) => (start < 0 ? null : text.slice(start, end)));
}

function match(runtime: Runtime, _pos: PosIdx, lazyRegex: Lazy, lazyString: Lazy): Value {
  const pattern = forceTextNoContext(lazyRegex, 0, argument('first ', 'match'));
  const regex = regexOf(runtime, pattern);
  const text = forceText(lazyString, 0, argument('second ', 'match'));
  const found = searching(pattern, () => regex.match(text));
  return found === undefined ? null : groupsOf(text, found);
}

/** The parts have no context, as in C++ Nix; only a string without any match is given back as it is. */
function split(runtime: Runtime, _pos: PosIdx, lazyRegex: Lazy, lazyString: Lazy): Value {
  const pattern = forceTextNoContext(lazyRegex, 0, argument('first ', 'split'));
  const regex = regexOf(runtime, pattern);
  const string = forceString(lazyString, 0, argument('second ', 'split'));
  const text = textOf(string);
  const parts: Lazy[] = [];
  let at = 0;
  searching(pattern, () => {
    for (const found of regex.matchAll(text)) {
      parts.push(text.slice(at, found.start), groupsOf(text, found));
      at = found.end;
    }
  });
  parts.push(parts.length === 0 ? string : text.slice(at));
  return parts;
}

export const stringBuiltins: BuiltinTable = [
  {
    name: 'toString',
    args: ['e'],
    doc: 'The value *e* as a string. Paths stay paths as text; Booleans become `1` and the empty string; lists are joined by spaces.',
    fn: (runtime, _pos, value) =>
      coerceToString(runtime, value, 0, argument('first ', 'toString'), plainText),
  },
  {
    name: '__substring',
    args: ['start', 'len', 's'],
    doc: 'At most *len* bytes of *s* from byte *start* on; all of them when *len* is negative.',
    fn: substring,
  },
  {
    name: '__stringLength',
    args: ['s'],
    doc: 'The number of bytes of *s*.',
    fn: (runtime, _pos, s) =>
      textOf(coerceToString(runtime, s, 0, argument('', 'stringLength'), interpolation)).length,
  },
  {
    name: '__concatStringsSep',
    args: ['separator', 'list'],
    doc: 'The strings of *list* with *separator* between them.',
    fn: concatStringsSep,
  },
  {
    name: '__replaceStrings',
    args: ['from', 'to', 's'],
    doc: 'The string *s* with every occurrence of a string of *from* replaced by its counterpart in *to*.',
    fn: replaceStrings,
  },
  {
    name: '__match',
    args: ['regex', 'str'],
    doc: 'The groups of the POSIX extended regular expression *regex* when it matches all of *str*, else `null`.',
    fn: match,
  },
  {
    name: '__split',
    args: ['regex', 'str'],
    doc: 'The parts of *str* between matches of *regex*, with the lists of groups between them.',
    fn: split,
  },
  {
    name: '__lessThan',
    args: ['e1', 'e2'],
    doc: 'Whether *e1* comes before *e2*: numbers, strings, paths or lists of them.',
    fn: (_runtime, _pos, a, b) => lessThan(force(a, 0), force(b, 0), 0),
  },
  {
    name: '__compareVersions',
    args: ['s1', 's2'],
    doc: 'How two versions compare: -1, 0 or 1.',
    fn: (_runtime, _pos, a, b) =>
      compareVersions(
        forceTextNoContext(a, 0, argument('first ', 'compareVersions')),
        forceTextNoContext(b, 0, argument('second ', 'compareVersions')),
      ),
  },
  {
    name: '__splitVersion',
    args: ['s'],
    doc: 'The components of a version, as `compareVersions` compares them.',
    fn: (_runtime, _pos, s) => splitVersion(forceTextNoContext(s, 0, argument('first ', 'splitVersion'))),
  },
  {
    name: '__parseDrvName',
    args: ['s'],
    doc: 'A package name split at the first dash that is not followed by a letter: `{ name; version; }`.',
    fn: (_runtime, _pos, s) => {
      const { name, version } = parseDrvName(forceTextNoContext(s, 0, argument('first ', 'parseDrvName')));
      return AttrSet.from([
        ['name', name],
        ['version', version],
      ]);
    },
  },
];
