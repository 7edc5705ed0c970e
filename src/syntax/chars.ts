/** Character classes of the Nix lexer, one table of bits per byte. */

/** May begin an identifier. */
export const IdStart = 1;
/** May continue an identifier. */
export const IdPart = 2;
/** May stand in a path literal between slashes. */
export const PathChar = 4;
/** May stand in a URI after its colon. */
export const UriChar = 8;
/** May stand in a URI's scheme (after the first letter). */
export const SchemeChar = 16;
export const Digit = 32;
/** Ends the fast scan of a string literal: quote, backslash, dollar, carriage return, NUL. */
export const StringStop = 64;

/** The classes of each byte. */
export const classes: Uint8Array = buildClasses();

function buildClasses(): Uint8Array {
  const table = new Uint8Array(256);
  const add = (characters: string, bits: number) => {
    for (const character of characters) table[character.charCodeAt(0)] |= bits;
  };
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const digits = '0123456789';
  add(letters, IdStart | IdPart | PathChar | UriChar | SchemeChar);
  add(digits, IdPart | PathChar | UriChar | SchemeChar | Digit);
  add('_', IdStart | IdPart);
  add("'-", IdPart);
  add('._-+', PathChar);
  add('+-.', SchemeChar);
  add("%/?:@&=+$,-_.!~*'", UriChar);
  add('"\\$\r\0', StringStop);
  return table;
}
