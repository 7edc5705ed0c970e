/** What there is to boot: the generations of the system's profiles, as they stand in the store. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';

export interface BootEntry {
  readonly toplevel: string;
  readonly kernel: string;
  readonly initrd: string;
  /** The kernel's command line without `init=`. */
  readonly parameters: string;
  readonly version: string;
}

export interface BootGeneration extends BootEntry {
  readonly number: number;
  /** Local day on which it was made, `YYYY-MM-DD`. */
  readonly date: string;
}

export interface BootProfile {
  /** `system` for the default one. */
  readonly name: string;
  /** The newest first. */
  readonly generations: readonly BootGeneration[];
}

/** A toplevel; `undefined` when it has no kernel (a container) or is gone. */
export function readBootEntry(path: string): BootEntry | undefined {
  try {
    const toplevel = realpathSync(path);
    return {
      toplevel,
      kernel: realpathSync(`${toplevel}/kernel`),
      initrd: realpathSync(`${toplevel}/initrd`),
      parameters: readFileSync(`${toplevel}/kernel-params`, 'utf8').trim(),
      version: readFileSync(`${toplevel}/nixos-version`, 'utf8').trim(),
    };
  } catch {
    return undefined;
  }
}

/** `profiles` is `/nix/var/nix/profiles`. The default profile comes first, then the others by name; empty ones do not. */
export function readBootProfiles(profiles: string, limit: number): BootProfile[] {
  const found: BootProfile[] = [
    { name: 'system', generations: readGenerations(`${profiles}/system`, limit) },
  ];
  const others = `${profiles}/system-profiles`;
  const names = existsSync(others) ? readdirSync(others).filter((name) => !name.endsWith('-link')) : [];
  for (const name of names.sort()) {
    if (isLink(`${others}/${name}`))
      found.push({ name, generations: readGenerations(`${others}/${name}`, limit) });
  }
  return found.filter(({ generations }) => generations.length > 0);
}

function readGenerations(profile: string, limit: number): BootGeneration[] {
  const directory = profile.slice(0, profile.lastIndexOf('/'));
  const base = profile.slice(directory.length + 1);
  const generations: BootGeneration[] = [];
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    if (!name.startsWith(`${base}-`)) continue;
    const number = /^(\d+)-link$/.exec(name.slice(base.length + 1))?.[1];
    const entry = number === undefined ? undefined : readBootEntry(`${directory}/${name}`);
    if (entry) {
      const date = localDay(lstatSync(`${directory}/${name}`).mtime);
      generations.push({ ...entry, number: Number(number), date });
    }
  }
  return generations.sort((a, b) => b.number - a.number).slice(0, limit);
}

function localDay(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function isLink(path: string): boolean {
  try {
    readlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
