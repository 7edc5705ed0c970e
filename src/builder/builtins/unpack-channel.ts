/** `builtin:unpack-channel`: the one directory in a tarball, under the name that the user gave to the channel. */
import { mkdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readTarball, topNames, writeTarball } from '../../fetchers/index.ts';
import { requiredVariable } from './variables.ts';

/** Unpacks what the variables `src`, `channelName` and `out` describe. */
export async function unpackChannel(variables: NodeJS.ProcessEnv): Promise<void> {
  const [out, name, source] = ['out', 'channelName', 'src'].map((each) => requiredVariable(variables, each));
  if (basename(name) !== name || name === '..') {
    throw new Error(`channelName is not allowed to contain filesystem separators, got '${name}'`);
  }
  const entries = await readTarball(readFileSync(source), source);
  const names = topNames(entries);
  if (names.length === 0) throw new Error(`channel tarball '${source}' is empty`);
  if (names.length > 1) throw new Error(`channel tarball '${source}' contains more than one file`);
  mkdirSync(out);
  writeTarball(entries, out, name, source);
}
