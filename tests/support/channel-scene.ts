/** For tests: a signed archive on loopback, and everything that a channel is made with. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ArchiveContext,
  type ChannelRequest,
  DownloadCache,
  fetcherDownload,
  makeChannelTree,
  parseDebianChannel,
} from '../../src/channel/index.ts';
import { MemoryLogger } from '../../src/diagnostics/index.ts';
import { UrlFetcher } from '../../src/fetchers/index.ts';
import {
  type ArchiveServer,
  makeTestKey,
  samplePackages,
  sampleSources,
  serveArchive,
  TestArchive,
  type TestSuite,
} from './debian-archive/index.ts';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** A small distribution and the golden tree. */
export const fixtures = join(repository, 'src/channel/fixtures');
const key = await makeTestKey();
export const now = new Date('2026-01-10T00:00:00Z');
export const mainSuite: TestSuite = { name: 'trixie', packages: samplePackages, sources: sampleSources };

/** A served archive in a scratch directory, which goes away with it. */
export class Scene implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'firn-channel-'));
  readonly archive = new TestArchive(key);
  readonly security = new TestArchive(key);
  readonly logger = new MemoryLogger();
  readonly #fetcher = new UrlFetcher({ attempts: 2, retryDelayMs: 1, stalledTimeoutSeconds: 5 });
  server!: ArchiveServer;

  static async open(...suites: TestSuite[]): Promise<Scene> {
    const scene = new Scene();
    for (const suite of suites) {
      await (suite.name.endsWith('-security') ? scene.security : scene.archive).publish(suite);
    }
    scene.server = await serveArchive({
      debian: scene.archive.files,
      'debian-security': scene.security.files,
    });
    writeFileSync(join(scene.directory, 'keyring.asc'), key.publicKey);
    return scene;
  }

  get output(): string {
    return join(this.directory, 'tree');
  }

  context(freshness: Partial<ArchiveContext['freshness']> = {}): ArchiveContext {
    return {
      download: fetcherDownload({ fetcher: this.#fetcher, temporaryDirectory: join(this.directory, 'tmp') }),
      cache: new DownloadCache(join(this.directory, 'cache')),
      logger: this.logger,
      trust: { keyrings: [join(this.directory, 'keyring.asc')] },
      freshness: { now, lockedDates: new Map(), ...freshness },
    };
  }

  request(overrides: Partial<ChannelRequest> = {}): ChannelRequest {
    return {
      channel: parseDebianChannel('debian:trixie'),
      system: 'x86_64-linux',
      components: ['main'],
      mirrors: { debianMirrors: [`${this.server.url}/debian`] },
      distribution: { directory: join(fixtures, 'distribution'), program: new Map() },
      ...overrides,
    };
  }

  make(overrides: Partial<ChannelRequest> = {}, freshness: Partial<ArchiveContext['freshness']> = {}) {
    return makeChannelTree(this.context(freshness), this.request(overrides), this.output);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fetcher[Symbol.dispose]();
    await this.server.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
