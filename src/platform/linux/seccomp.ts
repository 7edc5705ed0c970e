/**
 * The seccomp filter of build sandboxes, as a classic BPF program for `bwrap --seccomp FD`.
 *
 * What it refuses, whatever the machine's word size the caller uses: setting the setuid and setgid bits (EPERM:
 * such a file would let another user become the build user later), extended attributes and ACLs (ENOTSUP: a NAR
 * cannot hold them), making device nodes (EPERM), and io_uring (ENOSYS: its requests pass the filter by).
 * Builds that share the host's network may not open UNIX sockets either (EAFNOSUPPORT), because abstract socket
 * names belong to the network namespace and would let a builder hand descriptors to processes outside.
 *
 * Layout of what the filter sees, `struct seccomp_data`: syscall number (u32 at 0), architecture (u32 at 4),
 * instruction pointer (u64 at 8), six arguments (u64 each from 16; we look at the low halves, little-endian).
 * Numbers and constants: the kernel's `unistd` tables, `linux/audit.h`, `linux/seccomp.h`, `linux/filter.h`.
 */

/** Processors whose native and 32-bit system calls are known here; named as `process.arch` does. */
export type FilterArchitecture = 'x64' | 'arm64';

export interface FilterOptions {
  readonly architecture: FilterArchitecture;
  /** Refuse `socket(AF_UNIX)`: for builds in the host's network namespace. */
  readonly denyUnixSockets: boolean;
}

