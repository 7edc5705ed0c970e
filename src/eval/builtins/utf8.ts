/** Well-formed UTF-8 in byte strings (Unicode 15, table 3-7). */

/** Whether all of `text` is well-formed. */
export function isUtf8(text: string): boolean {
  return !/[\x80-\xff]/.test(text) || utf8Error(text) === undefined;
}

/**
 * Where `text` stops being well-formed: the index of the first byte that cannot stand there, or (`incomplete`) the
 * last byte, when the text ends within a character. `undefined` for well-formed text.
 */
export function utf8Error(
  text: string,
): { readonly index: number; readonly incomplete: boolean } | undefined {
  for (let i = 0; i < text.length; i++) {
    const lead = text.charCodeAt(i);
    if (lead < 0x80) continue;
    const following = followingBytes(lead);
    if (following === 0) return { index: i, incomplete: false };
    for (let n = 0; n < following; n++) {
      if (++i >= text.length) return { index: text.length - 1, incomplete: true };
      const [low, high] = n === 0 ? secondByte(lead) : [0x80, 0xbf];
      const byte = text.charCodeAt(i);
      if (byte < low || byte > high) return { index: i, incomplete: false };
    }
  }
  return undefined;
}

function followingBytes(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
}

/** The range of the byte after the lead: overlong forms, surrogates and what is beyond U+10FFFF are left out. */
export function secondByte(lead: number): readonly [low: number, high: number] {
  switch (lead) {
    case 0xe0:
      return [0xa0, 0xbf];
    case 0xed:
      return [0x80, 0x9f];
    case 0xf0:
      return [0x90, 0xbf];
    case 0xf4:
      return [0x80, 0x8f];
  }
  return [0x80, 0xbf];
}
