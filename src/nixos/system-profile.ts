/**
 * The system's profiles: `/nix/var/nix/profiles/system`, and below `system-profiles/` those made with
 * `--profile-name`. Each generation is a toplevel; the profile's link is what the boot loader starts by default.
 */
import { mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../diagnostics/index.ts';
import {
  createGeneration,
  findGenerations,
  type Generation,
  generationLink,
  lockProfile,
  switchLink,
} from '../store/index.ts';
import { noOlderSystem, noSuchSystem } from './errors.ts';

/** The profile called `name`; `system` is the default one. @throws UsageError for a name that cannot be a file's */
export function systemProfile(stateDir: string, name = 'system'): string {
  if (name === 'system') return join(stateDir, 'profiles/system');
  if (!/^[A-Za-z0-9_+=?@,:][A-Za-z0-9_+.=?@,:-]*$/.test(name) || name.endsWith('-link')) {
    throw new UsageError(`'${name}' is not a name for a profile`, {
      hint: "expected letters, digits and '-', '_', '+', '.', without '/', for example 'test'",
    });
  }
  return join(stateDir, 'profiles/system-profiles', name);
}

/** Makes `toplevel` a new generation of the profile, and the profile's current one. */
export async function setSystem(
  profile: string,
  toplevel: string,
  signal?: AbortSignal,
): Promise<Generation> {
  mkdirSync(dirname(profile), { recursive: true });
  using _ = await lockProfile(profile, signal);
  const generation = createGeneration(profile, toplevel);
  switchLink(profile, generation.link);
  return generation;
}

/** The link of the newest generation before the current one. @throws NixError when there is none */
export function previousSystem(profile: string): Generation {
  const { generations, current } = findGenerations(profile);
  const previous = generations.findLast(({ number }) => number < (current ?? 0));
  if (!previous) throw noOlderSystem(profile, current);
  return previous;
}

/** Points the profile at the generation before the current one. */
export async function rollBackSystem(profile: string, signal?: AbortSignal): Promise<Generation> {
  using _ = await lockProfile(profile, signal);
  const previous = previousSystem(profile);
  switchLink(profile, previous.link);
  return previous;
}

/** The toplevel that a link of the profile leads to, by number, or by `current`. @throws NixError when there is none */
export function systemOfGeneration(profile: string, which: number | 'current'): string {
  const link = which === 'current' ? profile : generationLink(profile, which);
  try {
    return realpathSync(link);
  } catch {
    const { generations } = findGenerations(profile);
    throw noSuchSystem(
      profile,
      which,
      generations.map(({ number }) => number),
    );
  }
}

/** What is known of a generation without evaluating anything. */
export interface SystemGeneration {
  readonly generation: number;
  /** Local time, `YYYY-MM-DD hh:mm:ss`. */
  readonly date: string;
  readonly nixosVersion: string;
  readonly kernelVersion: string;
  readonly configurationRevision: string;
  readonly current: boolean;
}

/** All generations of a profile, the newest first; what cannot be read is empty. */
export function listSystemGenerations(profile: string): SystemGeneration[] {
  const { generations, current } = findGenerations(profile);
  return generations
    .map(({ number, link, creationTimeSeconds }) => ({
      generation: number,
      date: formatLocalTime(new Date(creationTimeSeconds * 1000)),
      nixosVersion: readText(join(link, 'nixos-version')),
      kernelVersion: kernelVersion(link),
      configurationRevision: readText(join(link, 'configuration-revision')),
      current: number === current,
    }))
    .reverse();
}

function kernelVersion(toplevel: string): string {
  try {
    return readdirSync(join(toplevel, 'kernel-modules/lib/modules'))[0] ?? '';
  } catch {
    return '';
  }
}

function formatLocalTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
