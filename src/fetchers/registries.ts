/**
 * Flake registries: short names and what they stand for. Asked in this order: those given by flag, the user's, the
 * system's, and the global one, which is downloaded.
 */
import { existsSync, readFileSync } from 'node:fs';
import { NixError } from '../diagnostics/index.ts';
import { attrsFromJson, Input, type InputAttrs, stringAttr, withoutAttrs } from '../inputs/index.ts';

export interface RegistryEntry {
  readonly from: Input;
  readonly to: Input;
  /** Directory of the flake in the tree. */
  readonly dir: string | undefined;
  /** Only this very input, not the same at another branch or revision. */
  readonly exact: boolean;
}

export interface Registry {
  readonly kind: 'flag' | 'user' | 'system' | 'global';
  readonly entries: readonly RegistryEntry[];
}

/** A registry from its JSON text (version 2). @throws NixError when it is damaged */
export function parseRegistry(text: string, features: ReadonlySet<string>): RegistryEntry[] {
  const json = JSON.parse(text) as { version?: number; flakes?: Record<string, unknown>[] };
  if (json.version !== 2) throw new NixError(`unsupported version ${json.version ?? 0}`);
  return (json.flakes ?? []).map((entry) => {
    const to = attrsFromJson(entry['to']);
    return {
      from: Input.fromAttrs(attrsFromJson(entry['from']), features),
      to: Input.fromAttrs(withoutAttrs(to, 'dir'), features),
      dir: stringAttr(to, 'dir'),
      exact: entry['exact'] === true,
    };
  });
}

/** A registry's entries; none, and a warning, when it cannot be read. */
export function readRegistry(
  file: string,
  features: ReadonlySet<string>,
  warn: (message: string) => void,
): RegistryEntry[] {
  if (!existsSync(file)) return [];
  try {
    return parseRegistry(readFileSync(file, 'latin1'), features);
  } catch (error) {
    warn(`cannot read flake registry '${file}': ${(error as Error).message}`);
    return [];
  }
}

export interface Resolved {
  readonly input: Input;
  readonly dir: string | undefined;
}

/**
 * Follows the registries as far as they lead; the input itself when they do not know it.
 *
 * @throws NixError when they lead in a circle
 */
export function lookUp(start: Input, registries: readonly Registry[]): Resolved {
  let current: Resolved = { input: start, dir: undefined };
  for (let steps = 0; steps <= 100; steps++) {
    const next = step(current.input, registries);
    if (next === undefined) return current;
    current = next;
  }
  throw new NixError(`cycle detected in flake registry for '${current.input}'`);
}

export function notInRegistries(input: Input): NixError {
  return new NixError(`cannot find flake '${input}' in the flake registries`, {
    code: 'not-in-registry',
    hint: "give a path or a URL, or add the name to '~/.config/nix/registry.json'",
  });
}

function step(input: Input, registries: readonly Registry[]): Resolved | undefined {
  for (const { entries } of registries) {
    for (const { from, to, dir, exact } of entries) {
      if (exact ? from.equals(input) : from.contains(input)) {
        return { input: exact ? to : to.withOverrides(...overrides(from.attrs, input.attrs)), dir };
      }
    }
  }
  return undefined;
}

/** Branch and revision of the name asked for, where the entry's own name has none. */
function overrides(from: InputAttrs, wanted: InputAttrs): [string | undefined, string | undefined] {
  const value = (name: string) =>
    stringAttr(from, name) === undefined ? stringAttr(wanted, name) : undefined;
  return [value('ref'), value('rev')];
}
