/** Why an unprivileged process may be unable to make a user namespace, told from the kernel's settings. */
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
