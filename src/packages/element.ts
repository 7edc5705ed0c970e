/** The elements of a user environment: installed packages, as `manifest.nix` lists them. */
import { DrvName, type FoundPackage, type MetaValue, type PackageField } from '../session/index.ts';

/** Byte strings, full store paths. */
export interface Element {
  readonly name: string;
  /** `''` for a store path that was installed as it is. */
  readonly system: string;
  readonly outPath: string;
  readonly drvPath: string | undefined;
  /** The outputs that are installed, in byte order of the names. */
  readonly outputs: readonly (readonly [name: string, path: string])[];
  /** In byte order of the names. */
  readonly meta: readonly (readonly [name: string, value: MetaValue])[];
  /** Larger numbers give way. */
  readonly priority: number;
  /** `meta.keep`: neither upgraded nor replaced. */
  readonly keep: boolean;
}

/** What an element needs to be known of a package. */
export const elementFields: readonly PackageField[] = [
  'system',
  'drvPath',
  'outPath',
  'installedOutputs',
  'flags',
  'meta',
];

/** An element from a package that was asked for `elementFields`. */
export function elementOf(found: FoundPackage): Element {
  return {
    name: found.name,
    system: found.system ?? '',
    outPath: found.outPath ?? '',
    drvPath: found.drvPath,
    outputs: found.installedOutputs ?? [],
    meta: (found.meta ?? []).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
    priority: found.priority ?? 0,
    keep: found.keep ?? false,
  };
}

/** A copy with one attribute of `meta` set to a string. */
export function withFlag(element: Element, flag: string, value: string): Element {
  const others = element.meta.filter(([name]) => name !== flag);
  const meta = [...others, [flag, ['string', value]] as const].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...element,
    meta,
    ...(flag === 'priority' && /^-?[0-9]+$/.test(value) ? { priority: Number(value) } : {}),
    ...(flag === 'keep' ? { keep: value === 'true' } : {}),
  };
}

/** The part of a package's name before its version. */
export function shortName({ name }: { readonly name: string }): string {
  return DrvName.parse(name).name;
}
