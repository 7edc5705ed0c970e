/** Property tests: every codec reads what it writes, writes one canonical form, and refuses the rest cleanly. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { NixError } from '../diagnostics/index.ts';
import {
  bytesFromString,
  type Derivation,
  formatBase16,
  formatBase64,
  formatContentAddress,
  formatDerivation,
  formatHash,
  formatNarInfo,
  formatNix32,
  type Hash,
  type HashAlgorithm,
  isNix32,
  type NarInfo,
  narInfoFingerprint,
  nix32Length,
  parseBase16,
  parseBase64,
  parseContentAddress,
  parseDerivation,
  parseHash,
  parseNarInfo,
  parseNix32,
  parseStorePath,
  printStorePath,
  StorePath,
  splitStorePath,
  stringFromBytes,
} from './index.ts';

/** Records with the ordinary prototype, so that deep equality means what it says. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true });
const bytes = fc.uint8Array({ maxLength: 80 });
const byteString = bytes.map(stringFromBytes);
const algorithm = fc.constantFrom<HashAlgorithm>('md5', 'sha1', 'sha256', 'sha512');
const SIZES = { md5: 16, sha1: 20, sha256: 32, sha512: 64 };
const digestOf = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const hash: fc.Arbitrary<Hash> = algorithm.chain((name) =>
  digestOf(SIZES[name]).map((digest) => ({ algorithm: name, digest })),
);
const sha256: fc.Arbitrary<Hash> = digestOf(32).map((digest) => ({ algorithm: 'sha256', digest }));
const nameCharacter = fc.constantFrom(...'abcxyzABCXYZ0189+-._?=');
const pathName = fc
  .string({ unit: nameCharacter, minLength: 1, maxLength: 211 })
  .filter((name) => !/^\.\.?(-|$)/.test(name));
const storePath = fc
  .tuple(digestOf(20), pathName)
  .map(([digest, name]) => StorePath.fromDigest(digest, name));

/** Whatever happens to garbage, it is a `NixError` and not a crash. */
function refusesCleanly(parse: (text: string) => unknown, text: string): void {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof NixError, String(error));
  }
}

describe('bytes', () => {
  test('byte strings and arrays', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20000 }), (b) => {
        assert.deepEqual(bytesFromString(stringFromBytes(b)), b);
      }),
      { numRuns: 20 },
    );
  });
  test('base16', () => {
    fc.assert(fc.property(bytes, (b) => assert.deepEqual(parseBase16(formatBase16(b)), b)));
    assert.equal(formatBase16(parseBase16('DEADbeef')), 'deadbeef');
    assert.throws(() => parseBase16('abc'), { code: 'bad-encoding' });
    assert.throws(() => parseBase16('0g'), { code: 'bad-encoding' });
  });
  test('base64 as Node writes it', () => {
    fc.assert(
      fc.property(bytes, (b) => {
        const text = formatBase64(b);
        assert.equal(text, Buffer.from(b).toString('base64'));
        assert.deepEqual(parseBase64(text), b);
        assert.deepEqual(parseBase64(text.replaceAll('=', '')), b);
      }),
    );
    assert.throws(() => parseBase64('ab*d'), { code: 'bad-encoding' });
  });
  test('nix32', () => {
    fc.assert(
      fc.property(bytes, (b) => {
        const text = formatNix32(b);
        assert.equal(text.length, nix32Length(b.length));
        assert.ok(isNix32(text));
        assert.deepEqual(parseNix32(text), b);
      }),
    );
  });
  test('nix32 is canonical: what parses is what would be written', () => {
    const unit = fc.constantFrom(...'0123456789abcdfghijklmnpqrsvwxyz');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
        let parsed: Uint8Array;
        try {
          parsed = parseNix32(text);
        } catch {
          return;
        }
        assert.equal(formatNix32(parsed), text);
      }),
      { numRuns: 1000 },
    );
    for (const bad of ['e', 'E0', 'ä0', '0', '1', '000']) {
      assert.throws(() => parseNix32(bad), { code: 'bad-encoding' }, bad);
    }
  });
});

