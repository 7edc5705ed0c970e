/** Choosing among packages by name, version, system and priority, as `nix-env` does. */
import { type Logger, suggestNear, UsageError } from '../diagnostics/index.ts';
import { compareVersions, DrvName } from '../session/index.ts';

/** What choosing looks at. */
export interface Choosable {
  readonly name: string;
  readonly system?: string;
  readonly priority?: number;
}

export interface SelectOptions {
  /** Of several packages of one name only the best. */
  readonly newestOnly: boolean;
  /** This machine's system, which is preferred. */
  readonly system: string;
  readonly logger: Logger;
  /** Where more names can be had to suggest near ones. */
  readonly allNames?: (() => Promise<readonly string[]>) | undefined;
}

/**
 * The packages that selectors (`hello`, `hello-2.10`, `.*zip.*`, `*`) mean, in the selectors' order; each once. No
 * selectors mean all.
 *
 * @throws UsageError for a selector that nothing matches, with near names
 */
export async function selectPackages<T extends Choosable>(
  all: readonly T[],
  selectors: readonly string[],
  options: SelectOptions,
): Promise<T[]> {
  const names = all.map(({ name }) => DrvName.parse(name));
  const done = new Set<T>();
  for (const text of selectors.length > 0 ? selectors : ['*']) {
    const selector = DrvName.parse(text);
    const matches = all.filter((_, i) => selector.matches(names[i]));
    if (matches.length === 0 && text !== '*') throw await nothingMatches(text, all, options);
    for (const match of options.newestOnly ? pickNewest(matches, options) : matches) done.add(match);
  }
  return [...done];
}

/** Of each name the one for this system, of those with the best priority, of those with the highest version. */
function pickNewest<T extends Choosable>(matches: readonly T[], { system, logger }: SelectOptions): T[] {
  const newest = new Map<string, T>();
  const multiple = new Set<string>();
  for (const match of matches) {
    const { name, version, fullName } = DrvName.parse(match.name);
    const other = newest.get(name);
    const order =
      other === undefined
        ? 1
        : compareSystems(match, other, system) ||
          comparePriorities(match, other) ||
          compareVersions(version, DrvName.parse(other.name).version);
    if (order > 0) {
      newest.set(name, match);
      multiple.delete(fullName);
    } else if (order === 0) multiple.add(fullName);
  }
  const sorted = [...newest].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name] of sorted)
    if (multiple.has(name))
      logger.warn(`there are multiple derivations named '${name}'; using the first one`);
  return sorted.map(([, match]) => match);
}

function compareSystems(a: Choosable, b: Choosable, system: string): number {
  if (a.system === b.system) return 0;
  return Number(a.system === system) - Number(b.system === system);
}

/** Positive when `a` is to be preferred. */
export function comparePriorities(a: Choosable, b: Choosable): number {
  return Math.sign((b.priority ?? 0) - (a.priority ?? 0));
}

async function nothingMatches(
  selector: string,
  all: readonly Choosable[],
  options: SelectOptions,
): Promise<UsageError> {
  const { name } = DrvName.parse(selector);
  const known = new Set(all.map((each) => DrvName.parse(each.name).name));
  for (const each of (await options.allNames?.()) ?? []) known.add(each);
  const prefixed = [...known].filter((each) => each.startsWith(name)).sort();
  const near = [...new Set([...prefixed, ...suggestNear(name, [...known], 3)])].slice(0, 3);
  return new UsageError(`selector '${selector}' matches no derivations`, {
    hint:
      near.length > 0
        ? `maybe you meant ${near.map((each) => `'${each}'`).join(', ')}`
        : "list what there is with 'nix-env -qaP'",
  });
}
