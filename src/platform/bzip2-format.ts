/** What bzip2's encoder and decoder share: the magic numbers (48 bits each, as two halves) and the checksum. */

export const bzip2Magic = {
  /** The decimal digits of pi. */
  block: [0x314159, 0x265359],
  /** Those of its square root. */
  end: [0x177245, 0x385090],
} as const;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let i = 0; i < 8; i++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** CRC-32 with the most significant bit first; starts at 0xffffffff, inverted at the end. */
export function bzip2Crc(crc: number, byte: number): number {
  return ((crc << 8) ^ table[((crc >>> 24) ^ byte) & 0xff]) >>> 0;
}
