/** Channels: from a Debian release's signed archive to a channel tree, and `nix-channel`'s generations. */
export type { ArchiveContext, ArchiveIndex } from './archive-index.ts';
export { type BootstrapProgram, writeBootstrap } from './bootstrap.ts';
export { addChannel, type ChannelList, readChannelList } from './channel-list.ts';
export {
  type ChannelPlaces,
  type ChannelsContext,
  rollbackChannels,
  uninstallChannel,
  updateChannels,
} from './channels.ts';
export { type DistributionFiles, hashDistribution } from './distribution-files.ts';
export { type Download, fetcherDownload } from './download.ts';
export { DownloadCache } from './download-cache.ts';
export { pruneDownloads } from './kept-downloads.ts';
export { type ChannelRequest, makeChannelTree } from './make-channel.ts';
export { debianScheme, parseDebianChannel } from './releases.ts';
