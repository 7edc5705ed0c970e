/**
 * Nix's base 32. It differs from RFC 4648 in three ways:
 *
 * - the alphabet is the digits and the letters without `e`, `o`, `u`, `t` (so that no curse words appear);
 * - the byte array is read as one little-endian number, and its digits are written most significant first,
 *   so the *last* character holds the low five bits of the *first* byte;
 * - there is no padding; n bytes give ceil(8n / 5) digits, and the first digit's unused high bits must be zero.
 *
 * | bytes | digits |
 * |-------|--------|
 * | 20    | 32     | store path hash part, SHA-1
 * | 16    | 26     | MD5
 * | 32    | 52     | SHA-256
 * | 64    | 103    | SHA-512
 */
import { badCharacter, badEncoding } from './errors.ts';

const ALPHABET = '0123456789abcdfghijklmnpqrsvwxyz';
const INVALID = 0xff;

const DIGITS = new Uint8Array(256).fill(INVALID);
for (let i = 0; i < 32; i++) DIGITS[ALPHABET.charCodeAt(i)] = i;

/** How many digits `byteCount` bytes take. */
export function nix32Length(byteCount: number): number {
  return Math.ceil((byteCount * 8) / 5);
}

/** The nix32 form of `bytes`; always `nix32Length(bytes.length)` characters. */
export function formatNix32(bytes: Uint8Array): string {
  let text = '';
  for (let n = nix32Length(bytes.length) - 1; n >= 0; n--) {
    const bit = n * 5;
    const index = bit >> 3;
    const shift = bit & 7;
    const high = index + 1 < bytes.length ? bytes[index + 1] << (8 - shift) : 0;
    text += ALPHABET[((bytes[index] >> shift) | high) & 0x1f];
  }
  return text;
}

/**
 * The bytes that `text` encodes; the exact inverse of `formatNix32`.
 *
 * @throws NixError `bad-encoding` on a foreign character, an impossible length or non-zero unused bits.
 */
export function parseNix32(text: string): Uint8Array {
  const size = Math.floor((text.length * 5) / 8);
  const bytes = new Uint8Array(size);
  for (let n = 0; n < text.length; n++) {
    const character = text[text.length - 1 - n];
    const digit = character.charCodeAt(0) < 256 ? DIGITS[character.charCodeAt(0)] : INVALID;
    if (digit === INVALID) throw badCharacter("Nix32 (Nix's Base32 variation)", character);
    const bit = n * 5;
    const index = bit >> 3;
    const shift = bit & 7;
    const value = digit << shift;
    if (index < size) bytes[index] |= value & 0xff;
    else if (value & 0xff) throw badEncoding('Nix32', text);
    if (value >> 8 === 0) continue;
    if (index + 1 >= size) throw badEncoding('Nix32', text);
    bytes[index + 1] |= value >> 8;
  }
  if (nix32Length(size) !== text.length) throw badEncoding('Nix32', text);
  return bytes;
}

/** Whether every character of `text` is a nix32 digit. */
export function isNix32(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || DIGITS[code] === INVALID) return false;
  }
  return true;
}
