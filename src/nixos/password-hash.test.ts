/** Golden hashes: `openssl passwd -6 -salt SALT PASSWORD` (OpenSSL 3), and crypt(3) of glibc for the empty password. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashPassword, makePassword } from './password-hash.ts';

const golden: readonly (readonly [name: string, password: string, salt: string, hash: string])[] = [
  [
    "the specification's own vector",
    'Hello world!',
    'saltstring',
    'svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'an empty password',
    '',
    'saltstring',
    'kyGrqt6gmjAdtFLPrflEFifSYLCWWq1pyx95SvqinLDy2UHmj0sTF0MSLMwxPFZc3tu5kQckI8fks0zOPda3n1',
  ],
  [
    'one letter, a short salt',
    'x',
    'abc',
    'K4v3HcZ8yAmpRfxML6S46NCcqy9r4/KdbQpFvqSWsBf4dgySOEOo1DHJTrmn2BsJK2aNmPN8Tfb826D2o9.z51',
  ],
  [
    'exactly one digest long',
    'x'.repeat(64),
    'saltstring',
    'SSoAqlzjEXraQ.dDguxosFViX0Mfw4O.kEQXNqWn2FWfLIsQUWxK3xUguKKWh/yPYlb6YCK5MTl1eAQTuZtVf.',
  ],
  [
    'longer than a digest',
    'abcdefgh'.repeat(12),
    'saltstring',
    'kLzv7z2WcGl5vmIERcwl7.Yh1iewojDAWjsrrw2ncOZ1Ik8d3IKQV9gBx/d9YYal/oCb4jQAz5odgtG190BW91',
  ],
  [
    'letters outside of ASCII',
    'Grüße, Käthe',
    'saltstring',
    'twxYXd/sjB.YOPRN9rendejdc.0oJukXpPPjwYkVB37z7d5a2C2vwWj0XWeb0FJlvhpb83xqNhXH/v/5Mm1m91',
  ],
];

describe('hashPassword', () => {
  for (const [name, password, salt, hash] of golden)
    test(name, () => assert.equal(hashPassword(password, salt), `$6$${salt}$${hash}`));

  test('only sixteen letters of a salt count', () => {
    assert.equal(hashPassword('a', '0123456789abcdefXYZ'), hashPassword('a', '0123456789abcdef'));
  });

  test('a salt of its own each time', () => {
    const [first, second] = [hashPassword('a'), hashPassword('a')];
    assert.notEqual(first, second);
    assert.match(first, /^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/);
  });
});

test('makePassword: four groups, never the same', () => {
  const passwords = new Set(Array.from({ length: 100 }, makePassword));
  assert.equal(passwords.size, 100);
  for (const password of passwords) assert.match(password, /^([a-km-z]{4}-){3}[a-km-z]{4}$/);
});
