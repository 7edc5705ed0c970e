/** The injected hash function of `EvalIo` in the form that `formats` wants it. */
import type { Hasher } from '../../formats/index.ts';
import type { Runtime } from '../runtime.ts';

/** Hashes bytes through `EvalIo`. */
export function hasherOf(runtime: Runtime): Hasher {
  return runtime.memo('hasher', () => (algorithm, data) => {
    const digest = runtime.io.hash(algorithm, typeof data === 'string' ? data : byteString(data));
    return Uint8Array.from(digest, (character) => character.charCodeAt(0));
  });
}

function byteString(bytes: Uint8Array): string {
  let text = '';
  // Pieces, because a call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
}
