/** Channels: from a Debian release's signed archive to a channel tree, and `nix-channel`'s generations. */
export type { ArchiveIndex } from './archive-index.ts';
export { type Download, httpDownload } from './download.ts';
export { DownloadCache } from './download-cache.ts';
export { type ChannelRequest, makeChannelTree } from './make-channel.ts';
export { debianScheme, parseDebianChannel } from './releases.ts';
