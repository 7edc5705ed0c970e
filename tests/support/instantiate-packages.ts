/**
 * Instantiates packages of the archive by their names and counts failures by reason.
 *
 * Names go through the evaluator in chunks, each in a process of its own, so that memory stays bounded. An error that
 * `tryEval` does not catch ends a whole chunk: it is halved until the name is found.
 */
import { fileURLToPath } from 'node:url';
import type { PackagesScene } from './packages-scene.ts';

const expression = fileURLToPath(new URL('./instantiate-packages.nix', import.meta.url));

export interface Instantiation {
  /** Path of the derivation by name. */
  readonly derivations: Map<string, string>;
  /** The error's message (its first line) by name. */
  readonly failures: Map<string, string>;
}

export interface ChunkDone {
  readonly done: number;
  readonly failed: number;
}

/** Instantiates `names`, `chunkSize` at a time. */
export function instantiatePackages(
  scene: PackagesScene,
  names: readonly string[],
  options: { readonly chunkSize: number; readonly onChunk?: (progress: ChunkDone) => void },
): Instantiation {
  const result: Instantiation = { derivations: new Map(), failures: new Map() };
  for (let from = 0; from < names.length; from += options.chunkSize) {
    instantiateChunk(scene, names.slice(from, from + options.chunkSize), result);
    const failed = result.failures.size;
    options.onChunk?.({ done: result.derivations.size + failed, failed });
  }
  return result;
}

function instantiateChunk(scene: PackagesScene, names: readonly string[], into: Instantiation): void {
  const namesFile = scene.file('names.json', JSON.stringify(names));
  const result = scene.tryRun('nix-instantiate', [
    ...['--eval', '--strict', '--json', expression],
    ...['--arg', 'nixpkgs', '<nixpkgs>', '--argstr', 'namesFile', namesFile],
  ]);
  if (result.status === 0) {
    const paths = JSON.parse(result.stdout) as Record<string, string | null>;
    for (const name of names) {
      const path = paths[name];
      if (path) into.derivations.set(name, path);
      else into.failures.set(name, errorOf(scene, name));
    }
  } else if (names.length === 1) {
    into.failures.set(names[0], messageIn(result.stderr));
  } else {
    const middle = names.length >> 1;
    instantiateChunk(scene, names.slice(0, middle), into);
    instantiateChunk(scene, names.slice(middle), into);
  }
}

/** What evaluating the package says. */
function errorOf(scene: PackagesScene, name: string): string {
  const file = scene.file('failing.nix', `(import <nixpkgs> { }).debian.${JSON.stringify(name)}.drvPath\n`);
  const result = scene.tryRun('nix-instantiate', ['--eval', file]);
  if (result.status === 0) throw new Error(`'${name}' instantiates alone, and fails among others`);
  return messageIn(result.stderr);
}

/** The last `error:` line of what a command printed. */
function messageIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => /^\s*error: \S/.test(line));
  return (lines.at(-1) ?? stderr.trim()).replace(/^\s*error: /, '');
}

/** Reasons (messages with what is quoted left out) with their names, the most frequent first. */
export function failuresByReason(failures: ReadonlyMap<string, string>): [reason: string, names: string[]][] {
  const reasons = new Map<string, string[]>();
  for (const [name, message] of failures) {
    const reason = message.replace(/'[^']*'/g, "'…'");
    reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  }
  return [...reasons].sort(([, a], [, b]) => b.length - a.length);
}
