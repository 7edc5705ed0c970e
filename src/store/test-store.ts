/** Scratch stores for tests of this folder. */
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryLogger } from '../diagnostics/index.ts';
import { deleteTree } from '../platform/index.ts';
import { LocalStore, type LocalStoreOptions } from './local-store.ts';
import type { StorePlaces } from './store-directories.ts';

/** A directory that is deleted, read-only trees included, when the scope ends. */
export class ScratchDirectory implements AsyncDisposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'store-test-')));

  async [Symbol.asyncDispose](): Promise<void> {
    await deleteTree(this.path);
  }
}

/** Where the parts of a chroot store below `root` are. */
export function placesBelow(root: string): StorePlaces {
  return {
    storeDir: '/nix/store',
    realStoreDir: join(root, 'nix/store'),
    stateDir: join(root, 'nix/var/nix'),
    logDir: join(root, 'nix/var/log/nix'),
  };
}

/** A store below `root`, with a small reserve, that keeps its messages. */
export async function openTestStore(
  root: string,
  options: Partial<LocalStoreOptions> = {},
): Promise<LocalStore & { readonly logger: MemoryLogger }> {
  const logger = new MemoryLogger(7);
  const store = await LocalStore.open({ ...placesBelow(root), reserveBytes: 4096, logger, ...options });
  return store as LocalStore & { readonly logger: MemoryLogger };
}

/** A fresh store in a scratch directory; both end with the scope. */
export class ScratchStore implements AsyncDisposable {
  readonly directory: ScratchDirectory;
  readonly store: LocalStore & { readonly logger: MemoryLogger };

  private constructor(directory: ScratchDirectory, store: LocalStore & { readonly logger: MemoryLogger }) {
    this.directory = directory;
    this.store = store;
  }

  static async open(options: Partial<LocalStoreOptions> = {}): Promise<ScratchStore> {
    const directory = new ScratchDirectory();
    return new ScratchStore(directory, await openTestStore(directory.path, options));
  }

  /** The texts that were logged. */
  get messages(): string[] {
    return [
      ...this.store.logger.messages.map((entry) => entry.message),
      ...this.store.logger.errors.map(String),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store.close();
    await this.directory[Symbol.asyncDispose]();
  }
}
