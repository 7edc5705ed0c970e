/**
 * From relation fields to package names: each binary package's `Depends` and `Pre-Depends` become a sorted list
 * of real packages of the same index. `Recommends` never count: they make large cycles.
 *
 * A group of alternatives is decided for each package in this order:
 * 1. an alternative that the package has already: itself, a dependency without choice, or an essential package;
 * 2. the first alternative that exists in the wanted version, as a real package or else provided by one;
 * 3. among several providers of a virtual name: the preferred one, else an essential one, else by priority
 *    (`required` first), else the bytewise least name.
 * A group that nothing satisfies is kept as text in `missing`.
 */
import { satisfiesVersion } from './debian-version.ts';
import type { BinaryPackage } from './package-index.ts';
import { type Relation, splitRelationGroups, tryParseRelationGroup } from './relation.ts';
import { strongComponents } from './strong-components.ts';

export interface Resolution {
  /** Package name -> real dependencies, sorted, without itself. Every package has an entry. */
  readonly depends: ReadonlyMap<string, readonly string[]>;
  /** Package name -> groups that nothing satisfies, as written. Only packages that have some. */
  readonly missing: ReadonlyMap<string, readonly string[]>;
  /** Virtual name -> the chosen real package, for names that no package has. */
  readonly provides: ReadonlyMap<string, string>;
  /** Member -> name of its group (its bytewise least member), for cycles of two packages or more. */
  readonly groups: ReadonlyMap<string, string>;
}

/**
 * Virtual names whose provider should not be left to the alphabet: pattern of the virtual name, pattern of the
 * provider. Patterns, because many names carry a version.
 */
const preferredProviders: readonly (readonly [RegExp, RegExp])[] = [
  [/^awk$/, /^gawk$/],
  [/^c-compiler$/, /^gcc$/],
  [/^c\+\+-compiler$/, /^g\+\+$/],
  [/^c-shell$/, /^tcsh$/],
  [/^container-network-stack$/, /^netavark$/],
  [/^(default-)?dbus-session-bus$/, /^dbus-user-session$/],
  [/^(default-)?dbus-system-bus$/, /^dbus$/],
  [/^(default-)?logind$/, /^libpam-systemd$/],
  [/^editor$/, /^nano$/],
  [/^emacsen$/, /^emacs-nox$/],
  [/^exim4-localscanapi-/, /^exim4-daemon-light$/],
  [/^libcurl(4)?-dev$/, /^libcurl4-openssl-dev$/],
  [/^linux-initramfs-tool$/, /^initramfs-tools$/],
  [/^mail-transport-agent$/, /^exim4-daemon-light$/],
  [/^pager$/, /^less$/],
  [/^php(api-|[0-9.]+-)/, /^php[0-9.]+-cli$/],
  [/^polkit-1-auth-agent$/, /^lxpolkit$/],
  [/^qemu-system-any$/, /^qemu-system-x86$/],
  [/^vim-[a-z0-9]+$/, /^vim-nox$/],
  [/^www-browser$/, /^firefox-esr$/],
  [/^x-terminal-emulator$/, /^xterm$/],
];

const priorities = ['required', 'important', 'standard', 'optional', 'extra'];

interface Provider {
  readonly package: BinaryPackage;
  /** Absent when the name is provided without a version. */
  readonly version: string | undefined;
}

/** Resolves all relations of `packages`. Pure: depends on nothing else. */
export function resolvePackages(packages: ReadonlyMap<string, BinaryPackage>): Resolution {
  const resolver = new Resolver(packages);
  const depends = new Map<string, readonly string[]>();
  const missing = new Map<string, readonly string[]>();
  for (const item of packages.values()) {
    const resolved = resolver.resolve(item);
    depends.set(item.name, resolved.depends);
    if (resolved.missing.length > 0) missing.set(item.name, resolved.missing);
  }
  return { depends, missing, provides: resolver.virtualChoices(), groups: findGroups(depends) };
}

class Resolver {
  readonly #packages: ReadonlyMap<string, BinaryPackage>;
  readonly #providers: Map<string, Provider[]>;
  /** Group text -> candidates in order of preference. Most groups are written many times. */
  readonly #candidates = new Map<string, readonly string[]>();

  constructor(packages: ReadonlyMap<string, BinaryPackage>) {
    this.#packages = packages;
    this.#providers = collectProviders(packages);
  }

