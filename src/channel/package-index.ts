/**
 * `Packages` indices (Debian Policy 5.3 and the repository format): what each binary package is and says of
 * its relations. Several indices (release, updates, security) are merged into one: the newest version wins.
 */
import { forEachStanza, type Stanza } from './control-file.ts';
import { compareDebianVersions } from './debian-version.ts';
import { malformedIndex } from './errors.ts';

/** Which mirror a file is under: the main archive's or the security archive's. */
export type ArchiveName = 'debian' | 'security';

/** One binary package. Texts are byte strings; relation fields are kept as written. */
export interface BinaryPackage {
  readonly name: string;
  readonly version: string;
  readonly archive: ArchiveName;
  /** Path under the mirror's root. */
  readonly file: string;
  readonly sizeBytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly installedSizeKiB: number;
  readonly depends?: string | undefined;
  readonly preDepends?: string | undefined;
  readonly provides?: string | undefined;
  readonly description: string;
  readonly section: string;
  readonly priority?: string | undefined;
  readonly homepage?: string | undefined;
  /** Name of the source package when it differs from `name`. */
  readonly source?: string | undefined;
  readonly essential: boolean;
}

const wantedFields = new Set([
  'Package',
  'Version',
  'Filename',
  'Size',
  'SHA256',
  'Installed-Size',
  'Depends',
  'Pre-Depends',
  'Provides',
  'Description',
  'Section',
  'Priority',
  'Homepage',
  'Source',
  'Essential',
]);

/**
 * Merges the packages of one index into `packages` (by name). A package that is there already is replaced when
 * the new version is newer. `where` names the index in errors.
 *
 * @throws NixError `channel-malformed-index` when a stanza lacks what every package must have
 */
export function mergePackageIndex(
  packages: Map<string, BinaryPackage>,
  text: string,
  archive: ArchiveName,
  where: string,
): void {
  forEachStanza(text, wantedFields, (stanza) => {
    const name = stanza['Package'];
    const version = stanza['Version'];
    if (!name || !version) throw malformedIndex(where, `a stanza without 'Package' or 'Version'`);
    const known = packages.get(name);
    if (known && compareDebianVersions(known.version, version) >= 0) return;
    packages.set(name, readPackage(stanza, name, version, archive, where));
  });
}

function readPackage(
  stanza: Stanza,
  name: string,
  version: string,
  archive: ArchiveName,
  where: string,
): BinaryPackage {
  const file = stanza['Filename'] ?? '';
  const sha256 = stanza['SHA256'] ?? '';
  const sizeBytes = Number(stanza['Size'] ?? Number.NaN);
  if (!isArchivePath(file)) throw malformedIndex(where, `'${name}' has the bad file name '${file}'`);
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw malformedIndex(where, `'${name}' has no SHA256`);
  if (!Number.isSafeInteger(sizeBytes)) throw malformedIndex(where, `'${name}' has no size`);
  return {
    name,
    version,
    archive,
    file,
    sizeBytes,
    sha256,
    installedSizeKiB: Number(stanza['Installed-Size'] ?? 0) || 0,
    depends: stanza['Depends'],
    preDepends: stanza['Pre-Depends'],
    provides: stanza['Provides'],
    description: firstLine(stanza['Description']),
    section: stanza['Section'] ?? '',
    priority: stanza['Priority'],
    homepage: stanza['Homepage'],
    source: sourceName(stanza['Source']),
    essential: stanza['Essential'] === 'yes',
  };
}

/** Whether `path` is relative and stays beneath the directory it is joined to. */
export function isArchivePath(path: string): boolean {
  if (!/^[A-Za-z0-9._+~:@%/-]+$/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function firstLine(text: string | undefined): string {
  if (!text) return '';
  const end = text.indexOf('\n');
  return (end < 0 ? text : text.slice(0, end)).trim();
}

/** `Source: hello (2.10-3)` names a version when it differs from the binary's; only the name is of use. */
function sourceName(field: string | undefined): string | undefined {
  if (!field) return undefined;
  const blank = field.search(/[ (]/);
  return blank < 0 ? field : field.slice(0, blank);
}
