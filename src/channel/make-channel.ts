/** From a `debian:` name to a channel tree on disk: the whole of this part's work for one update. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type ArchiveContext,
  type ArchiveIndex,
  type ArchiveRequest,
  findSuites,
  readArchive,
} from './archive-index.ts';
import { writeBootstrap } from './bootstrap.ts';
import { writeArchiveFiles } from './channel-tree.ts';
import { copyDistribution, type DistributionFiles } from './distribution-files.ts';

export interface ChannelRequest extends ArchiveRequest {
  readonly distribution: DistributionFiles;
}

/**
 * Writes the channel tree into `directory`, which must not exist; its parent must. Until it is whole it stands
 * beside it under a temporary name, which is removed on failure.
 */
export async function makeChannelTree(
  context: ArchiveContext,
  request: ChannelRequest,
  directory: string,
): Promise<ArchiveIndex> {
  if (existsSync(directory)) throw new Error(`'${directory}' exists already`);
  const temporary = `${directory}.tmp-${process.pid}`;
  mkdirSync(dirname(directory), { recursive: true });
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  try {
    const index = await readArchive(context, request, await findSuites(context, request));
    context.onPhase?.('tree');
    copyDistribution(request.distribution, temporary);
    writeArchiveFiles(temporary, index);
    context.onPhase?.('bootstrap');
    await writeBootstrap(context, index, `${temporary}/bootstrap`);
    renameSync(temporary, directory);
    return index;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