  resolve(item: BinaryPackage): { depends: string[]; missing: string[] } {
    const groups = [...splitRelationGroups(item.preDepends), ...splitRelationGroups(item.depends)];
    const chosen = new Set<string>();
    const missing: string[] = [];
    const open: (readonly string[])[] = [];
    for (const group of groups) {
      const candidates = this.#candidatesOf(group);
      if (candidates.length === 0) missing.push(group);
      else if (candidates.length === 1) chosen.add(candidates[0]);
      else open.push(candidates);
    }
    for (const candidates of open) {
      const present = (name: string) => name === item.name || chosen.has(name);
      const essential = (name: string) => this.#packages.get(name)!.essential;
      chosen.add(candidates.find(present) ?? candidates.find(essential) ?? candidates[0]);
    }
    chosen.delete(item.name);
    return { depends: [...chosen].sort(compareBytes), missing };
  }

  virtualChoices(): Map<string, string> {
    const choices = new Map<string, string>();
    for (const name of [...this.#providers.keys()].sort(compareBytes)) {
      if (this.#packages.has(name)) continue;
      choices.set(name, this.#providersOf({ name })[0]);
    }
    return choices;
  }

  #candidatesOf(group: string): readonly string[] {
    const known = this.#candidates.get(group);
    if (known) return known;
    const found = new Set<string>();
    for (const alternative of tryParseRelationGroup(group) ?? []) {
      for (const name of this.#satisfying(alternative)) found.add(name);
    }
    const candidates = [...found];
    this.#candidates.set(group, candidates);
    return candidates;
  }

  /** The real packages that satisfy one alternative, best first. */
  #satisfying(wanted: Relation): string[] {
    const foreign = wanted.qualifier && wanted.qualifier !== 'any' && wanted.qualifier !== 'native';
    if (foreign) return [];
    const real = this.#packages.get(wanted.name);
    if (real && fits(real.version, wanted)) return [real.name];
    return this.#providersOf(wanted);
  }

  #providersOf(wanted: Relation): string[] {
    const candidates = (this.#providers.get(wanted.name) ?? [])
      .filter((provider) => fits(provider.version, wanted))
      .map((provider) => provider.package);
    if (candidates.length < 2) return candidates.map((item) => item.name);
    const preferred = preferredProviders.find(([virtual]) => virtual.test(wanted.name))?.[1];
    const rank = (item: BinaryPackage) => {
      if (preferred?.test(item.name)) return -2;
      return item.essential ? -1 : priorityRank(item);
    };
    return candidates
      .sort((a, b) => rank(a) - rank(b) || compareBytes(a.name, b.name))
      .map((item) => item.name);
  }
}

/** An unversioned `Provides` satisfies no versioned relation (Policy 7.5). */
function fits(version: string | undefined, wanted: Relation): boolean {
  if (!wanted.relation) return true;
  return version !== undefined && satisfiesVersion(version, wanted.relation, wanted.version!);
}

function priorityRank(item: BinaryPackage): number {
  const index = priorities.indexOf(item.priority ?? 'optional');
  return index < 0 ? priorities.length : index;
}

function collectProviders(packages: ReadonlyMap<string, BinaryPackage>): Map<string, Provider[]> {
  const providers = new Map<string, Provider[]>();
  for (const item of packages.values()) {
    for (const group of splitRelationGroups(item.provides)) {
      const provided = tryParseRelationGroup(group)?.[0];
      if (!provided) continue;
      const list = providers.get(provided.name) ?? [];
      list.push({ package: item, version: provided.version });
      providers.set(provided.name, list);
    }
  }
  return providers;
}

function findGroups(depends: ReadonlyMap<string, readonly string[]>): Map<string, string> {
  const names = [...depends.keys()].sort(compareBytes);
  const numbers = new Map(names.map((name, number) => [name, number]));
  const edges = names.map((name) => depends.get(name)!.map((target) => numbers.get(target)!));
  const groups = new Map<string, string>();
  for (const component of strongComponents(edges)) {
    if (component.length < 2) continue;
    const least = names[Math.min(...component)];
    for (const member of component) groups.set(names[member], least);
  }
  return new Map([...groups].sort(([a], [b]) => compareBytes(a, b)));
}

/** Byte order of two byte strings. */
export function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
