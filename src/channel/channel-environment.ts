/**
 * The `channels` profile: each generation is a store path with a link per channel, `NAME -> STORE-PATH/NAME`, and the
 * `manifest.nix` by which `nix-env` knows what is in it; the same tree that C++ Nix makes.
 */
import { readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeBytes } from '../diagnostics/index.ts';
import { parseStorePath, printStorePath, type StorePath } from '../formats/index.ts';
import {
  createGeneration,
  findGenerations,
  lockProfile,
  switchLink,
  type WritableStore,
} from '../store/index.ts';
import { formatNixData } from './nix-literal.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

/** One installed channel: a store path that holds the directory `name`. */
export interface InstalledChannel {
  readonly name: string;
  readonly path: StorePath;
}

/** The channels of the profile's current generation, by name; none when there is no generation. Reads links. */
export function queryInstalledChannels(store: WritableStore, profile: string): Map<string, InstalledChannel> {
  const { generations, current } = findGenerations(profile);
  const generation = generations.find(({ number }) => number === current);
  const channels = generation ? readEnvironment(store, generation.link) : [];
  return new Map(channels.map((channel) => [channel.name, channel]));
}

/** The channels of all generations of the profile, oldest generation first. Reads links. */
export function queryChannelGenerations(store: WritableStore, profile: string): InstalledChannel[] {
  return findGenerations(profile).generations.flatMap(({ link }) => readEnvironment(store, link));
}

/** What the generation link `link` leads to. */
function readEnvironment(store: WritableStore, link: string): InstalledChannel[] {
  const directory = store.toRealPath(parseStorePath(store.storeDir, readlinkSync(link)));
  const names = readdirSync(directory).filter((entry) => entry !== 'manifest.nix');
  return names.map((name) => {
    const target = readlinkSync(join(directory, name));
    return { name, path: parseStorePath(store.storeDir, dirname(target)) };
  });
}

/** Where an installed channel's files really are. */
export function realChannelDirectory(store: WritableStore, channel: InstalledChannel): string {
  return join(store.toRealPath(channel.path), channel.name);
}

/**
 * Makes a generation of exactly these channels and switches the profile to it, in one step. A generation that is the
 * same as the newest is used again.
 */
export async function installChannels(
  store: WritableStore,
  profile: string,
  channels: readonly InstalledChannel[],
  temporaryDirectory: string,
): Promise<void> {
  const environment = await addEnvironment(store, channels, temporaryDirectory);
  using _lock = await lockProfile(profile);
  const generation = createGeneration(profile, printStorePath(store.storeDir, environment));
  switchLink(profile, generation.link);
}

async function addEnvironment(
  store: WritableStore,
  channels: readonly InstalledChannel[],
  temporaryDirectory: string,
): Promise<StorePath> {
  const sorted = channels.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const paths = sorted.map((channel) => channel.path);
  const manifest = await store.addText('env-manifest.nix', formatManifest(store.storeDir, sorted), paths);
  return withTemporaryDirectory(temporaryDirectory, async (directory) => {
    symlinkSync(printStorePath(store.storeDir, manifest), join(directory, 'manifest.nix'));
    for (const { name, path } of sorted) {
      symlinkSync(`${printStorePath(store.storeDir, path)}/${name}`, join(directory, name));
    }
    return store.addPath('user-environment', encodeBytes(directory), { references: [manifest, ...paths] });
  });
}

/** One element for each channel, attributes sorted, as `nix-env` writes it. */
function formatManifest(storeDir: string, channels: readonly InstalledChannel[]): string {
  const elements = channels.map(({ path }) => {
    const outPath = printStorePath(storeDir, path);
    return {
      meta: {},
      name: path.name,
      out: { outPath },
      outPath,
      outputs: ['out'],
      system: 'builtin',
      type: 'derivation',
    };
  });
  return formatNixData(elements);
}
