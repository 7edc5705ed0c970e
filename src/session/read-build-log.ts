/** The logs that builds left, compressed or not. */
import { existsSync, readFileSync } from 'node:fs';
import { buildLogPath } from '../builder/index.ts';
import type { StorePath } from '../formats/index.ts';
import { decodeBzip2 } from '../platform/index.ts';

/** The log of a derivation's last build as a byte string; `undefined` when there is none. */
export function readBuildLog(logDir: string, derivation: StorePath): string | undefined {
  const path = buildLogPath(logDir, derivation.baseName);
  const compressed = path.endsWith('.bz2') ? path : `${path}.bz2`;
  if (existsSync(compressed)) return Buffer.from(decodeBzip2(readFileSync(compressed))).toString('latin1');
  const plain = compressed.slice(0, -'.bz2'.length);
  return existsSync(plain) ? readFileSync(plain, 'latin1') : undefined;
}
