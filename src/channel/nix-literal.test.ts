import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNixData, formatNixFile, type NixData } from './nix-literal.ts';

const literals: readonly [NixData, string][] = [
  ['plain', '"plain"'],
  ['quote " backslash \\', '"quote \\" backslash \\\\"'],
  ['${interpolation} and $${twice} and $', '"\\${interpolation} and $\\${twice} and $"'],
  ['line\nreturn\rtab\t', '"line\\nreturn\\rtab\\t"'],
  ['caf\xc3\xa9', '"caf\xc3\xa9"'],
  [12, '12'],
  [-1, '(-1)'],
  [true, 'true'],
  [[], '[ ]'],
  [['a', 1], '[ "a" 1 ]'],
  [{}, '{ }'],
  [{ a: 'x', gone: undefined, 'b-c': [1] }, '{ a = "x"; b-c = [ 1 ]; }'],
  [{ if: 1, 'a.b': 2, '7zip': 3, '': 4 }, '{ "if" = 1; "a.b" = 2; "7zip" = 3; "" = 4; }'],
];
for (const [value, expected] of literals) {
  test(`literal ${expected}`, () => assert.equal(formatNixData(value), expected));
}

test('files have one item a line and keep the order of a map, numeric names included', () => {
  assert.equal(formatNixFile(['a', 'b']), '[\n  "a"\n  "b"\n]\n');
  const map = new Map<string, NixData>([
    ['b', 1],
    ['2048', 2],
    ['a', 3],
  ]);
  assert.equal(formatNixFile(map), '{\n  b = 1;\n  "2048" = 2;\n  a = 3;\n}\n');
});
