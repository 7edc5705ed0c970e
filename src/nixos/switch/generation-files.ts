/** Files of a generation (a toplevel) that a switch looks at, and how two generations differ in them. */
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { type Fstab, parseFstab } from './fstab.ts';

/** The generation's `/etc/fstab`; empty when it has none. */
export function readFstab(toplevel: string): Fstab {
  return parseFstab(readText(`${toplevel}/etc/fstab`));
}

/** Whether the manager must read its units again. */
export function managerInputsDiffer(old: string, next: string): boolean {
  return (
    ['usr', 'etc/systemd/system', 'etc/systemd/user', 'etc/systemd/system-generators'].some(
      (name) => resolved(`${old}/${name}`) !== resolved(`${next}/${name}`),
    ) || readText(`${old}/etc/fstab`) !== readText(`${next}/etc/fstab`)
  );
}

/** Whether files that systemd-tmpfiles makes are declared otherwise. */
export function temporaryFilesDiffer(old: string, next: string): boolean {
  return ['etc/tmpfiles.d', 'usr/lib/tmpfiles.d'].some(
    (name) => listing(`${old}/${name}`) !== listing(`${next}/${name}`),
  );
}

/** Whether the manager that runs is another program, or has other settings, than the generation's. */
export function managerDiffers(old: string, next: string): boolean {
  return (
    resolved(`${old}/systemd`) !== resolved(`${next}/systemd`) ||
    readText(`${old}/etc/systemd/system.conf`) !== readText(`${next}/etc/systemd/system.conf`)
  );
}

/** A file's text without surrounding blanks; empty when it cannot be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Where a path leads; empty when it leads nowhere. */
export function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return '';
  }
}

function listing(directory: string): string {
  try {
    return readdirSync(directory)
      .sort()
      .map((name) => `${name} ${resolved(`${directory}/${name}`)}`)
      .join('\n');
  } catch {
    return '';
  }
}
