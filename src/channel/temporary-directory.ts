/** Scratch directories that go away with their work, also (a day later) those of processes that were killed. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const prefix = '.firn-channel-';
const staleSeconds = 86_400;

/** Makes a fresh directory below `parent` (which is made if need be) and removes it when `work` is done or failed. */
export async function withTemporaryDirectory<T>(
  parent: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  mkdirSync(parent, { recursive: true });
  removeStale(parent);
  const directory = mkdtempSync(join(parent, prefix));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function removeStale(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > staleSeconds * 1000) rmSync(path, { recursive: true, force: true });
  }
}
