/**
 * Host paths as byte strings, and as Node wants them: text where the bytes are ASCII (nearly always), a `Buffer`
 * otherwise, so that file names that are not UTF-8 survive.
 */
import { encodeBytes } from '../diagnostics/index.ts';

const ASCII = /^[\x00-\x7f]*$/;

/** A byte string path in the form that `node:fs` takes. */
export function toNodePath(path: string): string | Buffer {
  return ASCII.test(path) ? path : Buffer.from(path, 'latin1');
}

/** A name or link target that Node returned as bytes, as a byte string. */
export function fromNodeBytes(bytes: Buffer): string {
  return bytes.toString('latin1');
}

/** A Unicode path as a byte string. */
export function toBytePath(path: string): string {
  return encodeBytes(path);
}
