import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareDebianVersions, satisfiesVersion } from './debian-version.ts';

/** Each line is in rising order. */
const rising = [
  ['1.0~~', '1.0~~a', '1.0~', '1.0', '1.0-1', '1.0a', '1.0+b', '1.0.1'],
  ['0:9', '1:0.1', '2:0'],
  ['1.9', '1.10', '1.100'],
  ['1.0~rc1-1', '1.0-1~bpo12+1', '1.0-1', '1.0-1+b1', '1.0-1+deb13u1', '1.0-1.1', '1.0-2'],
  ['2.41-12', '2.41-12+deb13u1'],
  ['Z', 'a', 'z', '+', '.'],
  ['1-2', '1-2-1', '1-10-0'],
  ['9007199254740993', '9007199254740994', '90071992547409930'],
];
for (const line of rising) {
  test(`rising: ${line.join(' < ')}`, () => {
    for (let i = 0; i < line.length; i++) {
      for (let j = 0; j < line.length; j++) {
        const order = Math.sign(compareDebianVersions(line[i], line[j]));
        assert.equal(order, Math.sign(i - j), `${line[i]} against ${line[j]}`);
      }
    }
  });
}

const equal = [
  ['1.0', '0:1.0'],
  ['1.0', '1.0-0'],
  ['1.0', '1.00'],
  ['1.0.', '1.0.0'],
  ['1.0-', '1.0'],
  ['001', '1'],
];
for (const [a, b] of equal) {
  test(`equal: ${a} and ${b}`, () => {
    assert.equal(compareDebianVersions(a, b), 0);
    assert.equal(compareDebianVersions(b, a), 0);
  });
}

test('relations', () => {
  assert.equal(satisfiesVersion('1.0', '<<', '1.1'), true);
  assert.equal(satisfiesVersion('1.0', '<=', '1.0'), true);
  assert.equal(satisfiesVersion('1.0', '=', '1.0-0'), true);
  assert.equal(satisfiesVersion('1.0~', '>=', '1.0'), false);
  assert.equal(satisfiesVersion('1.0', '>>', '1.0'), false);
});

const version = fc.string({ unit: fc.constantFrom(...'012789ab~+.-:AZ'), maxLength: 12 });

test('property: a total order', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      const sign = (x: string, y: string) => Math.sign(compareDebianVersions(x, y));
      assert.equal(sign(a, a), 0);
      assert.equal(sign(a, b) + sign(b, a), 0);
      if (sign(a, b) <= 0 && sign(b, c) <= 0) assert.ok(sign(a, c) <= 0);
    }),
    { numRuns: 3000 },
  );
});

test('property: a tilde makes older, a letter makes newer', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0129ab.+'), minLength: 1, maxLength: 8 }), (a) => {
      assert.ok(compareDebianVersions(`${a}~1`, a) < 0);
      assert.ok(compareDebianVersions(`${a}a`, a) > 0);
    }),
  );
});
