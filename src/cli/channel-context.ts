/** What `nix-channel` and `firn start` need to work on channels: places, mirrors, and the files of Firn itself. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ChannelPlaces,
  type ChannelsContext,
  type DistributionFiles,
  DownloadCache,
  fetcherDownload,
  hashDistribution,
} from '../channel/index.ts';
import { ActivityType, NixError } from '../diagnostics/index.ts';
import { defaultUrlFetcherSettings, UrlFetcher } from '../fetchers/index.ts';
import { buildSettings, cacheDirectory, currentUser, type Session, type Settings } from '../session/index.ts';

/** Where this user's channels are: the list in the home directory, the profile in the store in use. */
export function channelPlaces(session: Session, env: NodeJS.ProcessEnv): ChannelPlaces {
  const home = env['HOME'] ?? homedir();
  return {
    list: join(home, '.nix-channels'),
    profile: join(session.location.stateDir, 'profiles/per-user', currentUser(), 'channels'),
    ...(session.location.root === undefined ? { defExpr: join(home, '.nix-defexpr') } : {}),
  };
}

export interface ChannelsOptions {
  readonly session: Session;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Runs `work` with a context for channels; connections are closed afterwards. */
export async function withChannels<T>(
  { session, env, signal }: ChannelsOptions,
  work: (context: ChannelsContext) => Promise<T>,
): Promise<T> {
  const { settings, logger, store } = session;
  const cache = join(cacheDirectory(env), 'downloads');
  mkdirSync(cache, { recursive: true });
  const { downloads, caFile } = buildSettings(settings, env);
  const fetcherSettings = {
    ...defaultUrlFetcherSettings,
    attempts: downloads.attempts,
    proxyEnvironment: downloads.proxyEnvironment,
    certificates: caFile ? [readFileSync(caFile, 'utf8')] : [],
    stalledTimeoutSeconds: 30,
  };
  using fetcher = new UrlFetcher(fetcherSettings);
  using quickFetcher = new UrlFetcher({ ...fetcherSettings, attempts: 1, connectTimeoutSeconds: 5 });
  using progress = logger.activity(ActivityType.unknown, '');
  const places = channelPlaces(session, env);
  mkdirSync(dirname(places.profile), { recursive: true });
  return await work({
    store,
    logger,
    places,
    download: fetcherDownload({ fetcher, quickFetcher, temporaryDirectory: cache, signal }),
    cache: new DownloadCache(cache),
    trust: { keyrings: settings['debian-keyring'], hostKeyringDirectory: '/usr/share/keyrings' },
    now: new Date(),
    ...(settings['channel-max-age'] > 0 ? { maxExpiredSeconds: settings['channel-max-age'] * 86_400 } : {}),
    signal,
    temporaryDirectory: cache,
    onPhase: (phase) => progress.result(104, phase),
    request: {
      system: settings.system,
      components: settings['debian-components'],
      mirrors: mirrorSettings(settings),
      distribution: distributionFiles(),
    },
  });
}

function mirrorSettings(settings: Settings) {
  const words = (text: string) => (text === '' ? undefined : text.split(/\s+/));
  return {
    debianMirrors: words(settings['debian-mirror']),
    securityMirrors: words(settings['debian-security-mirror']),
    aptDirectory: '/etc/apt',
  };
}

/**
 * The distribution's Nix files, and the program for use inside machines: launchers, bundle and Node, as far as they are
 * there (a clone that was never bundled has none).
 */
export function distributionFiles(): DistributionFiles {
  const root = installationRoot();
  const directory = join(root, 'distribution');
  if (!existsSync(directory)) {
    throw new NixError(`Firn's distribution is not at '${directory}'`, {
      code: 'broken-installation',
      hint: 'install Firn again',
    });
  }
  const program = new Map<string, string>();
  const bundle = join(root, 'dist');
  if (existsSync(join(bundle, 'main.js'))) {
    for (const name of readdirSync(bundle)) program.set(join('dist', name), join(bundle, name));
    for (const name of readdirSync(join(root, 'bin')))
      program.set(join('bin', name), join(root, 'bin', name));
    program.set('package.json', join(root, 'package.json'));
    program.set('libexec/node', process.execPath);
  }
  return { directory, program };
}

/** Changes whenever something of Firn that goes into a channel tree does. */
export function channelFingerprint(): string {
  return hashDistribution(distributionFiles());
}

/** The directory that holds `bin/`, `distribution/` and the program. */
export function installationRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return here.endsWith('/src/cli') ? dirname(dirname(here)) : dirname(here);
}
