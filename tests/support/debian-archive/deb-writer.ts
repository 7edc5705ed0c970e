/** Writes Debian binary packages: tar archives (ustar) inside an ar archive. Every time and owner is zero, and
 * nothing is really compressed (except by zstd), so that the bytes are the same everywhere. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { storeXz } from './xz-stored.ts';

/** Contents of a regular file, or a link's target. */
export type TestFile =
  | string
  | { readonly data: string | Uint8Array; readonly mode?: number }
  | { readonly symlink: string }
  | { readonly hardlink: string };

export type DataCompression = 'xz' | 'gz' | 'zst' | 'none';

/** A `.deb` with the given control file and files (path without `./` -> contents). */
export function writeDeb(
  control: string,
  files: Readonly<Record<string, TestFile>>,
  compression: DataCompression = 'xz',
): Uint8Array {
  const data = writeTar(files);
  const compressed = {
    xz: () => storeXz(data),
    gz: () => gzipSync(data, { level: 0 }),
    zst: () => zstdCompressSync(data),
    none: () => data,
  }[compression]();
  return writeAr([
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.xz', storeXz(writeTar({ control }))],
    [compression === 'none' ? 'data.tar' : `data.tar.${compression}`, compressed],
  ]);
}

/** A tar archive; names longer than 100 bytes get GNU's long-name entries. */
export function writeTar(files: Readonly<Record<string, TestFile>>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, file] of Object.entries(files)) {
    const path = `./${name}`;
    if (path.length > 100) parts.push(tarEntry('././@LongLink', 'L', 0, Buffer.from(`${path}\0`)));
    if (typeof file === 'string') parts.push(tarEntry(path, '0', 0o644, Buffer.from(file)));
    else if ('symlink' in file) parts.push(tarEntry(path, '2', 0o777, Buffer.alloc(0), file.symlink));
    else if ('hardlink' in file) parts.push(tarEntry(path, '1', 0o644, Buffer.alloc(0), file.hardlink));
    else parts.push(tarEntry(path, '0', file.mode ?? 0o644, Buffer.from(file.data as Uint8Array)));
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

function tarEntry(path: string, type: string, mode: number, data: Buffer, target = ''): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(path.slice(0, 100), 0, 'latin1');
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  header.write(`${'0'.repeat(7)}\0${'0'.repeat(7)}\0`, 108);
  header.write(`${data.length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0`, 124);
  header.write(' '.repeat(8), 148);
  header.write(type, 156);
  header.write(target, 157, 'latin1');
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

function writeAr(members: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('!<arch>\n')];
  for (const [name, data] of members) {
    const fields = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)];
    parts.push(Buffer.from(`${fields.join('')}${String(data.length).padEnd(10)}\`\n`), data);
    if (data.length % 2 === 1) parts.push(Buffer.from('\n'));
  }
  return Buffer.concat(parts);
}
