/**
 * How the main process talks with the download worker in its sandbox: one JSON object a line. The worker is trusted
 * with nothing: whatever it delivers is hashed again by the main process while it is copied.
 */
import type { UrlFetcherSettings } from './url.ts';

/** First line to the worker. */
export interface WorkerSettings extends UrlFetcherSettings {
  readonly caFile: string | undefined;
}

/** Later lines to the worker. */
export type WorkerRequest =
  | {
      readonly kind: 'download';
      readonly id: number;
      readonly urls: readonly string[];
      /** File name in the worker's directory. */
      readonly name: string;
      /** Hash of the file, `ALGO:BASE16`, when it is known: a file that differs is looked for elsewhere. */
      readonly expectedHash?: string;
      readonly maxSizeBytes?: number;
      /** The result is a NAR (perhaps with xz), to be unpacked. */
      readonly unpack: boolean;
      readonly executable: boolean;
    }
  | { readonly kind: 'cancel'; readonly id: number };

/** Lines from the worker. */
export type WorkerEvent =
  | {
      readonly kind: 'progress';
      readonly id: number;
      readonly doneBytes: number;
      readonly expectedBytes: number;
    }
  | { readonly kind: 'done'; readonly id: number; readonly url: string }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly message: string;
      readonly hint?: string | undefined;
    };
