/** Processes by user, read from `/proc`: to make sure that nothing runs under a build user before and after a build. */
import { readdirSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Process ids whose effective user is `uid`. A process that ends while we look is left out. */
export function processesOf(uid: number): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    const stat = statSync(`/proc/${name}`, { throwIfNoEntry: false });
    if (stat?.uid === uid) found.push(Number(name));
  }
  return found;
}

/**
 * Kills every process of a user and waits until all are gone. `uid` must not be 0 nor our own. Returns how many
 * there were; throws when some still run after `timeoutSeconds`.
 */
export async function killProcessesOf(uid: number, timeoutSeconds = 10): Promise<number> {
  if (uid === 0 || uid === process.getuid?.())
    throw new Error(`refusing to kill the processes of user ${uid}`);
  const killed = new Set<number>();
  for (const deadline = Date.now() + timeoutSeconds * 1000; ; ) {
    const left = processesOf(uid);
    if (left.length === 0) return killed.size;
    if (Date.now() > deadline) throw new Error(`processes of user ${uid} do not end: ${left.join(', ')}`);
    for (const pid of left) {
      killed.add(pid);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    await sleep(5);
  }
}
