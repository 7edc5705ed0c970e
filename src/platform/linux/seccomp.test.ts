import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSeccompFilter, type FilterArchitecture } from './seccomp.ts';

/** A classic BPF interpreter for the opcodes that filters use; returns the action and errno. */
function run(
  program: Uint8Array,
  call: { nr: number; arch: number; args?: readonly number[] },
): { action: number; errno: number } {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.nr, true);
  data.setUint32(4, call.arch, true);
  for (const [i, value] of (call.args ?? []).entries()) data.setUint32(16 + 8 * i, value, true);
  const view = new DataView(program.buffer);
  let accumulator = 0;
  for (let pc = 0; pc < program.length / 8; pc++) {
    const code = view.getUint16(pc * 8, true);
    const ifTrue = view.getUint8(pc * 8 + 2);
    const ifFalse = view.getUint8(pc * 8 + 3);
    const k = view.getUint32(pc * 8 + 4, true);
    if (code === 0x20) accumulator = data.getUint32(k, true);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x15) pc += accumulator === k ? ifTrue : ifFalse;
    else if (code === 0x45) pc += (accumulator & k) !== 0 ? ifTrue : ifFalse;
    else if (code === 0x05) pc += k;
    else if (code === 0x06) return { action: (k & 0xffff0000) >>> 0, errno: k & 0xffff };
    else assert.fail(`unknown opcode ${code} at ${pc}`);
  }
  assert.fail('ran off the end');
}

const x64 = 0xc000003e;
const i386 = 0x40000003;
const arm64 = 0xc00000b7;
const arm = 0x40000028;
const allowed = { action: 0x7fff0000, errno: 0 };
const refused = (errno: number) => ({ action: 0x00050000, errno });

interface Row {
  name: string;
  cpu: FilterArchitecture;
  arch: number;
  nr: number;
  args?: number[];
  unix?: boolean;
  expected: { action: number; errno: number };
}

const rows: Row[] = [
  { name: 'chmod 755', cpu: 'x64', arch: x64, nr: 90, args: [0, 0o755], expected: allowed },
  { name: 'chmod 4755', cpu: 'x64', arch: x64, nr: 90, args: [0, 0o4755], expected: refused(1) },
  { name: 'fchmod 2755', cpu: 'x64', arch: x64, nr: 91, args: [3, 0o2755], expected: refused(1) },
  { name: 'fchmodat 4000', cpu: 'x64', arch: x64, nr: 268, args: [0, 0, 0o4000], expected: refused(1) },
  { name: 'fchmodat2 6755', cpu: 'x64', arch: x64, nr: 452, args: [0, 0, 0o6755], expected: refused(1) },
  { name: 'fchmodat2 sticky', cpu: 'x64', arch: x64, nr: 452, args: [0, 0, 0o1777], expected: allowed },
  { name: 'x32 chmod', cpu: 'x64', arch: x64, nr: 0x4000005a, args: [0, 0o4755], expected: refused(1) },
  { name: 'i386 chmod', cpu: 'x64', arch: i386, nr: 15, args: [0, 0o4755], expected: refused(1) },
  {
    name: 'i386 number on x86_64 is another call',
    cpu: 'x64',
    arch: x64,
    nr: 15,
    args: [0, 0o4755],
    expected: allowed,
  },
  { name: 'setxattr', cpu: 'x64', arch: x64, nr: 188, expected: refused(95) },
  { name: 'setxattrat', cpu: 'x64', arch: x64, nr: 463, expected: refused(95) },
  { name: 'i386 fremovexattr', cpu: 'x64', arch: i386, nr: 237, expected: refused(95) },
  { name: 'mknod fifo', cpu: 'x64', arch: x64, nr: 133, args: [0, 0o010644], expected: allowed },
  {
    name: 'mknod character device',
    cpu: 'x64',
    arch: x64,
    nr: 133,
    args: [0, 0o020644],
    expected: refused(1),
  },
  {
    name: 'mknodat block device',
    cpu: 'x64',
    arch: x64,
    nr: 259,
    args: [0, 0, 0o060600],
    expected: refused(1),
  },
  { name: 'mknod regular', cpu: 'x64', arch: x64, nr: 133, args: [0, 0o100600], expected: allowed },
  { name: 'io_uring_setup', cpu: 'x64', arch: x64, nr: 425, expected: refused(38) },
  { name: 'read', cpu: 'x64', arch: x64, nr: 0, expected: allowed },
  { name: 'UNIX socket in a private network', cpu: 'x64', arch: x64, nr: 41, args: [1], expected: allowed },
  {
    name: 'UNIX socket in the host network',
    cpu: 'x64',
    arch: x64,
    nr: 41,
    args: [1],
    unix: true,
    expected: refused(97),
  },
  {
    name: 'IP socket in the host network',
    cpu: 'x64',
    arch: x64,
    nr: 41,
    args: [2],
    unix: true,
    expected: allowed,
  },
  {
    name: 'socketcall in the host network',
    cpu: 'x64',
    arch: i386,
    nr: 102,
    args: [1],
    unix: true,
    expected: refused(38),
  },
  {
    name: 'foreign architecture',
    cpu: 'x64',
    arch: arm64,
    nr: 0,
    expected: { action: 0x80000000, errno: 0 },
  },
  { name: 'aarch64 fchmodat', cpu: 'arm64', arch: arm64, nr: 53, args: [0, 0, 0o4755], expected: refused(1) },
  { name: 'aarch64 setxattr', cpu: 'arm64', arch: arm64, nr: 5, expected: refused(95) },
  {
    name: 'aarch64 mknodat',
    cpu: 'arm64',
    arch: arm64,
    nr: 33,
    args: [0, 0, 0o020600],
    expected: refused(1),
  },
  { name: 'arm chmod', cpu: 'arm64', arch: arm, nr: 15, args: [0, 0o2755], expected: refused(1) },
  { name: 'arm UNIX socket', cpu: 'arm64', arch: arm, nr: 281, args: [1], unix: true, expected: refused(97) },
];

for (const row of rows) {
  test(`seccomp: ${row.name} (${row.cpu})`, () => {
    const program = buildSeccompFilter({ architecture: row.cpu, denyUnixSockets: row.unix ?? false });
    assert.deepEqual(run(program, row), row.expected);
  });
}

test('seccomp: the program stays under the kernel limit of 4096 instructions', () => {
  assert.ok(buildSeccompFilter({ architecture: 'x64', denyUnixSockets: true }).length / 8 < 4096);
});
