/** From a lock file to values: the code that calls a flake's `outputs` with its inputs. */
import {
  AttrSet,
  callFunction,
  fetchFinalTree,
  internalFiles,
  type Lazy,
  PrimOp,
  type Runtime,
  treeValue,
  type Value,
} from '../eval/index.ts';
import type { Flake } from './flake-loader.ts';
import type { LockFile, LockNode } from './lock-file.ts';

export interface FlakeToCall {
  readonly flake: Flake;
  readonly lockFile: LockFile;
  /** Directories of nodes that were fetched already. */
  readonly directories: ReadonlyMap<LockNode, string>;
  /** The lock file was changed in passing: the tree is not what its revision says. */
  readonly isDirty: boolean;
}

/** The flake as `getFlake` gives it; its outputs are computed when they are used. */
export function callFlake(runtime: Runtime, toCall: FlakeToCall): Value {
  const { text, keys } = toCall.lockFile.print();
  const given = [...toCall.directories].map(([node, directory]): [string, Lazy] => [
    keys.get(node)!,
    givenTree(runtime, toCall, node, directory),
  ]);
  const file = runtime.importFile(`${internalFiles}/call-flake.nix`, 0);
  return callFunction(file, [text, AttrSet.from(given), new PrimOp(fetchFinalTree, runtime)], 0);
}

function givenTree(
  runtime: Runtime,
  { flake, lockFile, isDirty }: FlakeToCall,
  node: LockNode,
  directory: string,
) {
  const { storeDir } = runtime.io;
  const [name, ...below] = directory.slice(storeDir.length + 1).split('/');
  const isRoot = node === lockFile.root;
  const attrs = isRoot ? flake.locked.input.attrs : node.lock!.locked.input.attrs;
  return AttrSet.from([
    ['sourceInfo', treeValue(`${storeDir}/${name}`, attrs, { dirty: isRoot && isDirty })],
    ['dir', below.join('/')],
  ]);
}
