/**
 * Settings: one immutable record built from the defaults, `nix.conf` files, `NIX_CONFIG` and the command line, in
 * that order (the last one wins). Names, aliases and value syntax are those of nix.conf(5); a few are Firn's own
 * and say so. Nothing else in the program reads `process.env` for a setting.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { suggestNear, UsageError } from '../diagnostics/index.ts';

type SettingType = 'boolean' | 'integer' | 'string' | 'words';

function setting<T extends SettingType>(
  type: T,
  value: SettingValue<T> | (() => SettingValue<T>),
  description: string,
  aliases: readonly string[] = [],
) {
  const fallback = (typeof value === 'function' ? value : () => value) as () => SettingValue<T>;
  return { type, default: fallback, description, aliases };
}

type SettingValue<T extends SettingType> = T extends 'boolean'
  ? boolean
  : T extends 'integer'
    ? number
    : T extends 'string'
      ? string
      : readonly string[];

const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** Every setting that Firn knows. The order is that of `firn show-config`. */
export const settingDefinitions = {
  'allow-import-from-derivation': setting(
    'boolean',
    true,
    'whether evaluation may build derivations whose output it reads',
  ),
  'allow-dirty': setting('boolean', true, 'whether uncommitted changes in a git input may be used'),
  'allow-symlinked-store': setting(
    'boolean',
    false,
    'accept a store directory that is reached through a symbolic link',
  ),
  'allowed-uris': setting('words', [], 'URI prefixes that restricted evaluation may read'),
  'auto-optimise-store': setting('boolean', false, 'link equal files when a path is added'),
  'build-dir': setting('string', '', 'directory in which builds run; empty: below the state directory'),
  'build-users-uids': setting(
    'string',
    '30001-30032',
    'uids that builds run under when Firn runs as root (Firn)',
  ),
  'channel-max-age': setting(
    'integer',
    0,
    'days after which a channel index that has expired is refused; 0: only warn (Firn)',
  ),
  'compress-build-log': setting('boolean', true, 'whether build logs are compressed', ['build-compress-log']),
  cores: setting('integer', 0, 'value of NIX_BUILD_CORES; 0: all', ['build-cores']),
  'debian-components': setting(
    'words',
    ['main'],
    "components of Debian's archive that channels hold: main, contrib, non-free, non-free-firmware (Firn)",
  ),
  'debian-keyring': setting(
    'words',
    [],
    "keyring files trusted for Debian channels instead of Debian's own keys, for archives of one's own (Firn)",
  ),
  'debian-mirror': setting(
    'string',
    '',
    "mirror of Debian's archive, as a URL; empty: taken from apt's configuration (Firn)",
  ),
  'debian-security-mirror': setting(
    'string',
    '',
    "mirror of Debian's security archive; empty: taken from apt's configuration (Firn)",
  ),
  'download-attempts': setting('integer', 5, 'how often a download is tried'),
  'eval-cache': setting(
    'boolean',
    true,
    'keep the answers of evaluations and give them again while nothing changed',
  ),
  'eval-cache-size': setting('integer', 200, 'megabytes that kept answers may take (Firn)'),
  'explain-cache': setting(
    'boolean',
    false,
    'say whether an evaluation is taken from the cache, and why not (Firn)',
  ),
  'experimental-features': setting('words', [], 'experimental features that are switched on'),
  fallback: setting('boolean', false, 'build when substitution fails', ['build-fallback']),
  'filter-syscalls': setting(
    'boolean',
    true,
    'whether builds are kept from making setuid files and extended attributes',
  ),
  'flake-registry': setting(
    'string',
    'https://channels.nixos.org/flake-registry.json',
    'file or URL of the global flake registry; empty: none',
  ),
  'fsync-store-paths': setting('boolean', true, 'whether files are synced before their path is registered'),
  'http-connections': setting('integer', 25, 'how many downloads run at once', [
    'binary-caches-parallel-connections',
  ]),
  'keep-build-log': setting('boolean', true, 'whether build logs are kept', ['build-keep-log']),
  'keep-derivations': setting('boolean', true, 'garbage collection keeps the derivations of live outputs', [
    'gc-keep-derivations',
  ]),
  'keep-failed': setting('boolean', false, 'keep the build directories of failed builds'),
  'keep-going': setting('boolean', false, 'go on with other builds after a failure'),
  'keep-outputs': setting('boolean', false, 'garbage collection keeps the outputs of live derivations', [
    'gc-keep-outputs',
  ]),
  'log-lines': setting('integer', 25, 'lines of the build log shown when a build fails'),
  'max-build-log-size': setting('integer', 0, 'bytes of output after which a build is stopped; 0: no limit', [
    'build-max-log-size',
  ]),
  'max-call-depth': setting('integer', 10000, 'depth of function calls at which evaluation gives up'),
  'max-jobs': setting(
    'string',
    () => String(availableParallelism()),
    'how many builds run at once; `auto`: one a core',
    ['build-max-jobs'],
  ),
  'max-silent-time': setting(
    'integer',
    0,
    'seconds without output after which a build is stopped; 0: no limit',
    ['build-max-silent-time'],
  ),
  'nix-path': setting('words', [], 'search path for `<...>`, when NIX_PATH is not set'),
  'parse-cache': setting('boolean', true, 'keep parsed files below the cache directory (Firn)'),
  'parse-cache-size': setting('integer', 300, 'megabytes that kept parsed files may take (Firn)'),
  'pure-eval': setting('boolean', false, 'refuse what would make evaluation depend on the machine'),
  'resident-evaluator': setting(
    'boolean',
    false,
    'let a process of your own, started on demand, evaluate: it keeps warm code between commands (Firn)',
  ),
  'resident-idle': setting(
    'integer',
    900,
    'seconds without work after which the resident evaluator ends (Firn)',
  ),
  'resident-memory': setting('integer', 3000, 'megabytes beyond which the resident evaluator ends (Firn)'),
  'restrict-eval': setting('boolean', false, 'evaluation reads only the search path and `allowed-uris`'),
  sandbox: setting('string', 'true', 'run builds in a sandbox: true, false or relaxed', [
    'build-use-chroot',
    'build-use-sandbox',
  ]),
  'sandbox-build-dir': setting('string', '/build', 'build directory as seen inside the sandbox'),
  'sandbox-paths': setting('words', [], 'host paths shown inside the sandbox', [
    'build-chroot-dirs',
    'build-sandbox-paths',
  ]),
  'show-trace': setting('boolean', false, 'show the whole evaluation trace with an error'),
  substitute: setting('boolean', true, 'use substituters', ['build-use-substitutes']),
  substituters: setting('words', [], 'binary caches, tried in order', ['binary-caches']),
  system: setting('string', `${machine}-linux`, 'system type of this machine'),
  'system-features': setting(
    'words',
    ['benchmark', 'big-parallel', 'kvm', 'nixos-test', 'uid-range'],
    'features that builds may require',
  ),
  'tarball-ttl': setting('integer', 3600, 'seconds for which a download or branch counts as current'),
  timeout: setting('integer', 0, 'seconds after which a build is stopped; 0: no limit', ['build-timeout']),
  'trace-verbose': setting('boolean', false, 'whether builtins.traceVerbose prints'),
  'warn-dirty': setting('boolean', true, 'warn about uncommitted changes in a git input'),
  'eval-system': setting('string', '', 'value of builtins.currentSystem; empty: `system`'),
  'extra-platforms': setting('words', [], 'further system types that can be built here'),
  'gc-reserved-space': setting(
    'integer',
    8 * 1024 * 1024,
    'bytes kept in a file that the collector deletes first, so that it can work on a full disk',
  ),
  'hashed-mirrors': setting('words', [], 'mirrors asked by hash before a download'),
  'fallback-mirrors': setting(
    'words',
    [],
    'base URLs tried when a file of the Debian archive is not at its first address (Firn)',
  ),
} as const;

