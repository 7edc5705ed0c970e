/** Containers as running machines: their unit, their first process, and commands inside. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { runProcess, succeeded } from '../../platform/index.ts';
import type { Container } from './container-files.ts';
import { containerFailed, containerNotRunning, stillMounted } from './errors.ts';

export type UnitAction = 'start' | 'stop' | 'reload';

/** Starts, stops or reloads `container@NAME.service` and waits for it. @throws NixError `container-failed` */
export async function controlContainer(
  container: Container,
  action: UnitAction,
  signal: AbortSignal,
): Promise<void> {
  const result = await runProcess({
    program: 'systemctl',
    args: [action, `container@${container.name}`],
    stderr: 'inherit',
    signal,
  });
  if (!succeeded(result.status)) throw containerFailed(container.name, action);
}

/** Stops a container without letting it end by itself. @throws NixError `container-failed` */
export async function terminateContainer(container: Container, signal: AbortSignal): Promise<void> {
  const result = await runProcess({
    program: 'machinectl',
    args: ['terminate', container.name],
    stderr: 'inherit',
    signal,
  });
  if (!succeeded(result.status)) throw containerFailed(container.name, 'terminate');
  await controlContainer(container, 'stop', signal);
}

/** The process that is the container's init, as the host numbers it; `undefined` when it does not run. */
export async function leaderOf(container: Container): Promise<number | undefined> {
  const result = await runProcess({
    program: 'machinectl',
    args: ['show', container.name, '--property=Leader', '--value'],
  });
  const leader = Number(result.stdout.trim());
  return succeeded(result.status) && leader > 0 ? leader : undefined;
}

/** Runs a command inside as root with a login's environment, on our own streams; its exit status. */
export async function runInContainer(container: Container, words: readonly string[]): Promise<number> {
  const leader = await leaderOf(container);
  if (leader === undefined) throw containerNotRunning(container.name);
  const command = words.length === 0 ? [] : ['-c', `exec ${words.map(quote).join(' ')}`];
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
  const su = ['/run/wrappers/bin/su', 'root', '-l', ...command];
  const result = spawnSync('nsenter', ['--target', String(leader), ...namespaces, '--', ...su], {
    stdio: 'inherit',
  });
  return result.status ?? 1;
}

/** A login prompt of the container on our terminal. */
export function loginToContainer(container: Container): number {
  return spawnSync('machinectl', ['login', '--', container.name], { stdio: 'inherit' }).status ?? 1;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** @throws NixError `still-mounted` when a file system is mounted in the container's directory */
export function checkNothingMounted(container: Container): void {
  for (const line of readFileSync('/proc/self/mountinfo', 'latin1').split('\n')) {
    const path = (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    if (path.startsWith(`${container.root}/`)) throw stillMounted(path);
  }
}
