/** The users' managers that run now: one for each user with a session, at `/run/user/UID`. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { ManagerUser } from './manager.ts';

export interface RunningUser extends ManagerUser {
  readonly name: string;
}

/** Sorted by number. `runtimeRoot` is `/run/user`, `passwd` the text of `/etc/passwd`. */
export function findRunningUsers(runtimeRoot: string, passwd: string): RunningUser[] {
  const users: RunningUser[] = [];
  for (const entry of directoryNames(runtimeRoot)) {
    const runtimeDirectory = `${runtimeRoot}/${entry}`;
    const uid = Number(entry);
    if (!Number.isInteger(uid) || !existsSync(`${runtimeDirectory}/systemd/private`)) continue;
    const account = accountOf(passwd, uid);
    // The directory is the user's own, or it is not what it seems.
    if (account && statSync(runtimeDirectory).uid === uid) users.push({ uid, runtimeDirectory, ...account });
  }
  return users.sort((a, b) => a.uid - b.uid);
}

/** The users of this machine. */
export function runningUsers(): RunningUser[] {
  return findRunningUsers('/run/user', readFileSync('/etc/passwd', 'utf8'));
}

function accountOf(passwd: string, uid: number): { name: string; gid: number } | undefined {
  for (const line of passwd.split('\n')) {
    const [name, , number, group] = line.split(':');
    if (name && Number(number) === uid && number !== '') return { name, gid: Number(group) };
  }
  return undefined;
}

function directoryNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
