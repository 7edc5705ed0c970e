/** Base 16 (hexadecimal), RFC 4648: written in lower case, read in either. */
import { badCharacter, badEncoding } from './errors.ts';

const DIGITS = '0123456789abcdef';

/** Two lower-case digits per byte. */
export function formatBase16(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += DIGITS[byte >> 4] + DIGITS[byte & 15];
  return text;
}

/**
 * The bytes that `text` encodes.
 *
 * @throws NixError `bad-encoding` on a foreign character or an odd length.
 */
export function parseBase16(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw badEncoding('Base16', text);
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < text.length; i++) {
    bytes[i >> 1] = (bytes[i >> 1] << 4) | hexDigit(text.charCodeAt(i));
  }
  return bytes;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = (code | 0x20) - 0x61;
  if (letter >= 0 && letter < 6) return letter + 10;
  throw badCharacter('Base16', String.fromCharCode(code));
}
