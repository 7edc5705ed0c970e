/** The options that two configurations define, compared; each generation has its own in `defined-options.json`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One definition of the user's: which file gives which option which value (its text). */
export interface DefinedOption {
  readonly name: string;
  readonly value: string;
  readonly file: string;
}

export interface OptionChange {
  readonly name: string;
  /** Absent when the option was not defined before. */
  readonly before?: string;
  /** Absent when it is no longer defined. */
  readonly after?: string;
  /** The files that define it now; those that did, when none does. */
  readonly files: readonly string[];
}

/** What a generation recorded; `undefined` for one that recorded nothing. */
export function readDefinedOptions(toplevel: string): DefinedOption[] | undefined {
  try {
    return JSON.parse(readFileSync(join(toplevel, 'defined-options.json'), 'utf8')) as DefinedOption[];
  } catch {
    return undefined;
  }
}

/** Sorted by name. An option that several files define has one text, with the values in order. */
export function compareOptions(
  old: readonly DefinedOption[],
  next: readonly DefinedOption[],
): OptionChange[] {
  const before = byName(old);
  const after = byName(next);
  const changes: OptionChange[] = [];
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const was = before.get(name);
    const is = after.get(name);
    if (was?.value === is?.value) continue;
    changes.push({
      name,
      ...(was ? { before: was.value } : {}),
      ...(is ? { after: is.value } : {}),
      files: (is ?? was)!.files,
    });
  }
  return changes;
}

function byName(options: readonly DefinedOption[]): Map<string, { value: string; files: string[] }> {
  const found = new Map<string, { value: string; files: string[] }>();
  for (const { name, value, file } of options) {
    const present = found.get(name);
    if (!present) found.set(name, { value, files: [file] });
    else {
      present.value += `; ${value}`;
      if (!present.files.includes(file)) present.files.push(file);
    }
  }
  return found;
}
