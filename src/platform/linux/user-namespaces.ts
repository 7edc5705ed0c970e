/** User namespaces: why one cannot be made, told from the kernel's settings, and which users ours has. */
import { readFileSync } from 'node:fs';

const switches: readonly {
  readonly file: string;
  readonly forbids: (value: string) => boolean;
  readonly allow: string;
}[] = [
  {
    file: '/proc/sys/user/max_user_namespaces',
    forbids: (value) => value === '0',
    allow: 'sysctl user.max_user_namespaces=15000',
  },
  {
    file: '/proc/sys/kernel/unprivileged_userns_clone',
    forbids: (value) => value === '0',
    allow: 'sysctl kernel.unprivileged_userns_clone=1',
  },
  {
    file: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    forbids: (value) => value === '1',
    allow: 'sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  },
];

/** The commands (run as root) that lift what forbids user namespaces here; empty when no known setting does. */
export function userNamespaceRemedies(read: (file: string) => string = readSetting): string[] {
  return switches.filter((each) => each.forbids(read(each.file).trim())).map((each) => each.allow);
}

function readSetting(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/**
 * Whether a user and a group exist in our own user namespace: root of a container may have none but itself, and cannot
 * become another user then.
 */
export function areIdsMapped(uid: number, gid: number): boolean {
  return isMapped('/proc/self/uid_map', uid) && isMapped('/proc/self/gid_map', gid);
}

/** Lines of a map: first id inside, first id outside, how many. */
function isMapped(file: string, id: number): boolean {
  const ranges = readSetting(file).trim().split('\n');
  if (ranges[0] === '') return true;
  return ranges.some((line) => {
    const [first, , count] = line.trim().split(/\s+/).map(Number);
    return id >= first && id < first + count;
  });
}