describe('hashes', () => {
  test('every form reads back', () => {
    const format = fc.constantFrom('base16' as const, 'nix32' as const, 'base64' as const, 'sri' as const);
    fc.assert(
      fc.property(hash, format, fc.boolean(), (h, form, prefix) => {
        assert.deepEqual(parseHash(formatHash(h, form, prefix), h.algorithm), h);
        assert.deepEqual(parseHash(formatHash(h, form, true)), h);
      }),
    );
  });
  test('garbage is refused cleanly', () => {
    fc.assert(fc.property(byteString, (text) => refusesCleanly(parseHash, text)));
    fc.assert(fc.property(byteString, (text) => refusesCleanly(parseHash, `sha256:${text}`)));
  });
  test('names of object members are not algorithms', () => {
    assert.throws(() => parseHash('constructor:abc'), { code: 'unknown-hash-algorithm' });
    assert.throws(() => parseHash('__proto__-abc'), { code: 'unknown-hash-algorithm' });
  });
});

describe('store paths', () => {
  test('print and parse', () => {
    fc.assert(
      fc.property(storePath, (path) => {
        const text = printStorePath('/nix/store', path);
        assert.ok(parseStorePath('/nix/store', text).equals(path));
        assert.ok(parseStorePath('/nix/store', `/nix//./store/${path.baseName}/`).equals(path));
        assert.deepEqual(splitStorePath('/nix/store', `${text}/bin/x`), { path, rest: '/bin/x' });
        assert.equal(`${path.hashPart}-${path.name}`, path.baseName);
      }),
    );
  });
  test('garbage is refused cleanly', () => {
    fc.assert(
      fc.property(byteString, (text) => {
        refusesCleanly((t) => parseStorePath('/nix/store', t), text);
        refusesCleanly((t) => parseStorePath('/nix/store', t), `/nix/store/${text}`);
      }),
    );
  });
  const dash = `${'0'.repeat(32)}-x`;
  for (const text of [
    '',
    '/',
    '/nix/store',
    '/nix/store/',
    `/nix/store/../store/${dash}`,
    `nix/store/${dash}`,
    `/nix/store/${dash}/bin`,
    `/nix/store/${'0'.repeat(32)}_x`,
    `/nix/store/${'0'.repeat(32)}-`,
  ]) {
    test(`refuses '${text}'`, () => {
      assert.throws(() => parseStorePath('/nix/store', text), { code: 'bad-store-path' });
    });
  }
  test('content addresses', () => {
    const method = fc.constantFrom('text' as const, 'flat' as const, 'nar' as const);
    fc.assert(
      fc.property(method, hash, (m, h) => {
        const address = { method: m, hash: h };
        assert.deepEqual(parseContentAddress(formatContentAddress(address)), address);
      }),
    );
    fc.assert(fc.property(byteString, (text) => refusesCleanly(parseContentAddress, text)));
  });
});

describe('derivations', () => {
  const output = record({ path: byteString, hashAlgo: byteString, hash: byteString });
  const names = fc.uniqueArray(byteString, { maxLength: 4 }).map((list) => list.sort());
  const mapOf = <T>(value: fc.Arbitrary<T>) =>
    fc
      .uniqueArray(fc.tuple(byteString, value), { maxLength: 4, selector: ([key]) => key })
      .map((entries) => new Map(entries.sort((a, b) => (a[0] < b[0] ? -1 : 1))));
  const derivation: fc.Arbitrary<Derivation> = record({
    outputs: mapOf(output),
    inputDrvs: mapOf(names),
    inputSrcs: names,
    platform: byteString,
    builder: byteString,
    args: fc.array(byteString, { maxLength: 4 }),
    env: mapOf(byteString),
  });
  test('format and parse', () => {
    fc.assert(
      fc.property(derivation, (drv) => {
        assert.deepEqual(parseDerivation(formatDerivation(drv)), drv);
      }),
    );
  });
  test('order of the maps does not show', () => {
    fc.assert(
      fc.property(derivation, (drv) => {
        const reversed = {
          ...drv,
          env: new Map([...drv.env].reverse()),
          inputSrcs: drv.inputSrcs.toReversed(),
        };
        assert.equal(formatDerivation(reversed), formatDerivation(drv));
      }),
    );
  });
  test('every cut and every changed byte is read or refused, never a crash', () => {
    fc.assert(
      fc.property(derivation, fc.nat(), fc.nat(255), (drv, at, byte) => {
        const text = formatDerivation(drv);
        const cut = text.slice(0, at % text.length);
        assert.throws(() => parseDerivation(cut), { code: 'bad-derivation' });
        refusesCleanly(parseDerivation, cut + String.fromCharCode(byte) + text.slice(cut.length + 1));
      }),
    );
  });
  test('errors say where', () => {
    assert.throws(() => parseDerivation('Derive([],[],[],"a","b",[],[]', 'x.drv'), {
      message: "error parsing derivation 'x.drv' at byte 29: expected string ')'",
    });
    assert.throws(() => parseDerivation('Derive([],[],[],"a","b",[],[])x', 'x.drv'), {
      message: "error parsing derivation 'x.drv' at byte 30: text after the end of the derivation",
    });
  });
});

