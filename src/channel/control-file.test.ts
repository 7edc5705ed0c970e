import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { forEachStanza, parseStanza, type Stanza } from './control-file.ts';

function stanzas(text: string, ...wanted: string[]): Stanza[] {
  const found: Stanza[] = [];
  forEachStanza(text, new Set(wanted), (stanza) => found.push(stanza));
  return found;
}

test('stanzas are separated by any number of empty lines', () => {
  assert.deepEqual(stanzas('\n\nA: 1\nB: x\n\n\n\nA: 2\n', 'A'), [{ A: '1' }, { A: '2' }]);
});

test('the last line needs no newline', () => {
  assert.deepEqual(stanzas('A: 1\nB: 2', 'A', 'B'), [{ A: '1', B: '2' }]);
});

test('continuation lines belong to their field, wanted or not', () => {
  const text = 'Skip: a\n A: not a field\n\tB: neither\nA: one\n two\n .\nB:\n three\n';
  assert.deepEqual(stanzas(text, 'A', 'B'), [{ A: 'one\n two\n .', B: 'three' }]);
});

test('stanzas without a wanted field are passed over, lines without a colon too', () => {
  assert.deepEqual(stanzas('A: 1\n\nB: 2\nno colon here\n\nA: 3\n', 'A'), [{ A: '1' }, { A: '3' }]);
});

test('names that objects have of their own are only names', () => {
  assert.deepEqual(stanzas('constructor: 1\ntoString: 2\n', 'A'), []);
});

test('parseStanza reads the first stanza only', () => {
  assert.deepEqual(
    [...parseStanza('A: 1\nB:\n x\n\nA: 2\n')],
    [
      ['A', '1'],
      ['B', 'x'],
    ],
  );
});

test('property: what is written is read', () => {
  const value = fc
    .string({ unit: fc.constantFrom(...'ab :,(é\xff'), maxLength: 10 })
    .map((text) => text.trim());
  const stanza = fc.dictionary(fc.constantFrom('A', 'B', 'C', 'Long-Name'), value, {
    minKeys: 1,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(fc.array(stanza), (list) => {
      const text = list
        .map((fields) =>
          Object.entries(fields)
            .map(([name, field]) => `${name}: ${field}\n`)
            .join(''),
        )
        .join('\n');
      assert.deepEqual(stanzas(text, 'A', 'B', 'C', 'Long-Name'), list);
    }),
  );
});
