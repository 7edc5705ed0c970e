/** One update of a `debian:` channel: the tree is made and added to the store, unless it would be the same again. */
import { join } from 'node:path';
import { encodeBytes } from '../diagnostics/index.ts';
import type { StorePath } from '../formats/index.ts';
import type { WritableStore } from '../store/index.ts';
import { type ArchiveContext, beginPhase, findSuites } from './archive-index.ts';
import { lockedDates, readLock } from './lock.ts';
import { type ChannelRequest, channelKeys, readChannelVersion, writeChannelTree } from './make-channel.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

export interface DebianChannelContext extends Omit<ArchiveContext, 'freshness'> {
  readonly store: WritableStore;
  readonly now: Date;
  readonly maxExpiredSeconds?: number | undefined;
  /** Where trees (100 MB and more) are made before they go to the store. */
  readonly temporaryDirectory: string;
}

/** The channel as it is installed now. */
export interface PresentChannel {
  readonly path: StorePath;
  /** Where the tree really is. */
  readonly directory: string;
}

/**
 * The store path of the channel's newest tree, which holds the directory `name`. Verifies the archive's state; when
 * that, the distribution and the request are those of the `present` tree, that one is the answer.
 */
export async function updateDebianChannel(
  context: DebianChannelContext,
  request: ChannelRequest,
  name: string,
  present: PresentChannel | undefined,
): Promise<StorePath> {
  const { store, now, maxExpiredSeconds, temporaryDirectory } = context;
  const lock = present && readLock(present.directory);
  const archive: ArchiveContext = {
    ...context,
    freshness: { now, maxExpiredSeconds, lockedDates: lockedDates(lock) },
  };
  const suites = await findSuites(archive, request);
  const keys = channelKeys(request, suites);
  if (present && lock?.key === keys.tree) return present.path;
  return withTemporaryDirectory(temporaryDirectory, async (parent) => {
    const directory = join(parent, name);
    await writeChannelTree(archive, request, { suites, keys, directory, former: present?.directory });
    beginPhase(context, 'store');
    return store.addPath(`${name}-${readChannelVersion(directory)}`, encodeBytes(parent));
  });
}