describe('narinfo', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abc:/.019='), minLength: 1, maxLength: 20 });
  const info: fc.Arbitrary<NarInfo> = record({
    path: storePath,
    url: word,
    compression: fc.constantFrom('none', 'xz', 'zstd'),
    fileHash: fc.option(sha256, { nil: undefined }),
    fileSizeBytes: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
    narHash: sha256,
    narSizeBytes: fc.integer({ min: 1 }),
    references: fc
      .uniqueArray(storePath, { maxLength: 3, selector: (p) => p.baseName })
      .map((list) => list.sort((a, b) => (a.baseName < b.baseName ? -1 : 1))),
    deriver: fc.option(storePath, { nil: undefined }),
    signatures: fc.uniqueArray(word, { maxLength: 2 }).map((list) => list.sort()),
    contentAddress: fc.option(
      sha256.map((h) => ({ method: 'nar' as const, hash: h })),
      { nil: undefined },
    ),
  });
  test('format and parse', () => {
    fc.assert(
      fc.property(info, (i) => {
        assert.deepEqual(parseNarInfo('/nix/store', formatNarInfo('/nix/store', i), 'x'), i);
      }),
    );
  });
  test('garbage is refused cleanly', () => {
    fc.assert(
      fc.property(info, fc.nat(), fc.nat(255), (i, at, byte) => {
        const text = formatNarInfo('/nix/store', i);
        const index = at % text.length;
        const changed = text.slice(0, index) + String.fromCharCode(byte) + text.slice(index + 1);
        refusesCleanly((t) => parseNarInfo('/nix/store', t, 'x'), changed);
        // A cut between lines may lose only optional ones; every other is noticed.
        if (!text.slice(0, index).endsWith('\n')) {
          assert.throws(() => parseNarInfo('/nix/store', text.slice(0, index), 'x'), { code: 'bad-narinfo' });
        }
      }),
    );
  });
  const path = `/nix/store/${'1'.repeat(32)}-a`;
  const text = `StorePath: ${path}\nURL: a.nar\nNarHash: sha256:${'0'.repeat(52)}\nNarSize: 5\nReferences: \nX: y\n`;
  test('missing compression means bzip2, unknown lines are skipped', () => {
    const parsed = parseNarInfo('/nix/store', text, 'x');
    assert.equal(parsed.compression, 'bzip2');
    assert.equal(narInfoFingerprint('/nix/store', parsed), `1;${path};sha256:${'0'.repeat(52)};5;`);
  });
  for (const [name, changed, message] of [
    ['no URL', text.replace(/URL.*\n/, ''), "NAR info file 'x' is corrupt: URL missing"],
    [
      'size zero',
      text.replace('NarSize: 5', 'NarSize: 0'),
      "NAR info file 'x' is corrupt: NarSize missing or zero",
    ],
    [
      'bad size',
      text.replace('NarSize: 5', 'NarSize: 5k'),
      "NAR info file 'x' is corrupt: invalid NarSize at line 4",
    ],
    ['bad hash', text.replace('sha256:0', 'sha256:e'), "NAR info file 'x' is corrupt: bad hash at line 3"],
    ['twice', `${text}URL: b\n`, "NAR info file 'x' is corrupt: extra URL at line 7"],
    ['no line feed', text.slice(0, -1), "NAR info file 'x' is corrupt: expecting '\\n' at line 6"],
  ]) {
    test(`refuses: ${name}`, () => {
      assert.throws(() => parseNarInfo('/nix/store', changed, 'x'), { message });
    });
  }
});
