/** From a `debian:` name to a channel tree on disk: the whole of this part's work for one update. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type ArchiveContext,
  type ArchiveIndex,
  type ArchiveRequest,
  beginPhase,
  findSuites,
  readArchive,
} from './archive-index.ts';
import { writeBootstrap } from './bootstrap.ts';
import { archiveFileNames, writeArchiveFiles } from './channel-tree.ts';
import { copyFiles, listFiles } from './copy-tree.ts';
import { copyDistribution, type DistributionFiles, hashDistribution } from './distribution-files.ts';
import { sha256Hex } from './download-cache.ts';
import { type ChannelLock, formatLock, lockSuites, readLock } from './lock.ts';
import type { VerifiedSuite } from './suite.ts';

export interface ChannelRequest extends ArchiveRequest {
  readonly distribution: DistributionFiles;
}

/** Raised whenever the generator would make another tree from the same input. */
const generatorVersion = 3;

/** Name everything that a tree is made from, as 64 hexadecimal digits: with the same key comes the same content. */
export interface ChannelKeys {
  /** Of the files that hold the archive. */
  readonly archive: string;
  /** Of the whole tree. */
  readonly tree: string;
}

/** The keys of the tree that would be made. Reads the distribution's files. */
export function channelKeys(request: ChannelRequest, suites: readonly VerifiedSuite[]): ChannelKeys {
  const state = suites.map(({ suite, mirror, textSha256 }) => [suite.name, mirror, textSha256]);
  const { channel, system, components, distribution } = request;
  const options = [channel.release.codename, channel.small, system, components];
  const archive = sha256Hex(JSON.stringify([generatorVersion, options, state]));
  return { archive, tree: sha256Hex(JSON.stringify([archive, hashDistribution(distribution)])) };
}

export interface TreePlan {
  readonly suites: readonly VerifiedSuite[];
  readonly keys: ChannelKeys;
  /** Must not exist. */
  readonly directory: string;
  /** A tree from which the archive's files are copied when they would be the same. */
  readonly former?: string | undefined;
}

/**
 * Finds the archive's state and writes its channel tree into `directory`, which must not exist.
 *
 * @throws NixError of any step; nothing is left behind
 */
export async function makeChannelTree(
  context: ArchiveContext,
  request: ChannelRequest,
  directory: string,
): Promise<ArchiveIndex> {
  const suites = await findSuites(context, request);
  const index = await writeChannelTree(context, request, {
    suites,
    keys: channelKeys(request, suites),
    directory,
  });
  return index!;
}

/**
 * Writes a channel tree. Until it is whole it stands beside its directory under a temporary name, which is removed on
 * failure. Gives the archive's index, unless its files were copied from the former tree.
 */
export async function writeChannelTree(
  context: ArchiveContext,
  request: ChannelRequest,
  plan: TreePlan,
): Promise<ArchiveIndex | undefined> {
  if (existsSync(plan.directory)) throw new Error(`'${plan.directory}' exists already`);
  const temporary = `${plan.directory}.tmp-${process.pid}`;
  mkdirSync(dirname(plan.directory), { recursive: true });
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  try {
    const former = plan.former === undefined ? undefined : readLock(plan.former);
    const isSame = former?.archiveKey === plan.keys.archive;
    const index = isSame
      ? copyArchive(context, plan.former!, temporary)
      : await writeArchive(context, request, plan, temporary);
    copyDistribution(request.distribution, temporary);
    const suites = index ? lockSuites(index) : former!.suites;
    const lock: ChannelLock = { format: 1, key: plan.keys.tree, archiveKey: plan.keys.archive, suites };
    writeFileSync(join(temporary, 'lock.json'), formatLock(lock));
    renameSync(temporary, plan.directory);
    return index;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function writeArchive(
  context: ArchiveContext,
  request: ChannelRequest,
  plan: TreePlan,
  directory: string,
): Promise<ArchiveIndex> {
  const index = await readArchive(context, request, plan.suites);
  beginPhase(context, 'tree');
  writeArchiveFiles(directory, index);
  beginPhase(context, 'bootstrap');
  await writeBootstrap(context, index, join(directory, 'bootstrap'));
  return index;
}

function copyArchive(context: ArchiveContext, former: string, directory: string): undefined {
  beginPhase(context, 'tree');
  for (const name of archiveFileNames) copyFiles(listFiles(join(former, name), name), directory);
}

/** The version of the channel tree in `directory`, such as `26.11.20261121.abcdef0`. */
export function readChannelVersion(directory: string): string {
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  return read('.version') + read('.version-suffix');
}
