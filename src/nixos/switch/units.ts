/**
 * The units of one generation: read from its `etc/systemd/system` and, below that, from the packages' units in
 * `usr/lib/systemd/system`.
 *
 * A unit of a package names its programs in `/usr`, so its text stays the same when the package is upgraded. What those
 * names lead to in this generation is therefore part of a unit here.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { parseUnitTexts, templateOf, type UnitSections } from './unit-text.ts';

export interface UnitDefinition {
  readonly sections: UnitSections;
  /** A link to `/dev/null`: the unit cannot be started. */
  readonly masked: boolean;
  /** Programs that it names by a path outside the store -> where that leads in this generation; sorted. */
  readonly programs: readonly string[];
}

/** Finds the definition of a unit (an instance: of its own file or of its template); `undefined` when there is none. */
export type UnitSource = (name: string) => UnitDefinition | undefined;

/** The units of the generation `toplevel` (a store path) for the system's or the users' manager. */
export function unitsOfGeneration(toplevel: string, kind: 'system' | 'user'): UnitSource {
  const directories = [`${toplevel}/etc/systemd/${kind}`, `${toplevel}/usr/lib/systemd/${kind}`];
  const cache = new Map<string, UnitDefinition | undefined>();
  return (name) => {
    if (!cache.has(name)) cache.set(name, loadUnit(toplevel, directories, name));
    return cache.get(name);
  };
}

/** A unit given by its file's text and those of its drop-ins, in order. */
export function unitFromTexts(texts: readonly string[], programs: readonly string[]): UnitDefinition {
  return { sections: parseUnitTexts(texts), masked: false, programs };
}

/** What the packages of a generation say of a unit: its file, and drop-ins by name. */
export interface PackagedUnit {
  readonly text: string | undefined;
  readonly dropIns: ReadonlyMap<string, string>;
}

export function packagedUnit(toplevel: string, kind: 'system' | 'user', name: string): PackagedUnit {
  const template = templateOf(name);
  const names = template === undefined ? [name] : [name, template];
  const directories = [`${toplevel}/usr/lib/systemd/${kind}`];
  return { text: firstFile(directories, names)?.text, dropIns: dropIns(directories, names) };
}

function loadUnit(
  toplevel: string,
  directories: readonly string[],
  name: string,
): UnitDefinition | undefined {
  const template = templateOf(name);
  const names = template === undefined ? [name] : [name, template];
  const file = firstFile(directories, names);
  if (file === undefined) return undefined;
  if (file.masked) return { sections: new Map(), masked: true, programs: [] };
  const sections = parseUnitTexts([file.text, ...inOrder(dropIns(directories, names))]);
  return { sections, masked: false, programs: resolvedPrograms(toplevel, sections) };
}

function firstFile(directories: readonly string[], names: readonly string[]) {
  for (const name of names) {
    for (const directory of directories) {
      const path = `${directory}/${name}`;
      if (isNullLink(path)) return { masked: true, text: '' };
      const text = readText(path);
      if (text !== undefined) return { masked: false, text };
    }
  }
  return undefined;
}

/** Drop-ins by name; of two with one name, that of the earlier directory counts. */
function dropIns(directories: readonly string[], names: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of names) {
    for (const directory of directories) {
      for (const entry of namesIn(`${directory}/${name}.d`)) {
        if (entry.endsWith('.conf') && !found.has(entry)) found.set(entry, `${directory}/${name}.d/${entry}`);
      }
    }
  }
  return new Map([...found].map(([entry, path]) => [entry, readText(path) ?? '']));
}

/** The texts of drop-ins in the order in which they apply. */
export function inOrder(found: ReadonlyMap<string, string>): string[] {
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
}

/** What words like `/usr/sbin/cron` in a unit's commands are in this generation, as lines `PATH -> FILE`. */
function resolvedPrograms(toplevel: string, sections: UnitSections): string[] {
  const found = new Set<string>();
  for (const keys of sections.values()) {
    for (const [key, values] of keys) {
      if (!key.startsWith('Exec')) continue;
      for (const value of values) {
        for (const [, path] of value.matchAll(
          /(?:^|[\s"'=@:+!|-])(\/(?:usr|bin|sbin|lib|run\/current-system)\/[^\s"';]+)/g,
        )) {
          const target = resolveIn(toplevel, path);
          if (target !== undefined) found.add(`${path} -> ${target}`);
        }
      }
    }
  }
  return [...found].sort();
}

function resolveIn(toplevel: string, path: string): string | undefined {
  const inside = path.startsWith('/run/current-system/')
    ? path.slice('/run/current-system'.length)
    : path.startsWith('/usr/')
      ? path
      : `/usr${path}`;
  try {
    return realpathSync(toplevel + inside);
  } catch {
    return undefined;
  }
}

function isNullLink(path: string): boolean {
  try {
    return readlinkSync(path) === '/dev/null';
  } catch {
    return false;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
