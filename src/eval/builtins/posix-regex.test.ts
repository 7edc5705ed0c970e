import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosixRegex, RegexError } from './posix-regex.ts';

function matchGroups(pattern: string, text: string): (string | null)[] | undefined {
  const match = new PosixRegex(pattern).match(text);
  return match?.groups.map(([start, end]) => (start < 0 ? null : text.slice(start, end)));
}

function matchTexts(pattern: string, text: string): string[] {
  return [...new PosixRegex(pattern).matchAll(text)].map(({ start, end }) => text.slice(start, end));
}

/** Each row: pattern, text, groups of the match of the whole text (`undefined`: none). Checked against C++ Nix. */
const matches: readonly (readonly [pattern: string, text: string, groups: (string | null)[] | undefined])[] =
  [
    ['', '', []],
    ['ab', 'abc', undefined],
    ['a(b)(c)', 'abc', ['b', 'c']],
    ['(a)|(b)', 'b', [null, 'b']],
    ['((a)|(b))*', 'ab', ['b', 'a', 'b']],
    ['(a*)*', 'aa', ['']],
    ['(a|ab)(c|bcd)(d*)', 'abcd', ['a', 'bcd', '']],
    ['[[:space:]]*([[:upper:]]+)[[:space:]]*', ' FOO\n', ['FOO']],
    ['([^/]*)/(.*)', 'a/b/c', ['a', 'b/c']],
    ['a{2,3}', 'aaaa', undefined],
    ['(a{2}){2}', 'aaaa', ['aa']],
    ['a**', 'aaa', []],
    ['[]a-]+', ']-a', []],
    ['[^]]', 'a', []],
    ['[\\n]', '\\', []],
    ['.', '\n', []],
    ['.', '\0', undefined],
    ['[[.period.]]', '.', []],
    ['[[=a=]]', 'A', []],
    ['^a$', 'a', []],
    ['a^b', 'ab', undefined],
  ];

for (const [pattern, text, groups] of matches) {
  test(`match ${JSON.stringify(pattern)} ${JSON.stringify(text)}`, () =>
    assert.deepEqual(matchGroups(pattern, text), groups));
}

const invalid = [
  '\\',
  '\\d',
  '*',
  '(',
  ')',
  'a{',
  'a{2,1}',
  'a{,2}',
  '[',
  '[b-a]',
  '[a-\xff]',
  '[[:foo:]]',
  '[a-c-e]',
  'a\0',
];

for (const pattern of invalid) {
  test(`invalid ${JSON.stringify(pattern)}`, () =>
    assert.throws(
      () => new PosixRegex(pattern),
      (error: RegexError) => error instanceof RegexError && !error.tooBig,
    ));
}

test('too many states', () =>
  assert.throws(
    () => new PosixRegex('(a{1000}){1000}'),
    (error: RegexError) => error.tooBig,
  ));

/** Each row: pattern, text, all matches. */
const searches: readonly (readonly [pattern: string, text: string, found: string[]])[] = [
  ['a|ab|abc', 'abcab', ['abc', 'ab']],
  ['b*', 'abbc', ['', 'bb', '', '']],
  ['^a', 'aa', ['a']],
  ['a$', 'aa', ['a']],
  ['(a*)(ab)*', 'aab', ['aa', '', '']],
  ['\\.', '1.2.3', ['.', '.']],
];

for (const [pattern, text, found] of searches) {
  test(`search ${JSON.stringify(pattern)} in ${JSON.stringify(text)}`, () =>
    assert.deepEqual(matchTexts(pattern, text), found));
}

/** Patterns that cost a backtracking matcher exponential or quadratic time. */
const bombs: readonly (readonly [pattern: string, text: string])[] = [
  [`${'('.repeat(16)}a*${')*'.repeat(16)}b`, 'a'.repeat(300)],
  ['(a|a)*(a|aa)*c', 'a'.repeat(50_000)],
  ['a*a*a*a*b', 'a'.repeat(50_000)],
  ['(a?){100}a{100}b', 'a'.repeat(100)],
];

for (const [pattern, text] of bombs) {
  test(`no explosion: ${pattern}`, { timeout: 10_000 }, () => {
    assert.equal(matchGroups(pattern, text), undefined);
    assert.deepEqual(matchTexts(pattern, text), []);
  });
}
