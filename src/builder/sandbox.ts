/**
 * What a build sandbox looks like, as arguments for bubblewrap. It is C++ Nix's: private user, mount, pid, ipc,
 * uts and (unless the output is fixed) network namespaces; only the input closure in the store; `/build`, `/tmp`,
 * minimal `/dev`, new `/proc`, made-up `/etc`; user 1000, group 100; nothing else writable.
 *
 * As root there are two layers. The outer one (the *stage*) is bubblewrap run by root, with no user namespace: it
 * shows only the store, this build's directory and the tools, at short paths that anybody may traverse (the store
 * may lie below a closed home directory), in a pid namespace that dies with us. In it, `setpriv` becomes the build
 * user for good, and starts the inner bubblewrap, which makes the sandbox proper as any unprivileged user does.
 * Not root: the inner layer alone.
 */
import { join } from 'node:path';
import { decodeBytes } from '../diagnostics/index.ts';
import { tooManyInputs } from './errors.ts';
import { type SandboxTools, toolCommand } from './sandbox-tools.ts';

/** Something shown in the sandbox. Sources are paths of the host, targets paths inside. */
export type Mount =
  | { readonly kind: 'read-only' | 'writable'; readonly source: string; readonly target: string }
  | { readonly kind: 'device'; readonly source: string; readonly target: string }
  | { readonly kind: 'symlink'; readonly linkTarget: string; readonly target: string };

/** A sandbox to be made. Strings are byte strings except for paths of the host. */
export interface SandboxPlan {
  /** Directories to exist before anything is mounted, outermost first. */
  readonly directories: readonly string[];
  readonly mounts: readonly Mount[];
  readonly environment: ReadonlyMap<string, string>;
  readonly workingDirectory: string;
  readonly hostNetwork: boolean;
  /** Keep standard error apart from standard output; joined unless told otherwise. */
  readonly separateErrors?: boolean;
  readonly shmSizeBytes: number;
  /** Absolute path inside, name it is called by, arguments. */
  readonly program: string;
  readonly programName: string;
  readonly args: readonly string[];
}

/** The user that a root build becomes. */
export interface BuildUserIds {
  readonly uid: number;
  readonly gid: number;
}

/** How to start a planned sandbox. */
export interface SandboxCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** What descriptor `argumentsDescriptor` must deliver: the inner arguments, each ended by NUL (bytes). */
  readonly argumentsData: string;
}

/** bubblewrap refuses more. */
const mostArguments = 8900;

/** Descriptors of the started process. */
export const seccompDescriptor = 3;
export const argumentsDescriptor = 4;

export const sandboxUid = 1000;
export const sandboxGid = 100;

export interface SandboxCommandOptions {
  readonly tools: SandboxTools;
  /** Host directories that the build needs, most specific first; the stage shows them at short paths. */
  readonly realStoreDir: string;
  readonly workspace: string;
  /** Present: we are root, and the build runs as this user. */
  readonly user: BuildUserIds | undefined;
  readonly filterSyscalls: boolean;
}

/** Maps host paths to where the inner bubblewrap finds them. */
class Stage {
  readonly #views: { host: string; inside: string; writable: boolean }[];
  readonly #active: boolean;

  constructor(options: SandboxCommandOptions) {
    this.#active = options.user !== undefined;
    this.#views = [
      // One by one: the workspace itself is closed to the build user.
      ...['store', 'build', 'tmp', 'etc'].map((name) => ({
        host: join(options.workspace, name),
        inside: `/work/${name}`,
        writable: name !== 'etc',
      })),
      { host: options.realStoreDir, inside: '/store', writable: false },
      { host: options.tools.root, inside: '/tools', writable: false },
    ];
  }

  path(host: string): string {
    if (!this.#active) return host;
    for (const view of this.#views) {
      if (host === view.host) return view.inside;
      if (host.startsWith(`${view.host}/`)) return view.inside + host.slice(view.host.length);
    }
    const inside = `/extra/${this.#views.length}`;
    this.#views.push({ host, inside, writable: false });
    return inside;
  }

  arguments(): string[] {
    const binds = this.#views.flatMap((view) => [
      view.writable ? '--bind' : '--ro-bind',
      view.host,
      view.inside,
    ]);
    const base = [
      '--perms',
      '0755',
      '--dir',
      '/extra',
      '--perms',
      '0755',
      '--dir',
      '/work',
      '--perms',
      '0755',
      '--dir',
      '/tmp',
    ];
    return [...base, ...binds, '--bind', '/proc', '/proc', '--dev-bind', '/dev', '/dev'];
  }
}

