/** Getting files from elsewhere: downloads over HTTP and HTTPS, in this process or in a sandboxed worker. */
export type { WorkerEvent, WorkerRequest, WorkerSettings } from './download-protocol.ts';
export { serveDownloads } from './download-worker.ts';
export type { FetchContext } from './fetch-context.ts';
export {
  type FetchedInput,
  InputFetcher,
  type RegistryPlaces,
  type RegistryUse,
} from './input-fetcher.ts';
export { readTarEntries, type TarEntry, TarError } from './tar-entries.ts';
export { readTarball, topNames, writeTarball } from './unpack-tarball.ts';
export {
  type DownloadOptions,
  type DownloadRequest,
  type DownloadResult,
  defaultUrlFetcherSettings,
  mirrorUrls,
  UrlFetcher,
  type UrlFetcherSettings,
} from './url.ts';
