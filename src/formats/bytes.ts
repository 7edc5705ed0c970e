/**
 * Between byte strings (one JavaScript character per byte, 0..255) and byte arrays. `TextDecoder('latin1')` is
 * really windows-1252, hence the loops.
 */

const CHUNK = 0x2000;

/** The bytes of a byte string. Characters above 255 are a bug of the caller and are cut to their low byte. */
export function bytesFromString(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The byte string of `bytes`. */
export function stringFromBytes(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  let text = '';
  for (let i = 0; i < bytes.length; i += CHUNK) {
    text += String.fromCharCode.apply(null, bytes.subarray(i, i + CHUNK) as unknown as number[]);
  }
  return text;
}

/** Whether both hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Order of byte strings: negative, zero or positive. (JavaScript compares UTF-16 units, which here are bytes.) */
export function compareByteStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
