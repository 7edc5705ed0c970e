/**
 * `Sources` indices: what each source package consists of. Merged like the binary ones: the newest version wins;
 * entries that are kept only for the sake of other packages (`Extra-Source-Only`) do not count.
 */
import { forEachStanza, type Stanza } from './control-file.ts';
import { compareDebianVersions } from './debian-version.ts';
import { malformedIndex } from './errors.ts';
import { type ArchiveName, isArchivePath } from './package-index.ts';

export interface SourceFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface SourcePackage {
  readonly name: string;
  readonly version: string;
  readonly archive: ArchiveName;
  /** Path under the mirror's root. */
  readonly directory: string;
  readonly files: readonly SourceFile[];
  /** Names of the binary packages it makes, sorted. */
  readonly binaries: readonly string[];
}

const wantedFields = new Set([
  'Package',
  'Version',
  'Directory',
  'Checksums-Sha256',
  'Binary',
  'Extra-Source-Only',
]);

/** Merges one `Sources` index into `sources` (by name). `where` names the index in errors. */
export function mergeSourceIndex(
  sources: Map<string, SourcePackage>,
  text: string,
  archive: ArchiveName,
  where: string,
): void {
  forEachStanza(text, wantedFields, (stanza) => {
    if (stanza['Extra-Source-Only'] === 'yes') return;
    const name = stanza['Package'];
    const version = stanza['Version'];
    if (!name || !version) throw malformedIndex(where, `a stanza without 'Package' or 'Version'`);
    const known = sources.get(name);
    if (known && compareDebianVersions(known.version, version) >= 0) return;
    sources.set(name, readSource(stanza, name, version, archive, where));
  });
}

function readSource(
  stanza: Stanza,
  name: string,
  version: string,
  archive: ArchiveName,
  where: string,
): SourcePackage {
  const directory = stanza['Directory'] ?? '';
  if (!isArchivePath(directory))
    throw malformedIndex(where, `'${name}' has the bad directory '${directory}'`);
  const files = (stanza['Checksums-Sha256'] ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const match = /^\s*([0-9a-f]{64})\s+(\d+)\s+([^\s/]+)\s*$/.exec(line);
      if (!match) throw malformedIndex(where, `'${name}' has the bad file line '${line.trim()}'`);
      return { name: match[3], sizeBytes: Number(match[2]), sha256: match[1] };
    });
  const binaries = (stanza['Binary'] ?? '').split(/[\s,]+/).filter((binary) => binary !== '');
  return { name, version, archive, directory, files, binaries: binaries.sort() };
}