type Definitions = typeof settingDefinitions;
export type SettingName = keyof Definitions;
/** The immutable record of all settings. */
export type Settings = { readonly [K in SettingName]: SettingValue<Definitions[K]['type']> };

/** Collects settings from their sources; `build` freezes them. */
export class SettingsBuilder {
  readonly #values = new Map<SettingName, boolean | number | string | readonly string[]>();
  readonly #warnings: string[] = [];

  /** Problems that do not stop the program: unknown names in files. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Sets one setting from text; `extra-NAME` appends to a list. Throws `UsageError` for unknown names or bad values. */
  set(name: string, text: string): void {
    const append = name.startsWith('extra-') && !(name in settingDefinitions);
    const known = canonicalName(append ? name.slice('extra-'.length) : name);
    if (!known) throw unknownSetting(name);
    const parsed = parseSetting(known, text);
    if (append && Array.isArray(parsed)) {
      const present = (this.#values.get(known) ?? settingDefinitions[known].default()) as readonly string[];
      this.#values.set(known, [...present, ...parsed]);
    } else this.#values.set(known, parsed);
  }

  /** Reads a `nix.conf`; a missing file is an empty one. `include` and `!include` are followed. */
  readFile(path: string, required = false): void {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if (required)
        throw new UsageError(`cannot read configuration file '${path}': ${(error as Error).message}`);
      return;
    }
    this.readText(text, path);
  }