/**
 * Starts `"$@"` with a set umask, no core dumps, and no descriptors but the standard ones and our two: whoever started
 * us may have left others open.
 */
export const startScript = [
  'umask 022',
  'ulimit -c 0',
  `for fd in /proc/self/fd/*; do fd=\${fd##*/}; [ "$fd" -gt ${argumentsDescriptor} ] && eval "exec $fd>&-"; done`,
  'exec "$@"',
].join('; ');

/** The command for a plan. Pure. */
export function sandboxCommand(plan: SandboxPlan, options: SandboxCommandOptions): SandboxCommand {
  const stage = new Stage(options);
  const inner = innerArguments(plan, stage);
  if (inner.length > mostArguments) throw tooManyInputs(plan.mounts.length);
  const toolsRoot = stage.path(options.tools.root);
  const seccomp = options.filterSyscalls ? ['--seccomp', String(seccompDescriptor)] : [];
  const innerCommand = [
    ...toolCommand(options.tools, 'bwrap', toolsRoot),
    ...['--args', String(argumentsDescriptor), ...seccomp, '--argv0', decodeBytes(plan.programName), '--'],
    decodeBytes(plan.program),
    ...plan.args.map(decodeBytes),
  ];
  const [program, ...shell] = toolCommand(options.tools, 'busybox');
  const args = [
    ...shell,
    'sh',
    '-c',
    plan.separateErrors ? startScript : `${startScript} 2>&1`,
    'sh',
    ...stageCommand(options, stage),
    ...innerCommand,
  ];
  return { program, args, argumentsData: inner.map((argument) => `${argument}\0`).join('') };
}

function stageCommand(options: SandboxCommandOptions, stage: Stage): string[] {
  if (!options.user) return [];
  const toolsRoot = stage.path(options.tools.root);
  const { uid, gid } = options.user;
  return [
    ...toolCommand(options.tools, 'bwrap'),
    ...['--unshare-pid', '--unshare-ipc', '--die-with-parent'],
    ...['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP'],
    ...stage.arguments(),
    '--',
    ...toolCommand(options.tools, 'setpriv', toolsRoot),
    ...['--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--no-new-privs'],
    ...['--inh-caps=-all', '--bounding-set=-all', '--'],
  ];
}

function innerArguments(plan: SandboxPlan, stage: Stage): string[] {
  const args = ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'];
  if (!plan.hostNetwork) args.push('--unshare-net');
  args.push('--uid', String(sandboxUid), '--gid', String(sandboxGid), '--hostname', 'localhost');
  // The builder is process 1, as under C++ Nix: when it ends, the kernel ends everything that it started.
  args.push('--die-with-parent', '--as-pid-1', '--clearenv');
  for (const [name, value] of plan.environment) args.push('--setenv', name, value);
  args.push('--perms', '0755', '--dir', '/');
  for (const directory of plan.directories) args.push('--perms', '0755', '--dir', directory);
  for (const mount of plan.mounts) args.push(...mountArguments(mount, stage));
  args.push('--proc', '/proc', '--dev', '/dev', '--perms', '1777');
  if (plan.shmSizeBytes > 0) args.push('--size', String(plan.shmSizeBytes));
  args.push('--tmpfs', '/dev/shm');
  for (const mount of plan.mounts) {
    if (mount.kind === 'device') args.push('--dev-bind-try', stage.path(mount.source), mount.target);
  }
  args.push('--remount-ro', '/dev', '--remount-ro', '/', '--chdir', plan.workingDirectory);
  return args;
}

function mountArguments(mount: Mount, stage: Stage): string[] {
  switch (mount.kind) {
    case 'read-only':
      return ['--ro-bind', stage.path(mount.source), mount.target];
    case 'writable':
      return ['--bind', stage.path(mount.source), mount.target];
    case 'symlink':
      return ['--symlink', mount.linkTarget, mount.target];
    case 'device':
      return [];
  }
}

/** `/`, `/nix`, `/nix/store`, ... for a path's parents, outermost first, without `/`. */
export function parentDirectories(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, i) => `/${join(...parts.slice(0, i + 1))}`);
}
