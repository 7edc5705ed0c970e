/**
 * System calls that Node does not offer, above all `flock`: without it no lock would exclude a C++ Nix working on
 * the same store. A tiny shared object (`syscall-code.ts`) is written to a private temporary directory, loaded and
 * removed again, once per process; nothing of it stays on disk. See `docs/decisions/0003-locks.md`.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreError } from '../../diagnostics/index.ts';
import { formatSharedObject, type Machine } from './shared-object.ts';
import { EXPORT_NAME, IMPORTS, syscallCode } from './syscall-code.ts';

const MACHINES: Partial<Record<NodeJS.Architecture, Machine>> = { x64: 'x86_64', arm64: 'aarch64' };
const NUMBERS = {
  x86_64: { flock: 73, syncfs: 306, llistxattr: 195, lremovexattr: 198, fallocate: 285, renameat2: 316 },
  aarch64: { flock: 32, syncfs: 267, llistxattr: 12, lremovexattr: 15, fallocate: 47, renameat2: 276 },
} as const;

const EINTR = 4;
const EWOULDBLOCK = 11;
const ENODATA = 61;
const ENOTSUP = 95;

const LOCK_SHARED = 1;
const LOCK_EXCLUSIVE = 2;
const LOCK_NONBLOCKING = 4;
const LOCK_NONE = 8;

const CURRENT_DIRECTORY = -100;
const RENAME_EXCHANGE = 2;

/** Words of a frame, and room behind them for strings and results (names of attributes take at most 64 KiB). */
const HEADER_BYTES = 9 * 8;
const ROOM_BYTES = 2 * 65536;

interface Native {
  readonly machine: Machine;
  /**
   * Result of a call: not negative, or minus the error number. Strings (Unicode) are passed as pointers to their
   * zero-terminated UTF-8, `Buffer`s as they are plus a zero, other arrays as room whose contents come back.
   */
  readonly call: (number: number, ...args: (number | string | Uint8Array)[]) => number;
}

let native: Native | undefined;

/**
 * Takes, changes or gives up the lock on an open file, without waiting.
 *
 * @returns `false` when another open file description holds a conflicting lock
 * @throws StoreError when the file system knows no locks, or system calls cannot be made here
 */
export function tryFlock(descriptor: number, mode: 'shared' | 'exclusive' | 'none'): boolean {
  const { machine, call } = loadNative();
  const operation = { shared: LOCK_SHARED, exclusive: LOCK_EXCLUSIVE, none: LOCK_NONE }[mode];
  for (;;) {
    const result = call(NUMBERS[machine].flock, descriptor, operation | LOCK_NONBLOCKING);
    if (result === 0) return true;
    if (result === -EWOULDBLOCK) return false;
    if (result !== -EINTR) throw new StoreError(`acquiring or releasing a lock failed: error ${-result}`);
  }
}

/** Flushes the whole file system that holds `path`, files and directories: one call instead of one per file. */
export function syncFileSystem(path: string): void {
  const { machine, call } = loadNative();
  const descriptor = openSync(path, 'r');
  try {
    const result = call(NUMBERS[machine].syncfs, descriptor);
    if (result < 0) throw new StoreError(`flushing the file system of '${path}' failed: error ${-result}`);
  } finally {
    closeSync(descriptor);
  }
}

/** Gives an open file its size and its blocks on disk; `false` when there is not enough room, or no such call. */
export function tryAllocate(descriptor: number, sizeBytes: number): boolean {
  const { machine, call } = loadNative();
  return call(NUMBERS[machine].fallocate, descriptor, 0, 0, sizeBytes) === 0;
}

/** Lets two existing names of one file system change places in one step; `false` where that is not possible. */
export function tryExchange(first: string, second: string): boolean {
  const { machine, call } = loadNative();
  const number = NUMBERS[machine].renameat2;
  return call(number, CURRENT_DIRECTORY, first, CURRENT_DIRECTORY, second, RENAME_EXCHANGE) === 0;
}

