/**
 * The Nix archive format (NAR): the canonical serialisation of a file tree, which is what store hashes cover.
 *
 *     archive   = str("nix-archive-1") node
 *     node      = str("(") str("type") body str(")")
 *     body      = str("regular") [str("executable") str("")] str("contents") str(BYTES)
 *               | str("symlink") str("target") str(TARGET)
 *               | str("directory") entry*
 *     entry     = str("entry") str("(") str("name") str(NAME) str("node") node str(")")
 *     str(s)    = 64-bit little-endian length, the bytes, zero padding to a multiple of 8
 *
 * Entries are strictly sorted by their bytes. There is exactly one archive for a tree: the reader accepts nothing
 * else. Limits are C++ Nix's (2.36): depth 64, names 255 bytes, link targets 1..4095 bytes.
 */

export const NAR_MAGIC = 'nix-archive-1';
/** Directories within each other, the root's own node counted. */
export const NAR_MAX_DEPTH = 64;
export const NAR_MAX_NAME = 255;
export const NAR_MAX_TARGET = 4095;
/** Longest keyword that the grammar could ask for, with slack so that errors can quote what stood there. */
export const NAR_MAX_KEYWORD = 32;

/** What is wrong with an entry's name, or `undefined`. */
export function narNameFault(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    return `NAR contains invalid file name '${name}'`;
  }
  return name.length > NAR_MAX_NAME ? `file name is longer than ${NAR_MAX_NAME} bytes` : undefined;
}

/** What is wrong with a symbolic link's target, or `undefined`. */
export function narTargetFault(target: string): string | undefined {
  if (target === '' || target.includes('\0')) return 'NAR contains invalid symlink target';
  return target.length > NAR_MAX_TARGET ? `symlink target is longer than ${NAR_MAX_TARGET} bytes` : undefined;
}

/** Zero bytes after a string of `length` bytes. */
export function narPadding(length: number): number {
  return (8 - (length % 8)) % 8;
}

/**
 * What a reader reports, in archive order. `name` is the entry's name, `''` for the root. `narOffset` is where a
 * file's contents start in the archive. A regular file is `file`, then `contents` (none when it is empty; chunks are
 * views, valid until the next `push`), then `end`; a directory is `directory`, its entries, then `end`.
 */
export type NarEvent =
  | { readonly kind: 'directory'; readonly name: string }
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly executable: boolean;
      readonly sizeBytes: number;
      readonly narOffset: number;
    }
  | { readonly kind: 'contents'; readonly bytes: Uint8Array }
  | { readonly kind: 'symlink'; readonly name: string; readonly target: string }
  | { readonly kind: 'end' };
