/** From the settings of nix.conf to what the builder wants to know. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BuildSettings,
  defaultBuildSettings,
  type SandboxMode,
  type SandboxPath,
} from '../builder/index.ts';
import { UsageError } from '../diagnostics/index.ts';
import { maxJobs, type Settings } from './settings.ts';
import { cacheDirectory } from './store-location.ts';

const proxyVariables = [
  'http_proxy',
  'https_proxy',
  'ftp_proxy',
  'all_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
];
const caFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/ssl/certs/ca-bundle.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
];

export function buildSettings(settings: Settings, env: NodeJS.ProcessEnv): BuildSettings {
  const [firstUid, lastUid] = uidRange(settings['build-users-uids']);
  const defaults = defaultBuildSettings({
    system: settings.system,
    cores: maxJobs(settings),
    temporaryDirectory: tmpdir(),
    cacheDirectory: join(cacheDirectory(env), 'downloads'),
  });
  return {
    ...defaults,
    extraPlatforms:
      settings['extra-platforms'].length > 0 ? settings['extra-platforms'] : defaults.extraPlatforms,
    systemFeatures: settings['system-features'],
    maxJobs: maxJobs(settings),
    cores: settings.cores,
    keepGoing: settings['keep-going'],
    keepFailed: settings['keep-failed'],
    sandbox: sandboxMode(settings.sandbox),
    sandboxPaths: settings['sandbox-paths'].map(parseSandboxPath),
    sandboxBuildDir: settings['sandbox-build-dir'],
    filterSyscalls: settings['filter-syscalls'],
    timeoutSeconds: settings.timeout,
    maxSilentTimeSeconds: settings['max-silent-time'],
    maxLogSizeBytes: settings['max-build-log-size'],
    keepLog: settings['keep-build-log'],
    compressLog: settings['compress-build-log'],
    logLines: settings['log-lines'],
    buildUserFirstId: firstUid,
    buildUserCount: lastUid - firstUid + 1,
    impureEnvironment: definedEntries(env),
    caFile: env['NIX_SSL_CERT_FILE'] ?? env['SSL_CERT_FILE'] ?? caFiles.find((file) => existsSync(file)),
    downloads: {
      ...defaults.downloads,
      maxParallel: settings['http-connections'],
      mirrorGroups: settings['fallback-mirrors'].length > 0 ? [settings['fallback-mirrors']] : [],
      hashedMirrors: settings['hashed-mirrors'],
      attempts: settings['download-attempts'],
      proxyEnvironment: definedEntries(Object.fromEntries(proxyVariables.map((name) => [name, env[name]]))),
    },
  };
}

function sandboxMode(text: string): SandboxMode {
  if (text === 'relaxed') return 'relaxed';
  if (/^(true|yes|1)$/.test(text)) return 'on';
  if (/^(false|no|0)$/.test(text)) return 'off';
  throw new UsageError(`setting 'sandbox' has invalid value '${text}'`, {
    hint: "expected 'true', 'false' or 'relaxed'",
  });
}

/** `target`, `target=source`, either with a `?` at the end for paths that may be missing. */
function parseSandboxPath(text: string): SandboxPath {
  const optional = text.endsWith('?');
  const [target, source = target] = (optional ? text.slice(0, -1) : text).split('=');
  return { target, source, optional };
}

function uidRange(text: string): [first: number, last: number] {
  const match = /^(\d+)-(\d+)$/.exec(text);
  if (!match || Number(match[1]) === 0 || Number(match[2]) < Number(match[1])) {
    throw new UsageError(`setting 'build-users-uids' has invalid value '${text}'`, {
      hint: "expected 'FIRST-LAST', without 0",
    });
  }
  return [Number(match[1]), Number(match[2])];
}

function definedEntries(record: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
