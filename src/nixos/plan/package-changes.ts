/** Packages of two systems, told apart by name and version as they stand in store paths (`hello-2.10-5`). */

export interface PackageChange {
  readonly name: string;
  readonly change: 'up' | 'down' | 'new' | 'gone' | 'changed';
  /** Versions before and after; several when several are there, empty for what has none. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Files of a configuration and inputs of builds have names that look like versions too. */
const isFile = /^(etc|unit|nixos-system)-|\.(deb|drv|patch|nix|json|sh|conf|rules|preset|tar\.[a-z0-9]+)$/;

/** `['hello', '2.10-5']` for `hello-2.10-5`: the version begins with the first digit after a dash. */
export function splitName(storeName: string): [name: string, version: string] {
  const match = /^(.+?)-(\d.*)$/.exec(storeName);
  return match ? [match[1], match[2]] : [storeName, ''];
}

/**
 * Compares two sets of store path names. Names without a version (configuration files, scripts) are left out.
 *
 * @returns sorted by name
 */
export function comparePackages(old: readonly string[], next: readonly string[]): PackageChange[] {
  const before = versionsByName(old);
  const after = versionsByName(next);
  const changes: PackageChange[] = [];
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const was = before.get(name) ?? [];
    const is = after.get(name) ?? [];
    if (was.join(' ') !== is.join(' '))
      changes.push({ name, change: kindOf(was, is), before: was, after: is });
  }
  return changes;
}

function kindOf(was: readonly string[], is: readonly string[]): PackageChange['change'] {
  if (was.length === 0) return 'new';
  if (is.length === 0) return 'gone';
  const order = compareVersions(is.at(-1)!, was.at(-1)!);
  return order > 0 ? 'up' : order < 0 ? 'down' : 'changed';
}

function versionsByName(names: readonly string[]): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const each of names) {
    const [name, version] = splitName(each);
    if (version === '' || isFile.test(each)) continue;
    found.set(name, (found.get(name) ?? new Set()).add(version));
  }
  return new Map([...found].map(([name, versions]) => [name, [...versions].sort(compareVersions)]));
}

/** The order of `builtins.compareVersions`: numbers as numbers, `pre` before nothing, nothing before words. */
export function compareVersions(a: string, b: string): number {
  const left = a.match(/\d+|[A-Za-z]+/g) ?? [];
  const right = b.match(/\d+|[A-Za-z]+/g) ?? [];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = compareComponents(left[i] ?? '', right[i] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

function compareComponents(a: string, b: string): number {
  if (a === b) return 0;
  const isNumber = (text: string) => /^\d+$/.test(text);
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b) || a.length - b.length;
  if (a === 'pre' || (a === '' && isNumber(b))) return -1;
  if (b === 'pre' || (b === '' && isNumber(a))) return 1;
  if (isNumber(a)) return 1;
  if (isNumber(b)) return -1;
  return a < b ? -1 : 1;
}
