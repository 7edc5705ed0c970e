/** What `nix-env` does to a profile: install, upgrade, uninstall, set flags. */
import { UsageError, Verbosity } from '../diagnostics/index.ts';
import { compareVersions, DrvName, type Session } from '../session/index.ts';
import { type Element, shortName, withFlag } from './element.ts';
import { comparePriorities } from './select.ts';
import { type ChangeOptions, changeProfile } from './user-environment.ts';

export interface OperationOptions extends ChangeOptions {
  readonly dryRun: boolean;
  /** Says what building the elements would mean; called before anything is built. */
  readonly announce: (elements: readonly Element[]) => Promise<void>;
}

export interface InstallOptions extends OperationOptions {
  /** Keep elements of the same name. */
  readonly preserve: boolean;
  /** Drop all other elements. */
  readonly removeAll: boolean;
}

function say(session: Session, text: string): void {
  session.logger.log(Verbosity.info, text);
}

/** Adds elements; installed ones of the same name go, unless they say `meta.keep`. */
export async function install(added: readonly Element[], options: InstallOptions): Promise<void> {
  const { session, preserve, removeAll } = options;
  const names = new Set(added.map(shortName));
  await changeProfile(options, async (installed) => {
    const all = [...added];
    // A manifest that cannot be read is no hindrance to replacing everything.
    for (const element of removeAll ? [] : await installed()) {
      if (!preserve && names.has(shortName(element)) && !element.keep)
        say(session, `replacing old '${element.name}'`);
      else all.push(element);
    }
    if (!removeAll) for (const { name } of added) say(session, `installing '${name}'`);
    await options.announce(added);
    return options.dryRun ? undefined : all;
  });
}

/** Which versions count as an upgrade: higher ones, those that are not lower, equal ones, any. */
export type UpgradeKind = 'lt' | 'leq' | 'eq' | 'always';

/** Replaces elements by available packages of the same name. */
export async function upgrade(
  available: () => Promise<readonly Element[]>,
  kind: UpgradeKind,
  options: OperationOptions,
): Promise<void> {
  await changeProfile(options, async (installed) => {
    const before = await installed();
    const candidates = await available();
    const elements = before.map((element) => upgraded(element, candidates, kind, options.session));
    await options.announce(elements);
    return options.dryRun ? undefined : elements;
  });
}

function upgraded(
  element: Element,
  candidates: readonly Element[],
  kind: UpgradeKind,
  session: Session,
): Element {
  if (element.keep) return element;
  const { name, version } = DrvName.parse(element.name);
  let best: Element | undefined;
  for (const candidate of candidates) {
    const other = DrvName.parse(candidate.name);
    if (other.name !== name || comparePriorities(element, candidate) > 0) continue;
    if (isUpgrade(compareVersions(version, other.version), kind) && (!best || isBetter(candidate, best)))
      best = candidate;
  }
  if (!best || best.outPath === element.outPath) return element;
  const isUp = compareVersions(version, DrvName.parse(best.name).version) <= 0;
  say(session, `${isUp ? 'upgrading' : 'downgrading'} '${element.name}' to '${best.name}'`);
  return best;
}

function isUpgrade(order: number, kind: UpgradeKind): boolean {
  return (
    kind === 'always' ||
    (kind === 'lt' && order < 0) ||
    (kind === 'leq' && order <= 0) ||
    (kind === 'eq' && order === 0)
  );
}

function isBetter(candidate: Element, best: Element): boolean {
  const order =
    comparePriorities(candidate, best) ||
    compareVersions(DrvName.parse(candidate.name).version, DrvName.parse(best.name).version);
  return order > 0;
}

/** Removes the elements that selectors (names, or store paths) mean; one that means none is only a warning. */
export async function uninstall(selectors: readonly string[], options: OperationOptions): Promise<void> {
  const { session, dryRun } = options;
  await changeProfile(options, async (installed) => {
    let left = await installed();
    for (const selector of selectors) {
      const isMeant = matcher(selector, session);
      const [rest, gone] = partition(left, (element) => !isMeant(element));
      if (gone.length === 0) session.logger.warn(`selector '${selector}' matched no installed derivations`);
      for (const { name } of gone) say(session, `uninstalling '${name}'`);
      left = rest;
    }
    return dryRun ? undefined : left;
  });
}

/**
 * Divides elements as C++ Nix does, which decides their order in the manifest: what is to go at the front changes places
 * with what stays at the back.
 */
function partition<T>(items: readonly T[], stays: (item: T) => boolean): [staying: T[], going: T[]] {
  const ordered = [...items];
  let first = 0;
  let end = ordered.length;
  for (;;) {
    while (first < end && stays(ordered[first])) first++;
    if (first < end) end--;
    while (first < end && !stays(ordered[end])) end--;
    if (first >= end) return [ordered.slice(0, first), ordered.slice(first)];
    [ordered[first], ordered[end]] = [ordered[end], ordered[first]];
    first++;
  }
}

function matcher(selector: string, session: Session): (element: Element) => boolean {
  if (selector.includes('/')) {
    const path = `${session.store.storeDir}/${session.storePathOf(selector).baseName}`;
    return (element) => element.outPath === path;
  }
  const wanted = DrvName.parse(selector);
  return (element) => wanted.matches(DrvName.parse(element.name));
}

/** Sets an attribute of `meta` of the elements that selectors mean. @throws UsageError for one that means none */
export async function setFlag(
  flag: { readonly name: string; readonly value: string },
  selectors: readonly string[],
  options: OperationOptions,
): Promise<void> {
  const { session } = options;
  await changeProfile(options, async (installed) => {
    const names = selectors.map((text) => DrvName.parse(text));
    const used = new Set<DrvName>();
    const elements = (await installed()).map((element) => {
      const selector = names.find((each) => each.matches(DrvName.parse(element.name)));
      if (!selector) return element;
      used.add(selector);
      say(session, `setting flag on '${element.name}'`);
      return withFlag(element, flag.name, flag.value);
    });
    const unused = names.find((each) => !used.has(each) && each.fullName !== '*');
    if (unused)
      throw new UsageError(`selector '${unused.fullName}' matches no derivations`, {
        hint: "list what is installed with 'nix-env -q'",
      });
    return options.dryRun ? undefined : elements;
  });
}
