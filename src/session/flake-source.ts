/** Flakes that commands ask for: references are resolved against this machine's files, locked, and made values. */
import { lstatSync, realpathSync } from 'node:fs';
import { decodeBytes, encodeBytes } from '../diagnostics/index.ts';
import { AttrSet, callFunction, type EvalSession, type Lazy, renewFetches } from '../eval/index.ts';
import {
  type LockedFlake,
  lockedFlakeValue,
  lockFlake,
  parseInputPath,
  printInputTree,
} from '../flakes/index.ts';
import { type FlakeFiles, type FlakeRef, parseFlakeRef, parseUrl, urlPath } from '../inputs/index.ts';

/** A flake as the source of an evaluation: a set with `info` (JSON, see `FlakeInfo`), `flake` and (with `apply`) `shown`. */
export interface FlakeSource {
  readonly kind: 'flake';
  readonly ref: string;
  /** Where relative paths start from. */
  readonly basePath: string;
  /** Inputs to be locked anew (`a/b`); all of them with `recreate`. */
  readonly updates: readonly string[];
  readonly overrides: readonly (readonly [path: string, ref: string])[];
  readonly recreate: boolean;
  /** A function to apply, to the flake or to what `applyTo` selects; its result is `shown`. */
  readonly apply?: string;
  /** Attribute path in this source's own value. */
  readonly applyTo?: string;
}

/** What commands need to know of a locked flake. */
export interface FlakeInfo {
  readonly description: string | undefined;
  readonly originalUrl: string;
  readonly resolvedUrl: string;
  readonly lockedUrl: string;
  readonly original: unknown;
  readonly resolved: unknown;
  readonly locked: unknown;
  /** Store path of the tree. */
  readonly path: string;
  readonly lastModified: number | undefined;
  /** The lock file as it should be. */
  readonly lockFile: string;
  /** Lines on what changed in it; empty when nothing did. */
  readonly changes: string;
  /** The first input that is not fixed: such a lock file is not written. */
  readonly unlocked: string | undefined;
  /** Directory with `flake.nix` on this machine, when the flake is a local one that may be written to. */
  readonly directory: string | undefined;
  /** The inputs drawn as a tree. */
  readonly tree: string;
}

const files: FlakeFiles = {
  type: (path) => {
    const stats = lstatSync(decodeBytes(path), { throwIfNoEntry: false });
    return stats && (stats.isDirectory() ? 'directory' : 'other');
  },
  resolve: (path) => {
    try {
      return encodeBytes(realpathSync(decodeBytes(path)));
    } catch {
      return path;
    }
  },
  notice: () => {},
};

/** The value of a source. @throws NixError */
export function flakeRoot(session: EvalSession, source: FlakeSource): Lazy {
  const { runtime } = session;
  renewFetches(runtime);
  const features = runtime.settings.experimentalFeatures;
  const base = { directory: source.basePath, files };
  const parse = (text: string) => parseFlakeRef(text, { features, base, allowMissing: false });
  const ref = parse(source.ref);
  const locked = session.run(() =>
    lockFlake(runtime, ref, {
      updates: source.updates.map(parseInputPath),
      overrides: source.overrides.map(([path, text]) => ({ path: parseInputPath(path), ref: parse(text) })),
      recreate: source.recreate,
      useRegistries: true,
      allowUnlocked: true,
    }),
  );
  const flake = session.run(() => lockedFlakeValue(runtime, locked, false));
  const plain = AttrSet.from([
    ['info', JSON.stringify(describe(ref, locked))],
    ['flake', flake],
  ]);
  const { apply, applyTo } = source;
  if (apply === undefined) return plain;
  const basePath = source.basePath;
  const fn = session.force(
    session.evalString({ text: apply, origin: { kind: 'string', basePath }, basePath }),
  );
  const subject = applyTo === undefined ? flake : session.selectPath(plain, applyTo).value;
  return AttrSet.from([...plain.entries(), ['shown', session.run(() => callFunction(fn, [subject], 0))]]);
}

function describe(ref: FlakeRef, { flake, lockFile, changes }: LockedFlake): FlakeInfo {
  const { __final, ...attrs } = flake.locked.toAttrs();
  const lastModified = attrs['lastModified'];
  return {
    description: flake.file.description,
    originalUrl: flake.original.toString(),
    resolvedUrl: flake.resolved.toString(),
    lockedUrl: flake.locked.toString(),
    original: flake.original.toAttrs(),
    resolved: flake.resolved.toAttrs(),
    locked: attrs,
    path: flake.tree,
    lastModified: typeof lastModified === 'number' ? lastModified : undefined,
    lockFile: `${lockFile.print().text}\n`,
    changes,
    unlocked: lockFile.unlocked()?.toString(),
    directory: localDirectory(ref),
    tree: printInputTree(lockFile),
  };
}

/** Where a flake's files are, when they are a directory or a working tree of this machine. */
function localDirectory({ input, subdir }: FlakeRef): string | undefined {
  const below = subdir === '' ? '' : `/${subdir}`;
  const { path, url, ref, rev } = input.attrs;
  if (input.type === 'path' && typeof path === 'string') return path + below;
  if (input.type !== 'git' || typeof url !== 'string' || ref !== undefined || rev !== undefined)
    return undefined;
  const parsed = parseUrl(url);
  return parsed.scheme === 'file' ? urlPath(parsed) + below : undefined;
}