interface SyscallTable {
  /** `AUDIT_ARCH_*`. */
  readonly audit: number;
  /** Bits of the syscall number that only choose a variant (x32). */
  readonly ignoredBits: number;
  /** `[number, index of the mode argument]` */
  readonly chmod: readonly (readonly [number, number])[];
  readonly mknod: readonly (readonly [number, number])[];
  readonly xattr: readonly number[];
  readonly socket: number;
  /** The old multiplexer, whose arguments lie behind a pointer. */
  readonly socketcall?: number;
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
/** Equal on every architecture: system calls since Linux 5.1 share their numbers. */
const fchmodat2 = [452, 2] as const;
const xattrAt = range(463, 466);
const ioUringSetup = 425;

const tables: Readonly<Record<'x86_64' | 'i386' | 'aarch64' | 'arm', SyscallTable>> = {
  x86_64: {
    audit: 0xc000003e,
    ignoredBits: 0x40000000,
    chmod: [[90, 1], [91, 1], [268, 2], fchmodat2],
    mknod: [
      [133, 1],
      [259, 2],
    ],
    xattr: [...range(188, 199), ...xattrAt],
    socket: 41,
  },
  i386: {
    audit: 0x40000003,
    ignoredBits: 0,
    chmod: [[15, 1], [94, 1], [306, 2], fchmodat2],
    mknod: [
      [14, 1],
      [297, 2],
    ],
    xattr: [...range(226, 237), ...xattrAt],
    socket: 359,
    socketcall: 102,
  },
  aarch64: {
    audit: 0xc00000b7,
    ignoredBits: 0,
    chmod: [[52, 1], [53, 2], fchmodat2],
    mknod: [[33, 2]],
    xattr: [...range(5, 16), ...xattrAt],
    socket: 198,
  },
  arm: {
    audit: 0x40000028,
    ignoredBits: 0,
    chmod: [[15, 1], [94, 1], [333, 2], fchmodat2],
    mknod: [
      [14, 1],
      [324, 2],
    ],
    xattr: [...range(226, 237), ...xattrAt],
    socket: 281,
    socketcall: 102,
  },
};

const tablesOf: Readonly<Record<FilterArchitecture, readonly SyscallTable[]>> = {
  x64: [tables.x86_64, tables.i386],
  arm64: [tables.aarch64, tables.arm],
};

const errno = { EPERM: 1, ENOSYS: 38, ENOTSUP: 95, EAFNOSUPPORT: 97 } as const;
const action = { allow: 0x7fff0000, errno: 0x00050000, killProcess: 0x80000000 } as const;
const op = {
  loadWord: 0x20, // BPF_LD | BPF_W | BPF_ABS
  and: 0x54, // BPF_ALU | BPF_AND | BPF_K
  jumpEqual: 0x15, // BPF_JMP | BPF_JEQ | BPF_K
  jumpSet: 0x45, // BPF_JMP | BPF_JSET | BPF_K
  jumpAlways: 0x05, // BPF_JMP | BPF_JA
  return: 0x06, // BPF_RET | BPF_K
} as const;

const numberOffset = 0;
const architectureOffset = 4;
const argumentOffset = (index: number) => 16 + 8 * index;

const setIdBits = 0o6000;
const fileTypeMask = 0o170000;
const characterDevice = 0o020000;
const blockDevice = 0o060000;
const addressFamilyUnix = 1;

interface Instruction {
  readonly code: number;
  /** Instructions to skip when the comparison holds, and when it does not. */
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly value: number;
}

const instruction = (code: number, value: number, ifTrue = 0, ifFalse = 0): Instruction => ({
  code,
  ifTrue,
  ifFalse,
  value,
});
const load = (offset: number) => instruction(op.loadWord, offset);
const finish = (value: number) => instruction(op.return, value);
const refuse = (code: number) => finish(action.errno | code);
const allow = finish(action.allow);

/** `body` for one syscall; it must end in a return, for the number is not in the accumulator afterwards. */
function forSyscall(number: number, body: readonly Instruction[]): Instruction[] {
  return [instruction(op.jumpEqual, number, 0, body.length), ...body];
}

function rulesFor(table: SyscallTable, options: FilterOptions): Instruction[] {
  const rules: Instruction[] = [];
  for (const [number, argument] of table.chmod) {
    const test = instruction(op.jumpSet, setIdBits, 0, 1);
    rules.push(...forSyscall(number, [load(argumentOffset(argument)), test, refuse(errno.EPERM), allow]));
  }
  for (const [number, argument] of table.mknod) {
    const body = [
      load(argumentOffset(argument)),
      instruction(op.and, fileTypeMask),
      instruction(op.jumpEqual, characterDevice, 1, 0),
      instruction(op.jumpEqual, blockDevice, 0, 1),
      refuse(errno.EPERM),
      allow,
    ];
    rules.push(...forSyscall(number, body));
  }
  for (const number of table.xattr) rules.push(...forSyscall(number, [refuse(errno.ENOTSUP)]));
  rules.push(...forSyscall(ioUringSetup, [refuse(errno.ENOSYS)]));
  if (options.denyUnixSockets) rules.push(...socketRules(table));
  return rules;
}

function socketRules(table: SyscallTable): Instruction[] {
  const test = instruction(op.jumpEqual, addressFamilyUnix, 0, 1);
  const body = [load(argumentOffset(0)), test, refuse(errno.EAFNOSUPPORT), allow];
  const multiplexer =
    table.socketcall === undefined ? [] : forSyscall(table.socketcall, [refuse(errno.ENOSYS)]);
  return [...forSyscall(table.socket, body), ...multiplexer];
}

/** The filter as an array of `struct sock_filter` (8 bytes each, little-endian). Pure. */
export function buildSeccompFilter(options: FilterOptions): Uint8Array {
  const program: Instruction[] = [load(architectureOffset)];
  for (const table of tablesOf[options.architecture]) {
    const block = [
      load(numberOffset),
      ...(table.ignoredBits === 0 ? [] : [instruction(op.and, ~table.ignoredBits >>> 0)]),
      ...rulesFor(table, options),
      allow,
    ];
    // A block is longer than the 255 instructions that a conditional jump can skip.
    program.push(
      instruction(op.jumpEqual, table.audit, 1, 0),
      instruction(op.jumpAlways, block.length),
      ...block,
    );
  }
  program.push(finish(action.killProcess));
  return encode(program);
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, each] of program.entries()) {
    view.setUint16(index * 8, each.code, true);
    view.setUint8(index * 8 + 2, each.ifTrue);
    view.setUint8(index * 8 + 3, each.ifFalse);
    view.setUint32(index * 8 + 4, each.value >>> 0, true);
  }
  return bytes;
}
