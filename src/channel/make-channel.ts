/** From a `debian:` name to a channel tree on disk: the whole of this part's work for one update. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type ArchiveContext,
  type ArchiveIndex,
  type ArchiveRequest,
  findSuites,
  readArchive,
} from './archive-index.ts';
import { writeBootstrap } from './bootstrap.ts';
import { writeArchiveFiles } from './channel-tree.ts';
import { copyDistribution, type DistributionFiles, hashDistribution } from './distribution-files.ts';
import { sha256Hex } from './download-cache.ts';
import type { VerifiedSuite } from './suite.ts';

export interface ChannelRequest extends ArchiveRequest {
  readonly distribution: DistributionFiles;
}

/** Raised whenever the generator would make another tree from the same input. */
const generatorVersion = 1;

/**
 * Names everything that a tree is made from, as 64 hexadecimal digits: two requests with the same key give the same
 * tree. Reads the distribution's files.
 */
export function channelKey(request: ChannelRequest, suites: readonly VerifiedSuite[]): string {
  const state = suites.map(({ suite, mirror, textSha256 }) => [suite.name, mirror, textSha256]);
  const { channel, system, components, distribution } = request;
  const options = [channel.release.codename, channel.small, system, components];
  return sha256Hex(JSON.stringify([generatorVersion, options, state, hashDistribution(distribution)]));
}

/**
 * Finds the archive's state and writes its channel tree into `directory`; see `writeChannelTree`.
 *
 * @throws NixError of any step; nothing is left behind
 */
export async function makeChannelTree(
  context: ArchiveContext,
  request: ChannelRequest,
  directory: string,
): Promise<ArchiveIndex> {
  return writeChannelTree(context, request, { suites: await findSuites(context, request), directory });
}

/**
 * Writes the channel tree of verified suites into `directory`, which must not exist. Until it is whole it stands beside it under a
 * temporary name, which is removed on failure.
 */
export async function writeChannelTree(
  context: ArchiveContext,
  request: ChannelRequest,
  { suites, directory }: { readonly suites: readonly VerifiedSuite[]; readonly directory: string },
): Promise<ArchiveIndex> {
  if (existsSync(directory)) throw new Error(`'${directory}' exists already`);
  const temporary = `${directory}.tmp-${process.pid}`;
  mkdirSync(dirname(directory), { recursive: true });
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  try {
    const index = await readArchive(context, request, suites);
    context.onPhase?.('tree');
    copyDistribution(request.distribution, temporary);
    writeArchiveFiles(temporary, index, channelKey(request, suites));
    context.onPhase?.('bootstrap');
    await writeBootstrap(context, index, join(temporary, 'bootstrap'));
    renameSync(temporary, directory);
    return index;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
