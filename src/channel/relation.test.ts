import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitRelationGroups, tryParseRelationGroup } from './relation.ts';

const groups: readonly [string, ReturnType<typeof tryParseRelationGroup>][] = [
  ['libc6', [{ name: 'libc6' }]],
  ['libc6 (>= 2.36)', [{ name: 'libc6', relation: '>=', version: '2.36' }]],
  ['libc6(>>2.36-1~)', [{ name: 'libc6', relation: '>>', version: '2.36-1~' }]],
  ['python3:any (<< 3.14)', [{ name: 'python3', qualifier: 'any', relation: '<<', version: '3.14' }]],
  ['liba:i386', [{ name: 'liba', qualifier: 'i386' }]],
  ['a | b (= 1:2) |c', [{ name: 'a' }, { name: 'b', relation: '=', version: '1:2' }, { name: 'c' }]],
  ['old (< 1)', [{ name: 'old', relation: '<=', version: '1' }]],
  ['g++-14', [{ name: 'g++-14' }]],
  ['not a name', undefined],
  ['a (?? 1)', undefined],
  ['a | ', undefined],
  ['${shlibs:Depends}', undefined],
];
for (const [text, expected] of groups) {
  test(`group '${text}'`, () => assert.deepEqual(tryParseRelationGroup(text), expected));
}

test('groups are split at commas; empty ones are dropped', () => {
  assert.deepEqual(splitRelationGroups('a (>= 1), b | c,\n d, ,'), ['a (>= 1)', 'b | c', 'd']);
  assert.deepEqual(splitRelationGroups(undefined), []);
});