  /** Reads settings in `nix.conf` syntax; `origin` names them in errors and anchors relative includes. */
  readText(text: string, origin: string): void {
    text.split('\n').forEach((row, i) => {
      const line = row.replace(/#.*/, '').trim();
      if (line === '') return;
      const include = /^(!?)include\s+(\S+)$/.exec(line);
      if (include) {
        this.readFile(resolve(dirname(origin), include[2]), include[1] === '');
        return;
      }
      const match = /^([\w-]+)\s*=\s*(.*)$/.exec(line);
      if (!match)
        throw new UsageError(`illegal configuration line '${line}' in '${origin}' line ${i + 1}`, {
          hint: 'expected NAME = VALUE',
        });
      this.#setFromFile(match[1], match[2].trim(), origin);
    });
  }

  #setFromFile(name: string, value: string, origin: string): void {
    const base = name.startsWith('extra-') ? name.slice(6) : name;
    if (canonicalName(name) || canonicalName(base)) this.set(name, value);
    else if (!toleratedNames.has(base)) this.#warnings.push(`unknown setting '${name}' in '${origin}'`);
  }

  build(): Settings {
    const result: Record<string, unknown> = {};
    for (const name of Object.keys(settingDefinitions) as SettingName[]) {
      result[name] = this.#values.get(name) ?? settingDefinitions[name].default();
    }
    return Object.freeze(result) as Settings;
  }
}

/** Settings of C++ Nix that a shared nix.conf may hold and that have nothing to act on here. */
const toleratedNames = new Set([
  'accept-flake-config',
  'access-tokens',
  'allowed-users',
  'builders',
  'build-hook',
  'build-users-group',
  'builders-use-substitutes',
  'connect-timeout',
  'diff-hook',
  'max-free',
  'min-free',
  'netrc-file',
  'post-build-hook',
  'pre-build-hook',
  'require-sigs',
  'sandbox-fallback',
  'secret-key-files',
  'ssl-cert-file',
  'trusted-public-keys',
  'trusted-substituters',
  'trusted-users',
  'use-xdg-base-directories',
  'binary-cache-public-keys',
  'signed-binary-caches',
  'narinfo-cache-negative-ttl',
  'narinfo-cache-positive-ttl',
  'use-sqlite-wal',
]);

/** Reads the configuration files in C++ Nix's order: the system's, then the user's, then `NIX_CONFIG`. */
export function readConfigurationFiles(builder: SettingsBuilder, env: NodeJS.ProcessEnv): void {
  builder.readFile(join(env.NIX_CONF_DIR ?? '/etc/nix', 'nix.conf'));
  if (env.NIX_USER_CONF_FILES !== undefined) {
    for (const file of env.NIX_USER_CONF_FILES.split(':').reverse()) if (file) builder.readFile(file);
  } else {
    const home = env.XDG_CONFIG_HOME ?? (env.HOME ? join(env.HOME, '.config') : undefined);
    for (const name of ['nix/nix.conf', 'firn/nix.conf']) if (home) builder.readFile(join(home, name));
  }
  if (env.NIX_CONFIG) builder.readText(env.NIX_CONFIG, 'NIX_CONFIG');
  if (env.FIRN_DEBIAN_MIRROR) builder.set('debian-mirror', env.FIRN_DEBIAN_MIRROR);
  if (env.FIRN_DEBIAN_SECURITY_MIRROR) builder.set('debian-security-mirror', env.FIRN_DEBIAN_SECURITY_MIRROR);
}

/** `max-jobs` as a number; `auto` is one a core. */
export function maxJobs(settings: Settings): number {
  return settings['max-jobs'] === 'auto' ? availableParallelism() : Number(settings['max-jobs']);
}

function canonicalName(name: string): SettingName | undefined {
  if (Object.hasOwn(settingDefinitions, name)) return name as SettingName;
  for (const [known, definition] of Object.entries(settingDefinitions)) {
    if (definition.aliases.includes(name)) return known as SettingName;
  }
  return undefined;
}

function unknownSetting(name: string): UsageError {
  const near = suggestNear(name, Object.keys(settingDefinitions), 1);
  return new UsageError(`unknown setting '${name}'`, {
    hint: near.length > 0 ? `did you mean '${near[0]}'?` : undefined,
  });
}

function parseSetting(name: SettingName, text: string): boolean | number | string | readonly string[] {
  const value = text.trim();
  switch (settingDefinitions[name].type) {
    case 'boolean':
      if (/^(true|yes|1)$/.test(value)) return true;
      if (/^(false|no|0)$/.test(value)) return false;
      throw new UsageError(`Boolean setting '${name}' has invalid value '${value}'`, {
        hint: "expected 'true' or 'false'",
      });
    case 'integer': {
      const number = /^(\d+)([KMGT]?)$/.exec(value);
      if (!number)
        throw new UsageError(`setting '${name}' has invalid value '${value}'`, {
          hint: 'expected a whole number',
        });
      return Number(number[1]) * 1024 ** ' KMGT'.indexOf(number[2] || ' ');
    }
    case 'words':
      return value === '' ? [] : value.split(/\s+/);
    case 'string':
      if (name === 'max-jobs' && !/^(auto|\d+)$/.test(value)) {
        throw new UsageError(`setting 'max-jobs' has invalid value '${value}'`, {
          hint: "expected a whole number or 'auto'",
        });
      }
      return value;
  }
}
