/**
 * Debian binary packages: an `ar` archive of `debian-binary`, `control.tar.*` and `data.tar.*` (deb(5), ar(5)).
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { readTarEntries, type TarEntry } from '../fetchers/index.ts';
import { decompressXz } from '../platform/index.ts';
import { badPackageFile } from './errors.ts';

/** A package unpacks to at most this much here: the few that are read are far smaller. */
const maxUnpackedBytes = 256 << 20;

const decompressors: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>>> = {
  '.xz': (bytes) => decompressXz(bytes, maxUnpackedBytes),
  '.gz': (bytes) => gunzipSync(bytes, { maxOutputLength: maxUnpackedBytes }),
  '.zst': (bytes) => zstdDecompressSync(bytes, { maxOutputLength: maxUnpackedBytes }),
  '': (bytes) => bytes,
};

/**
 * The files that a package installs. `where` names the package in errors.
 *
 * @throws NixError `channel-bad-package`
 */
export async function readDebFiles(deb: Uint8Array, where: string): Promise<TarEntry[]> {
  for (const member of readArMembers(deb, where)) {
    if (!member.name.startsWith('data.tar')) continue;
    const decompress = decompressors[member.name.slice('data.tar'.length)];
    if (!decompress) throw badPackageFile(where, `unknown compression '${member.name}'`);
    try {
      return readTarEntries(await decompress(member.data));
    } catch (error) {
      throw badPackageFile(where, (error as Error).message);
    }
  }
  throw badPackageFile(where, "it has no member 'data.tar'");
}

interface ArMember {
  readonly name: string;
  readonly data: Uint8Array;
}

function readArMembers(deb: Uint8Array, where: string): ArMember[] {
  const bytes = Buffer.from(deb.buffer, deb.byteOffset, deb.byteLength);
  if (bytes.toString('latin1', 0, 8) !== '!<arch>\n') throw badPackageFile(where, 'it is no ar archive');
  const members: ArMember[] = [];
  let position = 8;
  while (position + 60 <= bytes.length) {
    const name = bytes
      .toString('latin1', position, position + 16)
      .trimEnd()
      .replace(/\/$/, '');
    const size = Number(bytes.toString('latin1', position + 48, position + 58).trim());
    const start = position + 60;
    const isWhole = bytes.toString('latin1', position + 58, start) === '`\n' && start + size <= bytes.length;
    if (!isWhole) throw badPackageFile(where, `damaged member at offset ${position}`);
    members.push({ name, data: bytes.subarray(start, start + size) });
    position = start + size + (size % 2);
  }
  return members;
}
