/**
 * What `nix-channel` does: a list of subscriptions, and a profile whose generations hold the channels' trees. An
 * update makes everything first and then switches one link; whatever fails before leaves the former generation.
 */
import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceSymlink } from '../platform/index.ts';
import { switchGeneration } from '../store/index.ts';
import {
  type InstalledChannel,
  installChannels,
  queryInstalledChannels,
  realChannelDirectory,
} from './channel-environment.ts';
import { readChannelList, removeChannel } from './channel-list.ts';
import { type DebianChannelContext, updateDebianChannel } from './debian-channel.ts';
import { noSuchChannel } from './errors.ts';
import type { ChannelRequest } from './make-channel.ts';
import { debianScheme, parseDebianChannel } from './releases.ts';
import { updateTarballChannel } from './tarball-channel.ts';

/** Where a user's channels are. */
export interface ChannelPlaces {
  /** `~/.nix-channels`. */
  readonly list: string;
  /** `STATE/profiles/per-user/USER/channels`. */
  readonly profile: string;
  /** `~/.nix-defexpr`, whose `channels` link shows the channels to `nix-env`; absent: it is not made. */
  readonly defExpr?: string | undefined;
}

export interface ChannelsContext extends DebianChannelContext {
  readonly places: ChannelPlaces;
  /** What every Debian channel is made of, save its release. */
  readonly request: Omit<ChannelRequest, 'channel'>;
}

/**
 * Updates the named channels, or all; others stay as they are. Network, store, profile.
 *
 * @throws UsageError for a name that is not in the list; NixError of any step, with nothing changed
 */
export async function updateChannels(context: ChannelsContext, names: readonly string[] = []): Promise<void> {
  const { store, places, temporaryDirectory } = context;
  const list = readChannelList(places.list);
  for (const name of names) if (!list.has(name)) throw noSuchChannel(name, [...list.keys()]);
  const installed = queryInstalledChannels(store, places.profile);
  const channels: InstalledChannel[] = [];
  for (const [name, url] of list) {
    const present = installed.get(name);
    const isWanted = names.length === 0 || names.includes(name) || !present;
    channels.push(isWanted ? await updateChannel(context, name, url, present) : present);
  }
  await installChannels(store, places.profile, channels, temporaryDirectory);
  if (places.defExpr !== undefined) showToNixEnv(places.defExpr, places.profile);
}

async function updateChannel(
  context: ChannelsContext,
  name: string,
  url: string,
  present: InstalledChannel | undefined,
): Promise<InstalledChannel> {
  if (!url.startsWith(debianScheme)) return { name, path: await updateTarballChannel(context, url, name) };
  const request = { ...context.request, channel: parseDebianChannel(url) };
  const directory = present && realChannelDirectory(context.store, present);
  const former = present && directory !== undefined ? { path: present.path, directory } : undefined;
  const path = await updateDebianChannel(context, request, name, former);
  await context.store.addTempRoot(path);
  return { name, path };
}

/** Unsubscribes from a channel and makes a generation without it. */
export async function uninstallChannel(context: ChannelsContext, name: string): Promise<void> {
  const { store, places, temporaryDirectory } = context;
  removeChannel(places.list, name);
  const installed = queryInstalledChannels(store, places.profile);
  if (!installed.delete(name)) return;
  await installChannels(store, places.profile, [...installed.values()], temporaryDirectory);
}

/** Goes back to the generation before, or to the one with this number. No network. */
export function rollbackChannels(
  places: ChannelPlaces,
  generation?: number,
): { readonly from: number | undefined; readonly to: number } {
  return switchGeneration(places.profile, generation ?? 'previous');
}

/** `~/.nix-defexpr` was once a link; C++ Nix replaces it by a directory with the link `channels`. */
function showToNixEnv(defExpr: string, profile: string): void {
  if (lstatSync(defExpr, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(defExpr);
  mkdirSync(defExpr, { recursive: true });
  replaceSymlink(profile, join(defExpr, 'channels'));
}
