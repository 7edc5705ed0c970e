/**
 * The text of a `Release` file: which suite it is, when it was made, and the size and SHA-256 of every index.
 * Specification: Debian's repository format ("Release" files).
 */
import { parseStanza } from './control-file.ts';
import { badDate, malformedIndex } from './errors.ts';

export interface IndexEntry {
  /** Path under `dists/SUITE/`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface ReleaseFile {
  readonly origin: string;
  readonly suite: string;
  readonly codename: string;
  /** Of a point release, such as `13.2`; empty when absent. */
  readonly version: string;
  readonly date: Date;
  readonly validUntil: Date | undefined;
  /** Indices may be fetched by hash, so that a mirror in the middle of an update serves a consistent set. */
  readonly acquireByHash: boolean;
  readonly architectures: readonly string[];
  readonly components: readonly string[];
  /** By path. */
  readonly indices: ReadonlyMap<string, IndexEntry>;
}

/** Parses a verified release text. `where` names it in errors. */
export function parseReleaseFile(text: string, where: string): ReleaseFile {
  const fields = parseStanza(text);
  const words = (name: string) => (fields.get(name) ?? '').split(/\s+/).filter((word) => word !== '');
  const validUntil = fields.get('Valid-Until');
  return {
    origin: fields.get('Origin') ?? '',
    suite: fields.get('Suite') ?? '',
    codename: fields.get('Codename') ?? '',
    version: fields.get('Version') ?? '',
    date: parseDate(where, 'Date', fields.get('Date')),
    validUntil: validUntil === undefined ? undefined : parseDate(where, 'Valid-Until', validUntil),
    acquireByHash: fields.get('Acquire-By-Hash') === 'yes',
    architectures: words('Architectures'),
    components: words('Components'),
    indices: parseIndices(fields.get('SHA256') ?? '', where),
  };
}

/** `Sat, 21 Nov 2026 09:15:44 UTC`, the one form the archive writes. */
function parseDate(where: string, field: string, value: string | undefined): Date {
  const isDate =
    value !== undefined &&
    /^[A-Z][a-z]{2}, [ 0-9]?\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (UTC|GMT|\+0000)$/.test(value);
  const date = new Date(isDate ? value : Number.NaN);
  if (Number.isNaN(date.getTime())) throw badDate(where, field, value);
  return date;
}

function parseIndices(field: string, where: string): Map<string, IndexEntry> {
  const indices = new Map<string, IndexEntry>();
  for (const line of field.split('\n')) {
    if (line.trim() === '') continue;
    const match = /^\s*([0-9a-f]{64})\s+(\d+)\s+(\S+)\s*$/.exec(line);
    if (!match) throw malformedIndex(where, `the line '${line.trim()}' is not 'sha256 size path'`);
    const [, sha256, size, path] = match;
    indices.set(path, { path, sha256, sizeBytes: Number(size) });
  }
  return indices;
}
