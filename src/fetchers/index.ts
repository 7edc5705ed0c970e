/** Getting files from elsewhere: downloads over HTTP and HTTPS, in this process or in a sandboxed worker. */
export type { WorkerEvent, WorkerRequest, WorkerSettings } from './download-protocol.ts';
export { serveDownloads } from './download-worker.ts';
export {
  defaultUrlFetcherSettings,
  type DownloadOptions,
  type DownloadRequest,
  type DownloadResult,
  mirrorUrls,
  UrlFetcher,
  type UrlFetcherSettings,
} from './url.ts';
