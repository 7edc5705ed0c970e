/**
 * Writes the files of a channel tree that hold the archive: `debian/`, `index.json` and the version files. Everything is a function of the archive's state, byte for byte, so that two users of the same state get
 * the same store path.
 *
 * Big tables are cut into shards by the first three hexadecimal digits of the name's MD5: evaluation reads only
 * the shards it uses.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBytes } from '../diagnostics/index.ts';
import type { ArchiveIndex } from './archive-index.ts';
import { sha256Hex } from './download-cache.ts';
import { formatNixFile, type NixData } from './nix-literal.ts';
import type { ArchiveName, BinaryPackage } from './package-index.ts';
import type { SourcePackage } from './source-index.ts';

type Row = NixData;

/** Everything in a tree that depends on the archive alone (`bootstrap` is written by `writeBootstrap`). */
export const archiveFileNames = ['debian', 'bootstrap', 'index.json', '.version', '.version-suffix'] as const;

/** Writes into `directory`, which exists and has none of these files. */
export function writeArchiveFiles(directory: string, index: ArchiveIndex): void {
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text, 'latin1');
  mkdirSync(join(directory, 'debian'));
  write('debian/channel.nix', formatNixFile(describeChannel(index)));
  write('debian/names.nix', formatNixFile([...index.packages.keys()]));
  write('debian/provides.nix', formatNixFile(index.resolution.provides));
  write('debian/groups.nix', formatNixFile(index.resolution.groups));
  writeShards(join(directory, 'debian/shards'), index.packages, (item) => packageRow(item, index));
  writeShards(join(directory, 'debian/sources'), index.sources, sourceRow);
  write('.version', archiveVersion(index));
  write('.version-suffix', versionSuffix(index));
  writeFileSync(join(directory, 'index.json'), searchIndex(index));
}

function describeChannel(index: ArchiveIndex): Map<string, NixData> {
  const mirrorsOf = (archive: ArchiveName) => [
    ...new Set(index.suites.filter((suite) => suite.archive === archive).map((suite) => suite.mirror)),
  ];
  const essential = [...index.packages.values()].filter((item) => item.essential).map((item) => item.name);
  return new Map<string, NixData>([
    ['suite', index.channel.release.codename],
    ['small', index.channel.small],
    ['components', index.components],
    ['architecture', index.architecture],
    ['nixSystem', index.system],
    ['date', archiveDay(index)],
    ['revision', archiveRevision(index)],
    ['debianVersion', index.suites[0].release.version],
    ['mirrors', { debian: mirrorsOf('debian'), security: mirrorsOf('security') }],
    ['essential', essential],
  ]);
}

function packageRow(item: BinaryPackage, { resolution }: ArchiveIndex): Row {
  return {
    version: item.version,
    file: item.file,
    archive: item.archive,
    sha256: item.sha256,
    size: item.sizeBytes,
    installedSize: item.installedSizeKiB,
    depends: resolution.depends.get(item.name)!,
    missing: resolution.missing.get(item.name),
    description: item.description,
    section: item.section,
    homepage: item.homepage,
    source: item.source,
    priority: item.priority,
    essential: item.essential || undefined,
  };
}

function sourceRow(item: SourcePackage): Row {
  return {
    version: item.version,
    archive: item.archive,
    directory: item.directory,
    files: item.files.map((file) => ({ name: file.name, size: file.sizeBytes, sha256: file.sha256 })),
    binaries: item.binaries,
  };
}

function writeShards<T>(directory: string, items: ReadonlyMap<string, T>, row: (item: T) => Row): void {
  const shards = new Map<string, Map<string, Row>>();
  for (const [name, item] of items) {
    const key = shardOf(name);
    let shard = shards.get(key);
    if (!shard) {
      shard = new Map();
      shards.set(key, shard);
    }
    shard.set(name, row(item));
  }
  mkdirSync(directory);
  for (const [key, shard] of shards)
    writeFileSync(join(directory, `${key}.nix`), formatNixFile(shard), 'latin1');
}

/** The shard (three hexadecimal digits) that holds `name`. */
export function shardOf(name: string): string {
  return createHash('md5').update(name, 'latin1').digest('hex').slice(0, 3);
}

/** Day of the newest release file, `20261121`. */
export function archiveDay(index: ArchiveIndex): string {
  const newest = Math.max(...index.suites.map((suite) => suite.release.date.getTime()));
  return new Date(newest).toISOString().slice(0, 10).replaceAll('-', '');
}

/** NixOS-like version, `26.11`, of the archive's day. */
function archiveVersion(index: ArchiveIndex): string {
  const day = archiveDay(index);
  return `${day.slice(2, 4)}.${day.slice(4, 6)}`;
}

const versionSuffix = (index: ArchiveIndex) => `.${archiveDay(index)}.${archiveRevision(index).slice(0, 7)}`;

/** Names the archive's state: SHA-256 over the signed release texts, 40 hexadecimal digits. */
export function archiveRevision(index: ArchiveIndex): string {
  const parts = [
    index.architecture,
    String(index.channel.small),
    ...index.suites.map((suite) => suite.textSha256),
  ];
  return sha256Hex(parts.join('\n')).slice(0, 40);
}

/** `{"format":1,"packages":[[name,version,description],...]}`, sorted by name. */
function searchIndex(index: ArchiveIndex): string {
  const rows = [...index.packages.values()].map((item) =>
    JSON.stringify([item.name, item.version, decodeBytes(item.description)]),
  );
  return `{"format":1,"packages":[\n${rows.join(',\n')}\n]}\n`;
}
