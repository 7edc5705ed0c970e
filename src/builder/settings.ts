/** Settings of the builder, named after C++ Nix's options. One immutable object, made by `cli` or a test. */

/** What to do when the sandbox cannot be had or is not wanted. */
export type SandboxMode = 'on' | 'off' | 'relaxed';

/** A host path shown inside every sandbox; C++ Nix's `sandbox-paths` entry `target=source?`. */
export interface SandboxPath {
  readonly target: string;
  readonly source: string;
  /** Left out without an error when the source is missing. */
  readonly optional: boolean;
}

export interface BuildSettings {
  /** `system`: what this machine builds natively, `x86_64-linux`. */
  readonly system: string;
  readonly extraPlatforms: readonly string[];
  readonly systemFeatures: readonly string[];
  /** `max-jobs`: builds at a time. */
  readonly maxJobs: number;
  /** `cores`: `NIX_BUILD_CORES`; 0 means all of the machine's. */
  readonly cores: number;
  readonly keepGoing: boolean;
  readonly keepFailed: boolean;
  readonly sandbox: SandboxMode;
  readonly sandboxPaths: readonly SandboxPath[];
  readonly sandboxBuildDir: string;
  /** `sandbox-dev-shm-size`, in bytes; 0 means the kernel's default (half of the memory). */
  readonly sandboxShmSizeBytes: number;
  readonly filterSyscalls: boolean;
  /** Seconds; 0 means no limit. */
  readonly timeoutSeconds: number;
  readonly maxSilentTimeSeconds: number;
  /** `max-build-log-size`; 0 means no limit. */
  readonly maxLogSizeBytes: number;
  readonly keepLog: boolean;
  readonly compressLog: boolean;
  /** `log-lines`: how many of the last lines an error repeats; 0 when the log is shown anyway. */
  readonly logLines: number;
  /** Users that builds run as when we are root: this many, from this user id; they need no `/etc/passwd` entries. */
  readonly buildUserFirstId: number;
  readonly buildUserCount: number;
  readonly buildUserGroupId: number;
  /** Where kept failed build directories go. */
  readonly keptBuildsDirectory: string;
  /** Values of `impureEnvVars`, which fixed-output builds may ask for. */
  readonly impureEnvironment: Readonly<Record<string, string>>;
  /** Files of the host that fixed-output builds see in `/etc`; absent ones are left out. */
  readonly caFile: string | undefined;
  readonly downloads: DownloadSettings;
}

/** How `builtin:fetchurl` gets its bytes. None of this is part of a derivation. */
export interface DownloadSettings {
  /** Verified downloads are kept here by hash. */
  readonly cacheDirectory: string;
  /** Downloads at a time. */
  readonly maxParallel: number;
  /** Groups of base URLs that hold the same files: when one fails, the others of its group are tried. */
  readonly mirrorGroups: readonly (readonly string[])[];
  /** C++ Nix's `hashed-mirrors`: `BASE/sha256/HEX` is asked first. */
  readonly hashedMirrors: readonly string[];
  /** `download-attempts` for each URL. */
  readonly attempts: number;
  readonly connectTimeoutSeconds: number;
  readonly stalledTimeoutSeconds: number;
  /** `http_proxy`, `https_proxy`, `no_proxy`, ... as the user's environment has them. */
  readonly proxyEnvironment: Readonly<Record<string, string>>;
}

/** C++ Nix's defaults for `system`, with the given directories. */
export function defaultBuildSettings(options: {
  readonly system: string;
  readonly cores: number;
  readonly temporaryDirectory: string;
  readonly cacheDirectory: string;
}): BuildSettings {
  return {
    system: options.system,
    extraPlatforms: options.system === 'x86_64-linux' ? ['i686-linux'] : [],
    systemFeatures: ['benchmark', 'big-parallel', 'nixos-test'],
    maxJobs: options.cores,
    cores: 0,
    keepGoing: false,
    keepFailed: false,
    sandbox: 'on',
    sandboxPaths: [],
    sandboxBuildDir: '/build',
    sandboxShmSizeBytes: 0,
    filterSyscalls: true,
    timeoutSeconds: 0,
    maxSilentTimeSeconds: 0,
    maxLogSizeBytes: 0,
    keepLog: true,
    compressLog: true,
    logLines: 25,
    buildUserFirstId: 30001,
    buildUserCount: 32,
    buildUserGroupId: 30000,
    keptBuildsDirectory: options.temporaryDirectory,
    impureEnvironment: {},
    caFile: undefined,
    downloads: {
      cacheDirectory: options.cacheDirectory,
      maxParallel: 16,
      mirrorGroups: [],
      hashedMirrors: [],
      attempts: 5,
      connectTimeoutSeconds: 15,
      stalledTimeoutSeconds: 300,
      proxyEnvironment: {},
    },
  };
}
