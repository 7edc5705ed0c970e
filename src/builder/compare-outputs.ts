/** `--check`: the outputs of a second build against the registered ones. Nothing is registered. */
import { lstatSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { equalHashes, parseStorePath } from '../formats/index.ts';
import { deleteTree } from '../platform/index.ts';
import { canonicalisePathMetaData, scanReferences } from '../store/index.ts';
import { notDeterministic, outputMissing } from './errors.ts';
import type { FinishedBuild } from './register-outputs.ts';

/**
 * Throws `BuildError` (exit status 104) for the first output that differs. With `keep`, the differing one is left beside
 * the registered one, as `PATH.check`.
 */
export async function compareOutputs(build: FinishedBuild, keep: boolean): Promise<void> {
  for (const [name, output] of build.derivation.outputs) {
    const path = parseStorePath(build.store.storeDir, output.path);
    const left = join(build.outputDirectory, path.baseName);
    if (!lstatSync(left, { throwIfNoEntry: false }))
      throw outputMissing(build.drvPathText, name, output.path);
    const bytePath = Buffer.from(left).toString('latin1');
    await canonicalisePathMetaData(bytePath, { ownerUid: build.ownerUid });
    const { narHash } = await scanReferences(bytePath, []);
    if (equalHashes(narHash, build.closures.info(path).narHash)) continue;
    if (!keep) throw notDeterministic(build.drvPathText, output.path, undefined);
    const kept = `${build.store.toRealPath(path)}.check`;
    await deleteTree(kept);
    renameSync(left, kept);
    throw notDeterministic(build.drvPathText, output.path, `${output.path}.check`);
  }
}