/**
 * Removes all extended attributes (ACLs, capabilities, user attributes) of a file, directory or link.
 *
 * @returns how many there were
 * @throws StoreError when one cannot be removed
 */
export function stripExtendedAttributes(path: string | Buffer): number {
  const { machine, call } = loadNative();
  const names = new Uint8Array(65536);
  const size = call(NUMBERS[machine].llistxattr, path, names, names.length);
  if (size === -ENOTSUP || size === -ENODATA || size === 0) return 0;
  if (size < 0) throw new StoreError(`querying extended attributes of '${path}' failed: error ${-size}`);
  const list = Buffer.from(names.buffer, 0, size).toString('utf8').split('\0').slice(0, -1);
  for (const name of list) {
    const result = call(NUMBERS[machine].lremovexattr, path, name);
    if (result === 0 || result === -ENODATA) continue;
    throw new StoreError(`removing extended attribute '${name}' from '${path}' failed: error ${-result}`);
  }
  return list.length;
}

/**
 * Loads the module, once; for this folder alone.
 *
 * @throws StoreError when no directory for temporary files allows it
 */
export function loadNative(): Native {
  native ??= load();
  return native;
}

function load(): Native {
  const machine = process.platform === 'linux' ? MACHINES[process.arch] : undefined;
  if (!machine) {
    throw new StoreError(`file locks do not work on ${process.platform} ${process.arch} yet`, {
      hint: 'a store can be opened on Linux, on x86_64 and aarch64',
    });
  }
  const file = formatSharedObject({
    machine,
    exportName: EXPORT_NAME,
    imports: IMPORTS,
    assemble: (table) => syscallCode(machine, table),
  });
  const callFrame = loadFunction(file);
  const frame = new ArrayBuffer(HEADER_BYTES + ROOM_BYTES);
  const words = new BigInt64Array(frame, 0, 9);
  const bytes = new Uint8Array(frame);
  // An impossible call: it fails, and tells the frame's address, which never changes.
  words[0] = -1n;
  callFrame(frame);
  const address = words[8];

  const call: Native['call'] = (number, ...args) => {
    words.fill(0n);
    words[0] = BigInt(number);
    let used = HEADER_BYTES;
    const results: { readonly target: Uint8Array; readonly at: number }[] = [];
    for (const [index, argument] of args.entries()) {
      if (typeof argument === 'number') {
        words[index + 1] = BigInt(argument);
        continue;
      }
      words[index + 1] = address + BigInt(used);
      const data = typeof argument === 'string' ? Buffer.from(argument) : argument;
      if (used + data.length + 8 > bytes.length) throw new StoreError('system call arguments are too long');
      bytes.set(data, used);
      bytes[used + data.length] = 0;
      if (typeof argument !== 'string' && !Buffer.isBuffer(argument))
        results.push({ target: argument, at: used });
      used += (data.length + 8) & ~7;
    }
    callFrame(frame);
    for (const { target, at } of results) target.set(bytes.subarray(at, at + target.length));
    return Number(words[7]);
  };
  return { machine, call };
}

/** Loads the shared object from the first directory where that is allowed (`/tmp` may be mounted `noexec`). */
function loadFunction(file: Uint8Array): (frame: ArrayBuffer) => void {
  let cause: unknown;
  for (const parent of new Set([tmpdir(), '/dev/shm', '/var/tmp', '/run'])) {
    let directory: string | undefined;
    try {
      // A directory of our own (0700): nobody else can put another file there.
      directory = mkdtempSync(join(parent, 'firn-native-'));
      const path = join(directory, 'syscall.node');
      writeFileSync(path, file, { flag: 'wx', mode: 0o700 });
      const module = { exports: {} };
      process.dlopen(module, path);
      return module.exports as (frame: ArrayBuffer) => void;
    } catch (error) {
      cause = error;
    } finally {
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    }
  }
  throw new StoreError(`cannot load the module for file locks: ${(cause as Error).message}`, {
    hint: 'set TMPDIR to a directory on a file system that is not mounted noexec',
    cause,
  });
}
