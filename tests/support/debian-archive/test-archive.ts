/**
 * A small Debian archive for tests: packages are declared, `publish` makes `.deb`s, indices and the signed release
 * file as the real archive has them. The key is made for the run and never leaves it.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { createCleartextMessage, generateKey, type PrivateKey, sign } from 'openpgp';
import { type DataCompression, type TestFile, writeDeb } from './deb-writer.ts';
import { storeXz } from './xz-stored.ts';

export interface TestPackage {
  readonly name: string;
  readonly version?: string;
  /** `amd64` unless told otherwise; `all` is listed for every architecture. */
  readonly architecture?: string;
  /** Further control fields, such as `Depends`. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, TestFile>>;
  readonly compression?: DataCompression;
}

export interface TestSource {
  readonly name: string;
  readonly version?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Name in the source's directory -> contents. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface TestSuite {
  /** Directory under `dists/`, also the codename unless told otherwise. */
  readonly name: string;
  readonly codename?: string;
  readonly date?: Date;
  readonly validUntil?: Date | undefined;
  readonly architectures?: readonly string[];
  readonly component?: string;
  readonly acquireByHash?: boolean;
  readonly packages?: readonly TestPackage[];
  readonly sources?: readonly TestSource[];
  /** Signs this suite instead of the archive's own key. */
  readonly key?: TestKey;
}

/** A key pair of one test run. */
export interface TestKey {
  readonly privateKey: PrivateKey;
  /** Armored public key: the contents of a keyring file. */
  readonly publicKey: string;
}

/** Makes an Ed25519 key (a few milliseconds). */
export async function makeTestKey(date = new Date('2020-01-01')): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKey({
    userIDs: [{ name: 'Test archive', email: 'archive@test.invalid' }],
    date,
    format: 'object',
  });
  return { privateKey, publicKey: publicKey.armor() };
}

/** Day on which the archive was made unless a suite says otherwise. */
export const testArchiveDate = new Date('2026-01-02T03:04:05Z');

/** Files by path under the archive's root. */
export class TestArchive {
  readonly key: TestKey;
  readonly files = new Map<string, Uint8Array>();

  constructor(key: TestKey) {
    this.key = key;
  }

  /** Adds or replaces a suite with everything it lists. */
  async publish(suite: TestSuite): Promise<void> {
    const component = suite.component ?? 'main';
    const indices = new Map<string, Uint8Array>();
    const addIndex = (path: string, stanzas: readonly string[]) => {
      const text = Buffer.from(stanzas.map((stanza) => `${stanza}\n`).join(''), 'utf8');
      indices.set(path, text);
      indices.set(`${path}.gz`, gzipSync(text, { level: 0 }));
      indices.set(`${path}.xz`, storeXz(text));
    };
    for (const architecture of suite.architectures ?? ['amd64']) {
      const stanzas = (suite.packages ?? [])
        .filter((item) => [architecture, 'all'].includes(item.architecture ?? 'amd64'))
        .map((item) => this.#addPackage(item, component));
      addIndex(`${component}/binary-${architecture}/Packages`, stanzas);
    }
    const sources = (suite.sources ?? []).map((item) => this.#addSource(item, component));
    addIndex(`${component}/source/Sources`, sources);
    for (const [path, bytes] of indices) this.#addIndexFile(suite.name, path, bytes);
    await this.#addRelease(suite, indices, component);
  }

  #addIndexFile(suite: string, path: string, bytes: Uint8Array): void {
    const directory = path.slice(0, path.lastIndexOf('/'));
    this.files.set(`dists/${suite}/${path}`, bytes);
    this.files.set(`dists/${suite}/${directory}/by-hash/SHA256/${sha256(bytes)}`, bytes);
  }

  #addPackage(item: TestPackage, component: string): string {
    const version = item.version ?? '1.0-1';
    const architecture = item.architecture ?? 'amd64';
    const control = formatStanza({
      Package: item.name,
      Version: version,
      Architecture: architecture,
      Maintainer: 'Test <test@test.invalid>',
      Description: `test package ${item.name}`,
      Section: 'utils',
      Priority: 'optional',
      ...item.fields,
    });
    const deb = writeDeb(control, item.files ?? {}, item.compression);
    const withoutEpoch = version.replace(/^\d+:/, '');
    const path = `pool/${component}/${item.name[0]}/${item.name}/${item.name}_${withoutEpoch}_${architecture}.deb`;
    this.files.set(path, deb);
    return `${control}Filename: ${path}\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`;
  }

  #addSource(item: TestSource, component: string): string {
    const directory = `pool/${component}/${item.name[0]}/${item.name}`;
    const checksums = Object.entries(item.files ?? {}).map(([name, contents]) => {
      const bytes = Buffer.from(contents);
      this.files.set(`${directory}/${name}`, bytes);
      return `\n ${sha256(bytes)} ${bytes.length} ${name}`;
    });
    return formatStanza({
      Package: item.name,
      Binary: item.name,
      Version: item.version ?? '1.0-1',
      'Checksums-Sha256': checksums.join(''),
      Directory: directory,
      ...item.fields,
    });
  }

  async #addRelease(
    suite: TestSuite,
    indices: ReadonlyMap<string, Uint8Array>,
    component: string,
  ): Promise<void> {
    const date = suite.date ?? testArchiveDate;
    const lines = [...indices].map(([path, bytes]) => `\n ${sha256(bytes)} ${bytes.length} ${path}`);
    const text = formatStanza({
      Origin: 'Debian',
      Label: 'Debian',
      Suite: suite.name,
      Codename: suite.codename ?? suite.name,
      Date: formatDate(date),
      ...(suite.validUntil && { 'Valid-Until': formatDate(suite.validUntil) }),
      ...(suite.acquireByHash !== false && { 'Acquire-By-Hash': 'yes' }),
      Architectures: (suite.architectures ?? ['amd64']).join(' '),
      Components: component,
      SHA256: lines.join(''),
    });
    const signed = await sign({
      message: await createCleartextMessage({ text }),
      signingKeys: (suite.key ?? this.key).privateKey,
      date,
    });
    this.files.set(`dists/${suite.name}/InRelease`, Buffer.from(signed, 'utf8'));
  }
}

function formatStanza(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}:${value.startsWith('\n') ? '' : ' '}${value}\n`)
    .join('');
}

/** `Fri, 02 Jan 2026 03:04:05 UTC` */
const formatDate = (date: Date) => date.toUTCString().replace('GMT', 'UTC');

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
