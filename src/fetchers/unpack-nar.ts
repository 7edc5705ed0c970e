/** The `unpack` attribute of `builtin:fetchurl`: the download is a NAR, perhaps compressed with xz. */
import { readFileSync, rmSync } from 'node:fs';
import { NixError } from '../diagnostics/index.ts';
import { decompressXz } from '../platform/index.ts';

const largestNarBytes = 4 * 1024 ** 3;

/** Replaces the NAR file `path` by the tree in it. Throws `NixError` when it is damaged. */
export async function unpackNarFile(path: string, compressed: boolean): Promise<void> {
  // Loaded here alone: downloads need nothing of the store's code.
  const { restoreTree } = await import('../store/index.ts');
  const bytes = readFileSync(path);
  let nar: Uint8Array;
  try {
    nar = compressed ? await decompressXz(bytes, largestNarBytes) : bytes;
  } catch (cause) {
    throw new NixError(`cannot decompress the downloaded archive: ${(cause as Error).message}`, { cause });
  }
  rmSync(path);
  await restoreTree(Buffer.from(path).toString('latin1'), [nar], { canonical: false });
}
