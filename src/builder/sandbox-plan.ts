/** From a derivation to its sandbox: which store paths and host files it sees, and what program runs. */
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { decodeBytes, encodeBytes } from '../diagnostics/index.ts';
import {
  type Derivation,
  isBuiltinBuilder,
  isInStore,
  printStorePath,
  type StorePath,
} from '../formats/index.ts';
import type { WritableStore } from '../store/index.ts';
import type { BuildEnvironment } from './build-environment.ts';
import { nodeRuntime } from './node-runtime.ts';
import { type Mount, parentDirectories, type SandboxPlan } from './sandbox.ts';
import { type SandboxTools, toolCommand } from './sandbox-tools.ts';
import type { BuildSettings } from './settings.ts';
import type { Workspace } from './workspace.ts';

export interface PlanRequest {
  readonly store: WritableStore;
  readonly settings: BuildSettings;
  readonly tools: SandboxTools;
  readonly workspace: Workspace;
  readonly derivation: Derivation;
  readonly environment: BuildEnvironment;
  /** The input closure. */
  readonly inputs: readonly StorePath[];
  readonly hostNetwork: boolean;
}

/** The sandbox for a derivation. Looks at the inputs' types on disk. */
export function planSandbox(request: PlanRequest): SandboxPlan {
  const { settings, store, workspace, derivation, environment } = request;
  const builtin = isBuiltinBuilder(derivation);
  const mounts: Mount[] = [
    { kind: 'writable', source: workspace.storeDirectory, target: store.storeDir },
    ...request.inputs.map((path) => inputMount(store, path)),
    { kind: 'writable', source: workspace.buildDirectory, target: settings.sandboxBuildDir },
    { kind: 'writable', source: workspace.temporaryDirectory, target: '/tmp' },
    { kind: 'read-only', source: workspace.etcDirectory, target: '/etc' },
    ...sandboxPathMounts(request),
    ...(builtin ? nodeRuntime().mounts : []),
  ];
  if (settings.systemFeatures.includes('kvm'))
    mounts.push({ kind: 'device', source: '/dev/kvm', target: '/dev/kvm' });
  const directories = mounts.flatMap((mount) =>
    // Below the store directory, mount points belong into the writable directory that is mounted there.
    mount.target.startsWith(`${store.storeDir}/`) ? [] : parentDirectories(mount.target),
  );
  return {
    directories: [...new Set([...directories, ...(builtin ? nodeRuntime().directories : [])])],
    mounts,
    environment: environment.variables,
    workingDirectory: settings.sandboxBuildDir,
    hostNetwork: request.hostNetwork,
    shmSizeBytes: settings.sandboxShmSizeBytes,
    ...(builtin ? builtinProgram(derivation) : builderProgram(derivation, environment)),
  };
}

function builderProgram(derivation: Derivation, environment: BuildEnvironment) {
  return { program: derivation.builder, programName: basename(derivation.builder), args: environment.args };
}

function builtinProgram(derivation: Derivation) {
  const [program, ...args] = nodeRuntime().command;
  return { program, programName: 'node', args: [...args, derivation.builder] };
}

/** Directories and files are bound; a store path that is itself a symlink cannot be, and is made anew. */
function inputMount(store: WritableStore, path: StorePath): Mount {
  const source = store.toRealPath(path);
  const target = printStorePath(store.storeDir, path);
  if (!lstatSync(source).isSymbolicLink()) return { kind: 'read-only', source, target };
  return { kind: 'symlink', linkTarget: encodeBytes(readlinkSync(source)), target };
}

function sandboxPathMounts(request: PlanRequest): Mount[] {
  const { settings, tools, store } = request;
  const mounts: Mount[] = [];
  if (!settings.sandboxPaths.some((path) => path.target === '/bin/sh')) {
    mounts.push({ kind: 'read-only', source: toolCommand(tools, 'busybox')[0], target: '/bin/sh' });
  }
  for (const path of settings.sandboxPaths) {
    // A source in the store is meant as the sandbox sees it; its closure is among the inputs.
    const source = isInStore(store.storeDir, path.source)
      ? store.realStoreDir + path.source.slice(store.storeDir.length)
      : path.source;
    if (path.optional && !lstatSync(source, { throwIfNoEntry: false })) continue;
    mounts.push({ kind: 'read-only', source, target: path.target });
  }
  return mounts;
}

/** The host's files that name resolution and TLS need; absent ones are left out. Keys are relative to `/etc`. */
export function networkFiles(caFile: string | undefined): Record<string, Uint8Array | string> {
  const files: Record<string, Uint8Array | string> = {
    'nsswitch.conf': 'hosts: files dns\nservices: files\n',
  };
  const sources = {
    'resolv.conf': '/etc/resolv.conf',
    services: '/etc/services',
    hosts: '/etc/hosts',
    ...(caFile ? { [join('ssl', 'certs', 'ca-certificates.crt')]: caFile } : {}),
  };
  for (const [name, source] of Object.entries(sources)) {
    try {
      files[name] = readFileSync(source);
    } catch {
      // As on a machine without it.
    }
  }
  return files;
}

/** A derivation's platform and features against what this machine has; the missing ones are empty when it fits. */
export function fitsMachine(
  derivation: Derivation,
  features: readonly string[],
  settings: BuildSettings,
): boolean {
  const platform = decodeBytes(derivation.platform);
  const platformFits =
    platform === settings.system ||
    settings.extraPlatforms.includes(platform) ||
    isBuiltinBuilder(derivation);
  return platformFits && features.every((feature) => settings.systemFeatures.includes(feature));
}
