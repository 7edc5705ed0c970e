/**
 * Base 64, RFC 4648 section 4, written with padding. Reading is as lenient as C++ Nix, whose hashes in the wild
 * rely on it: padding may be missing, line feeds are skipped, everything from the first `=` on is ignored, and
 * the last digit's unused bits need not be zero.
 */
import { badCharacter } from './errors.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const INVALID = 0xff;

const DIGITS = new Uint8Array(256).fill(INVALID);
for (let i = 0; i < 64; i++) DIGITS[ALPHABET.charCodeAt(i)] = i;

/** How many characters, padding included, `byteCount` bytes take. */
export function base64Length(byteCount: number): number {
  return Math.ceil(byteCount / 3) * 4;
}

/** The padded base 64 form of `bytes`. */
export function formatBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += ALPHABET[group >> 18] + ALPHABET[(group >> 12) & 63];
    text += i + 1 < bytes.length ? ALPHABET[(group >> 6) & 63] : '=';
    text += i + 2 < bytes.length ? ALPHABET[group & 63] : '=';
  }
  return text;
}

/**
 * The bytes that `text` encodes.
 *
 * @throws NixError `bad-encoding` on a character outside the alphabet.
 */
export function parseBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4));
  let size = 0;
  let held = 0;
  let bits = 0;
  for (const character of text) {
    if (character === '=') break;
    if (character === '\n') continue;
    const code = character.charCodeAt(0);
    const digit = code < 256 ? DIGITS[code] : INVALID;
    if (digit === INVALID) throw badCharacter('Base64', character);
    held = ((held << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[size++] = (held >> bits) & 0xff;
  }
  return bytes.slice(0, size);
}
