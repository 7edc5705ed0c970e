/**
 * The search path for `<...>`: `-I` first, then `NIX_PATH` (or the `nix-path` setting), else the default, which points
 * to the channels of the store in use and to `/etc/nixos/configuration.nix`.
 */
import { join } from 'node:path';
import { NixError } from '../diagnostics/index.ts';
import type { Settings } from './settings.ts';

/** One element: `prefix` is empty for plain directories. */
export interface SearchPathEntry {
  readonly prefix: string;
  readonly path: string;
}

/** Parses `PREFIX=PATH` or `PATH`. An `=` inside an URL's query does not make a prefix. */
export function parseSearchPathEntry(text: string): SearchPathEntry {
  const equals = text.indexOf('=');
  if (equals < 0 || text.slice(0, equals).includes('://')) return { prefix: '', path: text };
  return { prefix: text.slice(0, equals), path: text.slice(equals + 1) };
}

/** Splits `NIX_PATH` at colons, leaving those of URLs (`https://`, `channel:`) alone. */
export function splitSearchPath(text: string): string[] {
  const entries: string[] = [];
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && text[i] !== ':') continue;
    const before = text.slice(start, i);
    if (i < text.length && (text.startsWith('://', i) || /(^|=)(channel|flake)$/.test(before))) continue;
    if (before !== '') entries.push(before);
    start = i + 1;
  }
  return entries;
}

export interface SearchPathOptions {
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly settings: Settings;
  /** State directory of the store in use: its profiles hold the channels. */
  readonly stateDir: string;
  readonly user: string;
}

/** The whole search path, first entry first. */
export function searchPath({ flags, env, settings, stateDir, user }: SearchPathOptions): SearchPathEntry[] {
  const configured = env.NIX_PATH !== undefined ? splitSearchPath(env.NIX_PATH) : [...settings['nix-path']];
  const useDefault =
    env.NIX_PATH === undefined &&
    configured.length === 0 &&
    !settings['pure-eval'] &&
    !settings['restrict-eval'];
  const rest = useDefault ? defaultSearchPath(stateDir, user) : configured;
  return [...flags, ...rest].map(parseSearchPathEntry);
}

/** NixOS' default search path, over the channels of `user` and of root. */
export function defaultSearchPath(stateDir: string, user: string): string[] {
  const channels = [...new Set([user, 'root'])].map((name) =>
    join(stateDir, 'profiles/per-user', name, 'channels'),
  );
  return [
    ...channels.flatMap((path) => [`nixpkgs=${path}/nixos`, `nixos=${path}/nixos`]),
    'nixos-config=/etc/nixos/configuration.nix',
    ...channels,
  ];
}

const lookupHints: readonly (readonly [RegExp, string])[] = [
  [
    /^(nixpkgs|nixos)(\/|$)/,
    "no channel is installed in this store: run 'nix-channel --add debian:trixie nixos', then 'nix-channel --update'",
  ],
  [
    /^nixos-config$/,
    "write the machine's configuration to '/etc/nixos/configuration.nix', or name it with '-I nixos-config=FILE'",
  ],
];

/** Rethrows an error of evaluation; one about a well-known name that is not in the search path says what to do. */
export function explainLookup(error: unknown): never {
  if (error instanceof NixError && error.hint === undefined) {
    const name = /^file '(.+)' was not found in the Nix search path/.exec(error.message)?.[1];
    error.hint = name && lookupHints.find(([pattern]) => pattern.test(name))?.[1];
  }
  throw error;
}
