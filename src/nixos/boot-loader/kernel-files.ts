/**
 * Copies of kernels and initial ramdisks on the boot partition. A copy is named after its store path, so it never
 * changes; it is complete before any menu names it, and goes away only after no menu does.
 */
import { existsSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { copyDurably, syncDirectory } from './durable.ts';

/** `HASH-NAME-bzImage` for `/nix/store/HASH-NAME/bzImage`. */
export function copyName(storeFile: string, extension = ''): string {
  const parts = storeFile.split('/').filter((part) => part !== '');
  const inStore = parts.slice(parts.indexOf('store') + 1);
  return inStore.join('-') + extension;
}

/**
 * Makes the copies in `directory`, freeing room first by deleting copies that neither this menu nor the former one needs.
 *
 * @param files source -> name
 * @throws Error when the partition is full, before anything else is touched
 */
export function copyKernels(
  directory: string,
  files: ReadonlyMap<string, string>,
  neededByFormerMenu: (name: string) => boolean,
): void {
  removeUnused(directory, (name) => neededByFormerMenu(name) || [...files.values()].includes(name));
  checkRoom(directory, files);
  for (const [source, name] of files) copyDurably(source, `${directory}/${name}`);
}

/** Deletes what `isNeeded` does not want. Unfinished copies go away too. */
export function removeUnused(directory: string, isNeeded: (name: string) => boolean): void {
  if (!existsSync(directory)) return;
  let removed = false;
  for (const name of readdirSync(directory)) {
    if (isNeeded(name)) continue;
    rmSync(`${directory}/${name}`, { force: true });
    removed = true;
  }
  if (removed) syncDirectory(directory);
}

function checkRoom(directory: string, files: ReadonlyMap<string, string>): void {
  let needed = 0;
  for (const [source, name] of files) {
    const size = statSync(source).size;
    if (statSync(`${directory}/${name}`, { throwIfNoEntry: false })?.size !== size) needed += size;
  }
  if (needed === 0) return;
  const parent = existsSync(directory) ? directory : directory.slice(0, directory.lastIndexOf('/')) || '/';
  const { bavail, bsize } = statfsSync(existsSync(parent) ? parent : '/');
  if (bavail * bsize >= needed) return;
  const mib = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  throw new Error(
    `'${directory}' has no room for the kernels of all generations: ${mib(needed)} are needed and ${mib(bavail * bsize)} free\n       keep fewer: set the loader's configurationLimit, or delete old generations with 'nix-collect-garbage -d'; the boot menu was not changed`,
  );
}
