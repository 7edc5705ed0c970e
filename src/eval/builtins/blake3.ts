/**
 * BLAKE3 (the hash, without keys and derivation), after its specification: chunks of 1,024 bytes, compressed in blocks
 * of 64, are the leaves of a binary tree whose left side is always a full one.
 */
const iv = new Uint32Array([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
const permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const flag = { chunkStart: 1, chunkEnd: 2, parent: 4, root: 8 } as const;
const blockLength = 64;
const chunkLength = 1024;
const rounds = 7;
/** Columns, then diagonals: which words of the state are mixed. */
const quarters = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

function rotateRight(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function mix(v: Uint32Array, [a, b, c, d]: readonly number[], x: number, y: number): void {
  v[a] = v[a] + v[b] + x;
  v[d] = rotateRight(v[d] ^ v[a], 16);
  v[c] = v[c] + v[d];
  v[b] = rotateRight(v[b] ^ v[c], 12);
  v[a] = v[a] + v[b] + y;
  v[d] = rotateRight(v[d] ^ v[a], 8);
  v[c] = v[c] + v[d];
  v[b] = rotateRight(v[b] ^ v[c], 7);
}

/** The compression function's first eight words: a chaining value, or the digest's words with the flag `root`. */
function compress(
  chaining: Uint32Array,
  block: Uint32Array,
  counter: number,
  length: number,
  flags: number,
): Uint32Array {
  const high = Math.floor(counter / 2 ** 32);
  const v = new Uint32Array([...chaining, ...iv.subarray(0, 4), counter, high, length, flags]);
  let words = block;
  for (let round = 0; round < rounds; round++) {
    for (const [i, quarter] of quarters.entries()) mix(v, quarter, words[2 * i], words[2 * i + 1]);
    words = Uint32Array.from(permutation, (from) => words[from]);
  }
  return v.subarray(0, 8).map((word, i) => word ^ v[i + 8]);
}

/** A node of the tree that is still to be compressed: only the last one knows whether it is the root. */
interface Node {
  readonly chaining: Uint32Array;
  readonly block: Uint32Array;
  readonly counter: number;
  readonly length: number;
  readonly flags: number;
}

function output(node: Node, more = 0): Uint32Array {
  return compress(node.chaining, node.block, node.counter, node.length, node.flags | more);
}

function chunkNode(bytes: string, start: number, counter: number): Node {
  const end = Math.min(start + chunkLength, bytes.length);
  let chaining: Uint32Array = iv;
  for (let at = start; ; at += blockLength) {
    const length = Math.min(blockLength, end - at);
    const isLast = at + blockLength >= end;
    const flags = (at === start ? flag.chunkStart : 0) | (isLast ? flag.chunkEnd : 0);
    const node = { chaining, block: readBlock(bytes, at, length), counter, length, flags };
    if (isLast) return node;
    chaining = output(node);
  }
}

function readBlock(bytes: string, start: number, length: number): Uint32Array {
  const words = new Uint32Array(16);
  for (let i = 0; i < length; i++) words[i >> 2] |= bytes.charCodeAt(start + i) << (8 * (i & 3));
  return words;
}

/** The node over `count` chunks from the one numbered `first` on. */
function treeNode(bytes: string, first: number, count: number): Node {
  if (count <= 1) return chunkNode(bytes, first * chunkLength, first);
  let left = 1;
  while (left * 2 < count) left *= 2;
  const block = new Uint32Array(16);
  block.set(output(treeNode(bytes, first, left)), 0);
  block.set(output(treeNode(bytes, first + left, count - left)), 8);
  return { chaining: iv, block, counter: 0, length: blockLength, flags: flag.parent };
}

/** The digest (32 bytes) of a byte string. */
export function blake3(bytes: string): Uint8Array {
  const chunks = Math.max(1, Math.ceil(bytes.length / chunkLength));
  const words = output(treeNode(bytes, 0, chunks), flag.root);
  return Uint8Array.from({ length: 32 }, (_, i) => (words[i >> 2] >>> (8 * (i & 3))) & 0xff);
}
