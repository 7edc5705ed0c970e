/**
 * Profiles: a link `NAME` to the link `NAME-7-link` of its current *generation*, which leads into the store.
 * Generations are numbered upwards from 1; the directory of a profile lies below a root of the collector, so every
 * generation keeps its closure.
 *
 * Switching replaces the one link `NAME` in one step: whoever looks sees the old or the new generation. Changes take
 * the lock `NAME.lock`, as C++ Nix does.
 */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { syncPath } from '../platform/index.ts';
import { cannotDeleteCurrentGeneration, noOlderGeneration, noSuchGeneration } from './errors.ts';
import { FlockFile, waitFor } from './flock-file.ts';
import { making } from './write-fault.ts';

export interface Generation {
  readonly number: number;
  /** The link `NAME-NUMBER-link`. */
  readonly link: string;
  readonly creationTimeSeconds: number;
}

/** A profile's generations in ascending order, and the number of the current one (`undefined` when there is none). */
export function findGenerations(profile: string): { generations: Generation[]; current: number | undefined } {
  const directory = dirname(profile);
  const generations: Generation[] = [];
  for (const name of namesIn(directory)) {
    const number = generationNumber(profile, name);
    if (number === undefined) continue;
    const link = join(directory, name);
    const stat = lstatSync(link, { throwIfNoEntry: false });
    if (!stat) continue;
    generations.push({ number, link, creationTimeSeconds: Math.floor(stat.mtimeMs / 1000) });
  }
  generations.sort((a, b) => a.number - b.number);
  const target = readLink(profile);
  const current = target === undefined ? undefined : generationNumber(profile, basename(target));
  return { generations, current };
}

/**
 * Makes a new generation that leads to `target` (a path in the store, as the profile's users are to see it). When the
 * newest generation is the current one and leads there already, that one is used again. It does not switch.
 */
export function createGeneration(profile: string, target: string): Generation {
  making(dirname(profile), () => mkdirSync(dirname(profile), { recursive: true }));
  const { generations } = findGenerations(profile);
  const newest = generations.at(-1);
  if (newest && readLink(newest.link) === target) return newest;
  const number = (newest?.number ?? 0) + 1;
  const link = generationLink(profile, number);
  replaceLink(target, link);
  return { number, link, creationTimeSeconds: Math.floor(Date.now() / 1000) };
}

/** Points a profile at one of its generation links, in one step, durably. */
export function switchLink(profile: string, link: string): void {
  // Relative, so that the profile means the same wherever its directory is mounted.
  const target = dirname(link) === dirname(profile) ? basename(link) : link;
  replaceLink(target, profile);
}

/**
 * Switches to a generation by number, or back to the newest one before the current; with `dryRun` it only says which.
 *
 * @throws StoreError `no-such-generation`
 */
export function switchGeneration(
  profile: string,
  number: number | 'previous',
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): { from: number | undefined; to: number } {
  const { generations, current } = findGenerations(profile);
  const wanted =
    number === 'previous'
      ? generations.findLast((generation) => generation.number < (current ?? 0))
      : generations.find((generation) => generation.number === number);
  if (!wanted)
    throw number === 'previous' ? noOlderGeneration(current ?? 0) : noSuchGeneration(profile, number);
  if (!dryRun) switchLink(profile, wanted.link);
  return { from: current, to: wanted.number };
}

/**
 * Deletes generations by number (links only; a collection frees the rest).
 *
 * @throws StoreError `current-generation` before anything is deleted; numbers that do not exist are skipped
 */
export function deleteGenerations(profile: string, numbers: readonly number[]): number[] {
  const { generations, current } = findGenerations(profile);
  if (current !== undefined && numbers.includes(current)) throw cannotDeleteCurrentGeneration(profile);
  const deleted: number[] = [];
  for (const { number, link } of generations) {
    if (!numbers.includes(number)) continue;
    unlinkSync(link);
    deleted.push(number);
  }
  return deleted;
}

/**
 * Chooses generations to delete, in the words of `nix-env --delete-generations`: `old` (all but the current), `+5`
 * (all but the five newest up to the current one, and any newer), `30d` (those no longer current 30 days ago),
 * or numbers. The current one is never chosen except by its number.
 */
export function selectOldGenerations(
  profile: string,
  selection: 'old' | { readonly keep: number } | { readonly olderThanSeconds: number },
): number[] {
  const { generations, current } = findGenerations(profile);
  const others = generations.filter((generation) => generation.number !== current);
  if (selection === 'old') return others.map((generation) => generation.number);
  if ('keep' in selection) {
    const upToCurrent = generations.filter(
      (generation) => current === undefined || generation.number <= current,
    );
    const kept = upToCurrent.slice(-selection.keep);
    return upToCurrent
      .filter((generation) => !kept.includes(generation))
      .map((generation) => generation.number);
  }
  const limit = Date.now() / 1000 - selection.olderThanSeconds;
  // The newest of those made before the limit was the active one at that time: it stays.
  const old = generations.filter((generation) => generation.creationTimeSeconds < limit);
  return old
    .slice(0, -1)
    .filter((generation) => generation.number !== current)
    .map((generation) => generation.number);
}

/** Takes a profile's lock; dispose to give it up. */
export async function lockProfile(profile: string, signal?: AbortSignal): Promise<Disposable> {
  making(dirname(profile), () => mkdirSync(dirname(profile), { recursive: true }));
  const file = await waitFor(() => tryLock(`${profile}.lock`), { signal });
  return {
    [Symbol.dispose]() {
      file.delete();
      file.close();
    },
  };
}

/** The link of a generation, whether it exists or not. */
export function generationLink(profile: string, number: number): string {
  return `${profile}-${number}-link`;
}

function tryLock(path: string): FlockFile | undefined {
  for (;;) {
    const file = new FlockFile(path);
    const locked = file.tryLock('exclusive');
    if (locked && !file.isStale()) return file;
    file.close();
    if (!locked) return undefined;
  }
}

/** 7 for `NAME-7-link`. */
function generationNumber(profile: string, name: string): number | undefined {
  const prefix = `${basename(profile)}-`;
  if (!name.startsWith(prefix) || !name.endsWith('-link')) return undefined;
  const digits = name.slice(prefix.length, -'-link'.length);
  return /^[0-9]{1,15}$/.test(digits) ? Number(digits) : undefined;
}

function replaceLink(target: string, link: string): void {
  const temporary = `${link}.tmp-${process.pid}`;
  making(link, () => {
    rmSync(temporary, { force: true });
    symlinkSync(target, temporary);
    renameSync(temporary, link);
    syncPath(dirname(resolve(link)));
  });
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
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
