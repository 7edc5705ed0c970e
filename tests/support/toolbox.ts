/**
 * The toolbox: what tests need of Debian's archive. `npm test` prepares it before any test runs, through the same code
 * that makes channels, and keeps it in the user's cache directory:
 *
 * - `channel/`: a channel tree of `debian:trixie` (its `debian/` and `bootstrap/`; the repository's own `distribution/` is
 *   put over it by the tests that need a whole one);
 * - `oracle/`: C++ Nix 2.26 and its libraries, for differential tests;
 * - `oracle-2.8/`: C++ Nix 2.8, from the channel `debian:bookworm`, for what has to hold with the oldest Nix, too;
 * - `machines/`: what virtual machines are built from, see `machine-store.ts`.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import {
  type ArchiveContext,
  type ChannelRequest,
  DownloadCache,
  fetcherDownload,
  makeChannelTree,
  parseDebianChannel,
  writeBootstrap,
} from '../../src/channel/index.ts';
import { type Logger, MemoryLogger, NixError } from '../../src/diagnostics/index.ts';
import { defaultUrlFetcherSettings, UrlFetcher } from '../../src/fetchers/index.ts';
import { cacheDirectory } from '../../src/session/index.ts';
import { type MachineStore, prepareMachineStore } from './machine-store.ts';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Raised when the toolbox's contents change their form. */
const FORMAT = '1';

export interface Toolbox {
  readonly channel: string;
  readonly oracle: string;
  /** C++ Nix 2.8; undefined where it could not be had. */
  readonly oldOracle: string | undefined;
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
  if (options.download && options.machines) await prepareOldOracle(directory);
  const machines = options.machines
    ? await prepareMachineStore(join(directory, 'machines'), join(directory, 'channel'))
    : undefined;
  return describe(directory, machines);
}

async function download(directory: string): Promise<void> {
  process.stderr.write('preparing the test toolbox from the Debian archive (once)...\n');
  using fetcher = new UrlFetcher({ ...defaultUrlFetcherSettings, stalledTimeoutSeconds: 30 });
  const context = archiveContext(directory, fetcher);
  const index = await makeChannelTree(context, channelRequest('debian:trixie'), join(directory, 'channel'));
  await writeBootstrap(context, index, join(directory, 'oracle'), nixProgram);
}

/** A mirror need not have the older release: without it there is a warning. */
async function prepareOldOracle(directory: string): Promise<void> {
  const place = oldOraclePlace(directory);
  if (existsSync(place)) return;
  process.stderr.write('preparing C++ Nix 2.8 from the Debian archive (once)...\n');
  const scratch = `${place}.channel`;
  const fresh = `${place}.new`;
  for (const each of [scratch, fresh]) rmSync(each, { recursive: true, force: true });
  using fetcher = new UrlFetcher({ ...defaultUrlFetcherSettings, stalledTimeoutSeconds: 30 });
  const context = archiveContext(directory, fetcher);
  try {
    const index = await makeChannelTree(context, channelRequest('debian:bookworm'), scratch);
    await writeBootstrap(context, index, fresh, nixProgram);
    renameSync(fresh, place);
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    process.stderr.write(`warning: there is no C++ Nix 2.8 to compare with: ${error.message}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const nixProgram = [{ package: 'nix-bin', path: 'bin/nix', required: true }];
const oldOraclePlace = (directory: string) => join(directory, 'oracle-2.8');

function archiveContext(directory: string, fetcher: UrlFetcher): ArchiveContext {
  const cache = new DownloadCache(join(dirname(directory), 'downloads'));
  return {
    download: fetcherDownload({ fetcher, temporaryDirectory: cache.directory }),
    cache,
    logger: quietLogger(),
    trust: { hostKeyringDirectory: '/usr/share/keyrings' },
    freshness: { now: new Date(), lockedDates: new Map<string, Date>() },
  };
}

function channelRequest(channel: string): ChannelRequest {
  const words = (name: string) => process.env[name]?.split(/\s+/).filter((word) => word !== '');
  return {
    channel: parseDebianChannel(channel),
    system: process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux',
    components: ['main'],
    mirrors: {
      debianMirrors: words('FIRN_DEBIAN_MIRROR'),
      securityMirrors: words('FIRN_DEBIAN_SECURITY_MIRROR'),
      aptDirectory: '/etc/apt',
    },
    distribution: { directory: join(repository, 'distribution'), program: new Map<string, string>() },
  };
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
  const oldOracle = existsSync(oldOraclePlace(directory)) ? oldOraclePlace(directory) : undefined;
  const tools = join(channel, 'bootstrap');
  return {
    channel,
    oracle,
    oldOracle,
    machines,
    bubblewrap: toolCommand(sandboxToolsIn(tools), 'bwrap'),
    environment: {
      FIRN_TEST_BWRAP: tools,
      FIRN_TEST_CHANNEL: channel,
      FIRN_TEST_ORACLE: oracle,
      ...(oldOracle ? { FIRN_TEST_OLD_ORACLE: oldOracle } : {}),
      ...(machines
        ? {
            FIRN_TEST_NIXPKGS: machines.tree,
            FIRN_TEST_STORE: machines.root,
            FIRN_TEST_DRAWN: machines.drawn,
          }
        : {}),
    },
  };
}
