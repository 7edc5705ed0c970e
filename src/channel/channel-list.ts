/**
 * The user's list of subscribed channels, `~/.nix-channels`: lines of `URL NAME`, `#` starts a comment line. Format
 * and rules are C++ Nix's, with one more scheme: `debian:RELEASE`.
 */
import { readFileSync } from 'node:fs';
import { writeFileAtomically } from '../platform/index.ts';
import { badChannelName, badChannelUrl } from './errors.ts';
import { debianScheme, parseDebianChannel } from './releases.ts';

/** Channel name -> URL, sorted by name. */
export type ChannelList = ReadonlyMap<string, string>;

/** Reads the list; a missing file is an empty one. A line without a name is named after its URL's last part. */
export function readChannelList(path: string): Map<string, string> {
  const channels = new Map<string, string>();
  for (const line of readIfPresent(path).split('\n')) {
    const words = line.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0 || words[0].startsWith('#')) continue;
    const url = words[0].replace(/\/+$/, '');
    channels.set(words[1] ?? defaultName(url), url);
  }
  return new Map([...channels].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Replaces the list, sorted by name. */
export function writeChannelList(path: string, channels: ChannelList): void {
  const lines = [...channels].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, url]) => `${url} ${name}\n`);
  writeFileAtomically(path, lines.join(''));
}

/**
 * Subscribes to a channel (or changes its URL). Without a name, a Debian channel is called `nixos`, which is where
 * `<nixpkgs>` looks; others after their URL's last part, without `-stable` or `-unstable`.
 *
 * @throws UsageError for a URL of another scheme, an unknown release, or a bad name
 */
export function addChannel(path: string, url: string, name: string = defaultAddedName(url)): void {
  if (url.startsWith(debianScheme)) parseDebianChannel(url);
  else if (!/^(file|https?):\/\//.test(url)) throw badChannelUrl(url);
  if (!/^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$/.test(name)) throw badChannelName(name);
  writeChannelList(path, readChannelList(path).set(name, url.replace(/\/+$/, '')));
}

/** Unsubscribes; a name that is not in the list is no error. */
export function removeChannel(path: string, name: string): void {
  const channels = readChannelList(path);
  if (channels.delete(name)) writeChannelList(path, channels);
}

function defaultAddedName(url: string): string {
  return defaultName(url)
    .replace(/-unstable$/, '')
    .replace(/-stable$/, '');
}

function defaultName(url: string): string {
  return url.startsWith(debianScheme) ? 'nixos' : url.slice(url.lastIndexOf('/') + 1);
}

function readIfPresent(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
