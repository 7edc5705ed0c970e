/**
 * Machines that let nobody have the namespaces of a sandbox. What runs in a sandbox even with `sandbox = false`, because
 * it is ours (downloads, builtin builders), runs without one there, as the build user still.
 */
import { closeSync } from 'node:fs';
import type { BuildError } from '../diagnostics/index.ts';
import { runProcess, succeeded, userNamespaceRemedies } from '../platform/index.ts';
import { noUserNamespaces } from './errors.ts';
import { nodeRuntime } from './node-runtime.ts';
import type { BuilderProcess } from './run-builder.ts';
import type { BuildUserIds, SandboxPlan } from './sandbox.ts';
import { type SandboxTools, toolCommand } from './sandbox-tools.ts';

/** The error behind what bubblewrap said, when it says that there are no namespaces to be had. */
export function namespaceFailure(
  lines: readonly string[],
  store: { readonly storeDir: string; readonly realStoreDir: string },
): BuildError | undefined {
  const told = lines.find((line) => line.startsWith('bwrap: '));
  if (!told || !/namespace|uid map|Operation not permitted/.test(told)) return undefined;
  const needed = store.realStoreDir !== store.storeDir;
  return noUserNamespaces(told.slice('bwrap: '.length), userNamespaceRemedies(), needed);
}

const probes = new WeakMap<SandboxTools, Promise<boolean>>();

/** Whether sandboxes can be made here; tried once, with the smallest one. `start` makes a plan's process. */
export function sandboxStarts(
  tools: SandboxTools,
  start: (plan: SandboxPlan) => BuilderProcess,
): Promise<boolean> {
  const known = probes.get(tools);
  if (known) return known;
  const probe = runPlan(start(smallestPlan(tools)));
  probes.set(tools, probe);
  return probe;
}

async function runPlan({ descriptors, ...process }: BuilderProcess): Promise<boolean> {
  try {
    return succeeded((await runProcess({ ...process, extra: descriptors })).status);
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

function smallestPlan(tools: SandboxTools): SandboxPlan {
  const [busybox] = toolCommand(tools, 'busybox');
  return {
    directories: ['/bin'],
    mounts: [{ kind: 'read-only', source: busybox, target: '/bin/sh' }],
    environment: new Map(),
    workingDirectory: '/',
    hostNetwork: true,
    shmSizeBytes: 0,
    program: '/bin/sh',
    programName: 'sh',
    args: ['-c', 'exit 0'],
  };
}

/** The command that runs a task of the sandbox worker as we are, and the variable that makes it become a build user. */
export function workerOnHost(task: string, user: BuildUserIds | undefined) {
  const environment: Record<string, string> = user ? { FIRN_BECOME: `${user.uid}:${user.gid}` } : {};
  return { command: [...nodeRuntime().hostCommand, task], environment };
}
