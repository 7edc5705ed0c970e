/**
 * Takes what a builder left into the store: checks it, moves it, and makes all outputs valid at once. The builder is
 * dead. Whatever fails on the way, no output becomes valid, and what had been moved already is deleted again.
 */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Derivation } from '../formats/index.ts';
import { type Hash, parseStorePath, type StorePath } from '../formats/index.ts';
import { deleteTree } from '../platform/index.ts';
import {
  contentsAreGood,
  dumpFile,
  dumpTree,
  HashSink,
  type PathInfo,
  type TakenOutput,
  type WritableStore,
} from '../store/index.ts';
import type { ClosureFinder } from './closure.ts';
import type { DerivationOptions } from './derivation-options.ts';
import { outputCycle, outputMissing, rejected, suspiciousOutput } from './errors.ts';
import { checkFixedOutput, checkOutputs, fixedOutput } from './output-checks.ts';

export interface FinishedBuild {
  readonly store: WritableStore;
  readonly drvPath: StorePath;
  /** As printed, for messages. */
  readonly drvPathText: string;
  readonly derivation: Derivation;
  readonly options: DerivationOptions;
  readonly closures: ClosureFinder;
  readonly inputs: readonly StorePath[];
  /** Directory in which the builder left its outputs, named as in the store. */
  readonly outputDirectory: string;
  /** The build user, when there was one: everything must belong to it. */
  readonly ownerUid: number | undefined;
  /** Valid outputs whose contents are not good are replaced. */
  readonly repair: boolean;
}

/** Registers all outputs. Throws `BuildError` when one is refused. The caller holds the outputs' locks. */
export async function registerOutputs(build: FinishedBuild): Promise<void> {
  const taken = new Map<string, PathInfo>();
  try {
    for (const [name, path] of outputPaths(build)) checkLeftBehind(build, name, path);
    for (const [name, path] of outputPaths(build)) {
      if (await isGood(build, path)) taken.set(name, build.closures.info(path));
      else taken.set(name, await takeOutput(build, name, path));
    }
    checkCycles(build, taken);
    checkOutputs({ ...build, storeDir: build.store.storeDir, drvPath: build.drvPathText, outputs: taken });
    build.store.registerValidPaths([...taken.values()]);
    for (const { path } of taken.values()) build.closures.forget(path);
  } catch (error) {
    for (const [, path] of outputPaths(build)) {
      if (!build.store.isValidPath(path)) await deleteTree(build.store.toRealPath(path));
    }
    throw error;
  }
}

/** Whether an output that is valid may stay as it is. */
async function isGood(build: FinishedBuild, path: StorePath): Promise<boolean> {
  return build.store.isValidPath(path) && (!build.repair || (await contentsAreGood(build.store, path)));
}

function outputPaths(build: FinishedBuild): [string, StorePath][] {
  return [...build.derivation.outputs].map(([name, output]) => [
    name,
    parseStorePath(build.store.storeDir, output.path),
  ]);
}

/** The top of an output: there, of the build user, writable by nobody else. */
function checkLeftBehind(build: FinishedBuild, name: string, path: StorePath): void {
  const left = join(build.outputDirectory, path.baseName);
  const stat = lstatSync(left, { throwIfNoEntry: false });
  if (!stat) throw outputMissing(build.drvPathText, name, build.derivation.outputs.get(name)!.path);
  const foreign = build.ownerUid !== undefined && stat.uid !== build.ownerUid;
  if (foreign || (!stat.isSymbolicLink() && (stat.mode & 0o022) !== 0)) throw suspiciousOutput(left, name);
}

async function takeOutput(build: FinishedBuild, name: string, path: StorePath): Promise<PathInfo> {
  const { store, derivation, options } = build;
  const fixed = fixedOutput(derivation);
  const own = outputPaths(build).map(([, each]) => each);
  const output = await store.takeOutput({
    from: join(build.outputDirectory, path.baseName),
    path,
    candidates: options.unsafeDiscardReferences.has(name) ? [] : [...build.inputs, ...own],
    ownerUid: build.ownerUid,
    copy: fixed !== undefined,
    replace: store.isValidPath(path),
  });
  if (fixed) {
    const got = await hashOutput(store.toRealPath(path), fixed, output);
    checkFixedOutput({
      storeDir: store.storeDir,
      drvPath: build.drvPathText,
      wanted: fixed.hash,
      got,
      references: output.references,
    });
  }
  return {
    path,
    narHash: output.narHash,
    narSizeBytes: output.narSizeBytes,
    references: output.references,
    deriver: build.drvPath,
    registrationTimeSeconds: 0,
    ultimate: true,
    signatures: [],
    ...(fixed ? { contentAddress: { method: fixed.method, hash: fixed.hash } } : {}),
  };
}

/** The hash of a fixed output's contents as its derivation counts it: of the file, or of the archive of the tree. */
async function hashOutput(
  path: string,
  fixed: { method: 'flat' | 'nar' | 'text'; hash: Hash },
  output: TakenOutput,
): Promise<Hash> {
  if (fixed.method === 'nar' && fixed.hash.algorithm === output.narHash.algorithm) return output.narHash;
  const sink = new HashSink(fixed.hash.algorithm);
  const write = (chunk: Uint8Array) => sink.write(chunk);
  if (fixed.method === 'nar') await dumpTree(Buffer.from(path).toString('latin1'), write);
  else {
    const stat = lstatSync(path);
    if (!stat.isFile() || (stat.mode & 0o111) !== 0) {
      throw rejected(
        'output-not-flat',
        `output path '${path}' should be a non-executable regular file since recursive hashing is not enabled (outputHashMode=flat)`,
      );
    }
    await dumpFile(Buffer.from(path).toString('latin1'), write);
  }
  return sink.finish();
}

/** Outputs of one derivation may refer to each other, but not in a circle. */
function checkCycles(build: FinishedBuild, outputs: ReadonlyMap<string, PathInfo>): void {
  const names = new Map([...outputs].map(([name, info]) => [info.path.baseName, name]));
  const state = new Map<string, 'open' | 'done'>();
  const visit = (name: string, from: string) => {
    if (state.get(name) === 'open') throw outputCycle(build.drvPathText, name, from);
    if (state.has(name)) return;
    state.set(name, 'open');
    for (const reference of outputs.get(name)!.references) {
      const sibling = names.get(reference.baseName);
      if (sibling !== undefined && sibling !== name) visit(sibling, name);
    }
    state.set(name, 'done');
  };
  for (const name of outputs.keys()) visit(name, name);
}
