/**
 * The table of identifiers. Every identifier of every parsed file is looked up here straight from the source
 * text, so that equal names are one string object and no substring is allocated for a name seen before.
 * The first entries are the keywords: an identifier's index tells whether it is one.
 */
import { Token } from './tokens.ts';

/** Token of the keyword with that index. */
export const keywordTokens: readonly Token[] = [
  Token.if,
  Token.then,
  Token.else,
  Token.assert,
  Token.with,
  Token.let,
  Token.in,
  Token.rec,
  Token.inherit,
  Token.or,
];

const names: string[] = [];
const hashes: number[] = [];
let slots = new Int32Array(1 << 14).fill(-1);

/** The name with that index. */
export function nameAt(index: number): string {
  return names[index];
}

/** Index of the name that stands in `text` from `start` to `end`; `hash` as `hashStep` computes it over its bytes. */
export function internName(text: string, start: number, end: number, hash: number): number {
  const mask = slots.length - 1;
  const length = end - start;
  let slot = (hash ^ (hash >>> 15)) & mask;
  for (;;) {
    const index = slots[slot];
    if (index < 0) return addName(text.slice(start, end), hash, slot);
    if (hashes[index] === hash && equals(names[index], text, start, length)) return index;
    slot = (slot + 1) & mask;
  }
}

function equals(name: string, text: string, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (name.charCodeAt(i) !== text.charCodeAt(start + i)) return false;
  }
  return true;
}

function addName(name: string, hash: number, slot: number): number {
  const index = names.length;
  names.push(detach(name));
  hashes.push(hash);
  slots[slot] = index;
  if (names.length * 2 > slots.length) grow();
  return index;
}

/** A copy that does not keep the whole source text alive (long substrings share their parent's memory in V8). */
function detach(name: string): string {
  return name.length < 13 ? name : Object.keys({ [name]: 0 })[0];
}

function grow(): void {
  const bigger = new Int32Array(slots.length * 2).fill(-1);
  const mask = bigger.length - 1;
  for (let index = 0; index < hashes.length; index++) {
    let slot = (hashes[index] ^ (hashes[index] >>> 15)) & mask;
    while (bigger[slot] >= 0) slot = (slot + 1) & mask;
    bigger[slot] = index;
  }
  slots = bigger;
}

/** One step of the hash over an identifier's bytes, starting from 0. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

for (const keyword of ['if', 'then', 'else', 'assert', 'with', 'let', 'in', 'rec', 'inherit', 'or']) {
  let hash = 0;
  for (let i = 0; i < keyword.length; i++) hash = hashStep(hash, keyword.charCodeAt(i));
  internName(keyword, 0, keyword.length, hash);
}
