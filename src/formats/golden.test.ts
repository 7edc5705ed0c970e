/** Differential tests: what C++ Nix 2.26 said (`fixtures/golden.json`, see `tools/record-formats-golden.ts`). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nodeHasher } from '../store/node-hash.ts';
import {
  checkOutputPaths,
  checkStorePathName,
  convertHash,
  derivationPath,
  derivationToJson,
  fillOutputPaths,
  formatDerivation,
  formatNar,
  type HashAlgorithm,
  type HashFormat,
  hashPlaceholder,
  type ModuloContext,
  makeFixedOutputPath,
  makeTextPath,
  parseBareHash,
  parseDerivation,
  parseHash,
  parseNar,
  parseStorePath,
  printStorePath,
} from './index.ts';

const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/golden.json'), 'utf8'));
const context = { storeDir: '/nix/store', hasher: nodeHasher };

describe('hashes', () => {
  for (const { algorithm, forms } of golden.hashes) {
    for (const from of Object.values<string>(forms)) {
      for (const [format, text] of Object.entries<string>(forms)) {
        test(`${algorithm} ${from} to ${format}`, () => {
          assert.equal(convertHash(from, algorithm as HashAlgorithm, format as HashFormat), text);
        });
      }
    }
  }
  for (const { text, algorithm, message } of golden.badHashes) {
    test(`refuses '${text}' as ${algorithm ?? 'any'}`, () => {
      assert.throws(() => parseHash(text, algorithm), { message });
    });
  }
});

describe('store paths', () => {
  for (const { name, message } of golden.badNames) {
    test(`refuses the name '${name.slice(0, 20)}'`, () => {
      assert.throws(() => checkStorePathName(name), { message, code: 'bad-store-path-name' });
    });
  }
  for (const { path, message } of golden.badPaths) {
    test(`refuses ${path}`, () => {
      assert.throws(() => parseStorePath('/nix/store', path), { message, code: 'bad-store-path' });
    });
  }
  for (const { algorithm, digits, recursive, path } of golden.fixedPaths) {
    test(`fixed ${recursive ? 'recursive' : 'flat'} ${algorithm}`, () => {
      const hash = parseBareHash(digits, algorithm);
      const made = makeFixedOutputPath(context, 'some-name_1.0+x?=', recursive ? 'nar' : 'flat', hash);
      assert.equal(printStorePath('/nix/store', made), path);
    });
  }
  for (const { name, text, references, path } of golden.textPaths) {
    test(`text file '${name}'`, () => {
      const refs = references.map((reference: string) => parseStorePath('/nix/store', reference));
      const made = makeTextPath(context, name, nodeHasher('sha256', text), refs);
      assert.equal(printStorePath('/nix/store', made), path);
    });
  }
  for (const [output, text] of Object.entries(golden.placeholders)) {
    test(`placeholder of '${output}'`, () => assert.equal(hashPlaceholder(nodeHasher, output), text));
  }
});

describe('archives', () => {
  for (const [name, base64] of Object.entries<string>(golden.nars)) {
    test(name, () => {
      const bytes = Buffer.from(base64, 'base64');
      assert.deepEqual(Buffer.from(formatNar(parseNar(bytes))), bytes);
    });
  }
});

describe('derivations', () => {
  const texts: Record<string, string> = golden.derivations.texts;
  const full: ModuloContext = {
    ...context,
    memo: new Map(),
    readDerivation: (path) => parseDerivation(texts[path], path),
  };
  for (const [path, text] of Object.entries(texts)) {
    const name = parseStorePath('/nix/store', path).derivationName;
    test(`${name}: text is kept byte for byte`, () => {
      assert.equal(formatDerivation(parseDerivation(text, path)), text);
    });
    test(`${name}: path of the .drv`, () => {
      assert.equal(printStorePath('/nix/store', derivationPath(context, name, parseDerivation(text))), path);
    });
    test(`${name}: output paths`, () => {
      const derivation = parseDerivation(text);
      for (const [output, { hashAlgo, hash }] of derivation.outputs) {
        derivation.outputs.set(output, { path: '', hashAlgo, hash });
        derivation.env.delete(output);
      }
      fillOutputPaths(full, name, derivation);
      assert.equal(formatDerivation(derivation), text);
      checkOutputPaths(full, name, derivation);
    });
    test(`${name}: JSON`, () => {
      const json = derivationToJson(name, parseDerivation(text));
      assert.deepEqual(json, golden.derivations.show[path]);
      assert.deepEqual(Object.keys(json), Object.keys(golden.derivations.show[path]));
    });
  }
  test('a wrong output path is noticed', () => {
    const path = Object.keys(texts).find((candidate) => candidate.endsWith('-basic.drv'))!;
    const derivation = parseDerivation(texts[path].replace('hello', 'hullo').replace('"-c"', '"-d"'));
    assert.throws(() => checkOutputPaths(full, 'basic', derivation), { code: 'bad-derivation' });
  });
});
