/**
 * Byte strings: JavaScript strings whose characters are bytes (0..255). V8 keeps them one byte per character,
 * and length, slicing, ordering and hashing are those of Nix, which knows only bytes. Text is decoded at the
 * edges alone: when it is printed, or handed to an API that wants Unicode.
 */

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Text for people: the byte string read as UTF-8, invalid bytes replaced by U+FFFD. */
export function decodeBytes(bytes: string): string {
  // Pure ASCII (the usual case) is its own decoding; what has wider characters is Unicode text already.
  if (/^[\x00-\x7f]*$/.test(bytes) || /[^\x00-\xff]/.test(bytes)) return bytes;
  const array = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) array[i] = bytes.charCodeAt(i);
  return decoder.decode(array);
}

/** The UTF-8 bytes of a Unicode text, as a byte string. */
export function encodeBytes(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  let result = '';
  for (const byte of encoder.encode(text)) result += String.fromCharCode(byte);
  return result;
}
