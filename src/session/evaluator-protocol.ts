/** The messages between the main thread and the evaluator's Worker. */
import type { MessagePort } from 'node:worker_threads';
import type { TransferredError } from './error-transfer.ts';
import type { EvaluationRequest } from './evaluation.ts';
import type { EvaluationInputs } from './evaluation-inputs.ts';
import type { SearchPathEntry } from './search-path.ts';
import type { Settings } from './settings.ts';

/** What the Worker is started with. */
export interface EvaluatorWorkerData {
  readonly port: MessagePort;
  readonly signal: Int32Array<SharedArrayBuffer>;
  readonly settings: Settings;
  readonly storeDir: string;
  readonly realStoreDir: string;
  readonly searchPath: readonly SearchPathEntry[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether replies tell what evaluation learned. */
  readonly recordInputs: boolean;
  /** Whether each evaluation begins anew, with nothing kept but code: for a Worker that outlives commands. */
  readonly keepCode?: boolean;
}

export type WorkerRequest =
  | {
      readonly kind: 'evaluate';
      readonly request: EvaluationRequest;
      /** The environment, where it may be another than that at the start. */
      readonly env?: Readonly<Record<string, string | undefined>> | undefined;
    }
  | { readonly kind: 'findFile'; readonly name: string };

export type WorkerReply = ({ readonly value: unknown } | { readonly error: TransferredError }) & {
  /** What evaluation learned so far, where that is recorded. */
  readonly learned?: EvaluationInputs | undefined;
};
