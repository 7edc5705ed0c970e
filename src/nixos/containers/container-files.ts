/**
 * What is known of containers on disk: `/etc/containers/NAME.conf` holds the variables that `container@NAME.service`
 * reads (one `NAME=value` per line; a link means that the system's configuration made it), `/var/lib/containers/NAME`
 * the root directory, and the profile `per-container/NAME/system` the generations of its system.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../../platform/index.ts';
import {
  containerExists,
  containerNameTooLong,
  invalidContainerName,
  noSuchContainer,
  outOfAddresses,
} from './errors.ts';

/** Where containers stand; another place in tests. */
export interface ContainerPlaces {
  readonly configDir: string;
  readonly rootsDir: string;
  /** The store's state directory, `/nix/var/nix`. */
  readonly stateDir: string;
}

export interface Container {
  readonly name: string;
  readonly configFile: string;
  readonly root: string;
  readonly profile: string;
  readonly gcRoots: string;
}

/** Variables of a container's configuration file, in their order there. */
export type ContainerVariables = ReadonlyMap<string, string>;

const longestName = 11;

/** @throws UsageError for a name that is no container's */
export function checkContainerName(name: string): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9-]*$/.test(name)) throw invalidContainerName(name);
  if (name.length > longestName) throw containerNameTooLong(name);
}

export function containerAt(places: ContainerPlaces, name: string): Container {
  const profileDir = join(places.stateDir, 'profiles/per-container', name);
  return {
    name,
    configFile: join(places.configDir, `${name}.conf`),
    root: join(places.rootsDir, name),
    profile: join(profileDir, 'system'),
    gcRoots: join(places.stateDir, 'gcroots/per-container', name),
  };
}

/** The names of all containers, in byte order. */
export function listContainers(places: ContainerPlaces): string[] {
  if (!existsSync(places.configDir)) return [];
  return readdirSync(places.configDir)
    .filter((file) => file.endsWith('.conf'))
    .map((file) => file.slice(0, -'.conf'.length))
    .sort();
}

/** @throws NixError `no-such-container`, with near names */
export function findContainer(places: ContainerPlaces, name: string): Container {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9-]*$/.test(name)) throw invalidContainerName(name);
  const container = containerAt(places, name);
  if (!existsSync(container.configFile)) throw noSuchContainer(name, listContainers(places));
  return container;
}

/** Whether the system's configuration made it, rather than `nixos-container create`. */
export function isDeclarative(container: Container): boolean {
  return lstatSync(container.configFile).isSymbolicLink();
}

export function readVariables(container: Container): ContainerVariables {
  const variables = new Map<string, string>();
  for (const line of readFileSync(container.configFile, 'utf8').split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) variables.set(line.slice(0, equals), line.slice(equals + 1).replace(/^"(.*)"$/, '$1'));
  }
  return variables;
}

/** Replaces the file as a whole. */
export function writeVariables(container: Container, variables: ContainerVariables): void {
  mkdirSync(join(container.configFile, '..'), { recursive: true });
  const lines = [...variables]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => formatLine(name, value));
  writeFileAtomically(container.configFile, lines.join(''));
}

function formatLine(name: string, value: string): string {
  return /^[\w./:-]*$/.test(value) ? `${name}=${value}\n` : `${name}="${value}"\n`;
}

/**
 * A name that no container has: `name` itself, or with `numbered` that with the first number that is free.
 *
 * @throws NixError `container-exists` when the name is taken and no number may be added
 */
export function freeName(places: ContainerPlaces, name: string, numbered: boolean): string {
  const taken = new Set(listContainers(places));
  if (!numbered) {
    if (taken.has(name)) throw containerExists(name);
    return name;
  }
  for (let number = 0; ; number++) {
    const candidate = `${name}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}

export interface AddressPair {
  readonly host: string;
  readonly local: string;
}

/**
 * The first pair 10.233.N.1 (host) and 10.233.N.2 (container) whose network no container uses.
 *
 * @throws NixError `out-of-addresses`
 */
export function freeAddresses(places: ContainerPlaces): AddressPair {
  const used = new Set<string>();
  for (const name of listContainers(places)) {
    const variables = readVariables(containerAt(places, name));
    for (const variable of ['HOST_ADDRESS', 'LOCAL_ADDRESS']) {
      const network = /^10\.233\.(\d+)\./.exec(variables.get(variable) ?? '');
      if (network) used.add(network[1]);
    }
  }
  for (let network = 1; network < 255; network++) {
    if (!used.has(String(network))) return { host: `10.233.${network}.1`, local: `10.233.${network}.2` };
  }
  throw outOfAddresses();
}
