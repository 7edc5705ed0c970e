/**
 * The toolbox: what tests need of Debian's archive. `npm test` prepares it before any test runs, through the same code
 * that makes channels, and keeps it in the user's cache directory:
 *
 * - `channel/`: a channel tree of `debian:trixie` (its `debian/` and `bootstrap/`; the repository's own `distribution/` is
 *   put over it by the tests that need a whole one);
 * - `oracle/`: C++ Nix 2.26 and its libraries, for differential tests;
 * - `machines/`: what virtual machines are built from, see `machine-store.ts`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import {
  DownloadCache,
  fetcherDownload,
  makeChannelTree,
  parseDebianChannel,
  writeBootstrap,
} from '../../src/channel/index.ts';
import { type Logger, MemoryLogger } from '../../src/diagnostics/index.ts';
import { defaultUrlFetcherSettings, UrlFetcher } from '../../src/fetchers/index.ts';
import { cacheDirectory } from '../../src/session/index.ts';
import { type MachineStore, prepareMachineStore } from './machine-store.ts';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Raised when the toolbox's contents change their form. */
const FORMAT = '1';

export interface Toolbox {
  readonly channel: string;
  readonly oracle: string;
  /** Only where it was asked for. */
  readonly machines: MachineStore | undefined;
  /** bubblewrap's command line, without arguments. */
  readonly bubblewrap: readonly string[];
  /** What tests find in their environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ToolboxOptions {
  readonly download: boolean;
  /** Whether the packages of virtual machines are prepared, too. */
  readonly machines: boolean;
}

/**
 * Makes the toolbox where it is missing.
 *
 * @throws NixError when it would have to be downloaded and cannot be
 */
export async function prepareToolbox(options: ToolboxOptions): Promise<Toolbox> {
  const directory = join(
    cacheDirectory({ ...process.env, HOME: process.env['HOME'] ?? homedir() }),
    'test-toolbox',
  );
  const stamp = join(directory, 'complete');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== FORMAT) {
    if (!options.download) throw new Error('the toolbox is not there and may not be downloaded');
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    await download(directory);
    writeFileSync(stamp, FORMAT);
  }
  const machines = options.machines
    ? await prepareMachineStore(join(directory, 'machines'), join(directory, 'channel'))
    : undefined;
  return describe(directory, machines);
}

async function download(directory: string): Promise<void> {
  process.stderr.write('preparing the test toolbox from the Debian archive (once)...\n');
  const cache = new DownloadCache(join(dirname(directory), 'downloads'));
  using fetcher = new UrlFetcher({ ...defaultUrlFetcherSettings, stalledTimeoutSeconds: 30 });
  const context = {
    download: fetcherDownload({ fetcher, temporaryDirectory: cache.directory }),
    cache,
    logger: quietLogger(),
    trust: { hostKeyringDirectory: '/usr/share/keyrings' },
    freshness: { now: new Date(), lockedDates: new Map<string, Date>() },
  };
  const words = (name: string) => process.env[name]?.split(/\s+/).filter((word) => word !== '');
  const request = {
    channel: parseDebianChannel('debian:trixie'),
    system: process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux',
    components: ['main'],
    mirrors: {
      debianMirrors: words('FIRN_DEBIAN_MIRROR'),
      securityMirrors: words('FIRN_DEBIAN_SECURITY_MIRROR'),
      aptDirectory: '/etc/apt',
    },
    distribution: { directory: join(repository, 'distribution'), program: new Map<string, string>() },
  };
  const index = await makeChannelTree(context, request, join(directory, 'channel'));
  await writeBootstrap(context, index, join(directory, 'oracle'), [
    { package: 'nix-bin', path: 'bin/nix', required: true },
  ]);
}

/** Warnings go to the user; everything else is kept to itself. */
function quietLogger(): Logger {
  const logger = new MemoryLogger();
  logger.warn = (message) => void process.stderr.write(`warning: ${message}\n`);
  return logger;
}

function describe(directory: string, machines: MachineStore | undefined): Toolbox {
  const channel = join(directory, 'channel');
  const oracle = join(directory, 'oracle');
  const tools = join(channel, 'bootstrap');
  return {
    channel,
    oracle,
    machines,
    bubblewrap: toolCommand(sandboxToolsIn(tools), 'bwrap'),
    environment: {
      FIRN_TEST_BWRAP: tools,
      FIRN_TEST_CHANNEL: channel,
      FIRN_TEST_ORACLE: oracle,
      ...(machines ? { FIRN_TEST_NIXPKGS: machines.tree, FIRN_TEST_STORE: machines.root } : {}),
    },
  };
}
