/**
 * Makes a channel tree: `node scripts/run.mjs tools/make-channel.ts debian:trixie OUTDIR`. Prints the seconds of
 * each phase to stderr and a JSON summary to stdout. FIRN_DEBIAN_MIRROR and FIRN_DEBIAN_SECURITY_MIRROR name
 * mirrors; FIRN_SYSTEM chooses another Nix system than this machine's.
 */
import { existsSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ArchiveContext,
  type ChannelRequest,
  DownloadCache,
  debianScheme,
  fetcherDownload,
  makeChannelTree,
  parseDebianChannel,
} from '../src/channel/index.ts';
import { type Logger, MemoryLogger, NixError } from '../src/diagnostics/index.ts';
import { UrlFetcher } from '../src/fetchers/index.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [url, directory] = process.argv.slice(2);
if (!url?.startsWith(debianScheme) || !directory) {
  process.stderr.write('usage: make-channel.ts debian:RELEASE OUTDIR\n');
  process.exitCode = 1;
} else {
  try {
    await main(url, directory);
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    process.stderr.write(`error: ${error.message}\n${error.hint ? `       ${error.hint}\n` : ''}`);
    process.exitCode = error.exitStatus;
  }
}

async function main(url: string, directory: string): Promise<void> {
  const logger = stderrLogger();
  const seconds = phaseTimer();
  const words = (name: string) => process.env[name]?.split(/\s+/).filter((word) => word !== '');
  if (existsSync(directory)) rmSync(directory, { recursive: true });
  const cacheDirectory = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'firn/downloads');
  using fetcher = new UrlFetcher({ stalledTimeoutSeconds: 30 });
  const context: ArchiveContext = {
    download: fetcherDownload({ fetcher, temporaryDirectory: cacheDirectory }),
    cache: new DownloadCache(cacheDirectory),
    logger,
    trust: { hostKeyringDirectory: '/usr/share/keyrings' },
    freshness: { now: new Date(), lockedDates: new Map() },
    onPhase: seconds.begin,
  };
  const request: ChannelRequest = {
    channel: parseDebianChannel(url),
    system: process.env['FIRN_SYSTEM'] ?? (process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux'),
    components: words('FIRN_DEBIAN_COMPONENTS') ?? ['main'],
    mirrors: {
      debianMirrors: words('FIRN_DEBIAN_MIRROR'),
      securityMirrors: words('FIRN_DEBIAN_SECURITY_MIRROR'),
      aptDirectory: '/etc/apt',
    },
    distribution: { directory: join(root, 'distribution'), program: new Map() },
  };
  const index = await makeChannelTree(context, request, directory);
  seconds.begin(undefined);
  const { resolution } = index;
  const summary = {
    packages: index.packages.size,
    sources: index.sources.size,
    virtual: resolution.provides.size,
    missing: resolution.missing.size,
    groups: new Set(resolution.groups.values()).size,
    seconds: seconds.total(),
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

function stderrLogger(): Logger {
  const logger = new MemoryLogger();
  logger.warn = (message) => process.stderr.write(`warning: ${message}\n`);
  return logger;
}

function phaseTimer() {
  const start = performance.now();
  let phase: string | undefined;
  let since = start;
  return {
    begin(next: string | undefined) {
      const now = performance.now();
      if (phase) process.stderr.write(`${((now - since) / 1000).toFixed(2).padStart(7)} s  ${phase}\n`);
      phase = next;
      since = now;
    },
    total: () => Number(((performance.now() - start) / 1000).toFixed(2)),
  };
}
