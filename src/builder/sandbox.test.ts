import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parentDirectories, type SandboxPlan, sandboxCommand } from './sandbox.ts';

const tools = {
  root: '/tools-of-host',
  loader: 'lib/ld.so',
  libraryPath: ['lib'],
  bwrap: 'bin/bwrap',
  setpriv: 'bin/setpriv',
  busybox: 'bin/busybox',
};
const plan: SandboxPlan = {
  directories: ['/nix', '/nix/store'],
  mounts: [
    { kind: 'writable', source: '/w/store', target: '/nix/store' },
    { kind: 'read-only', source: '/real/store/abc-input', target: '/nix/store/abc-input' },
    { kind: 'read-only', source: '/home/somebody/file', target: '/extra-file' },
    { kind: 'symlink', linkTarget: 'target', target: '/nix/store/def-link' },
  ],
  environment: new Map([['LD_PRELOAD', '/evil.so']]),
  workingDirectory: '/build',
  hostNetwork: false,
  shmSizeBytes: 0,
  program: '/bin/sh',
  programName: 'sh',
  args: ['-c', 'true'],
};
const options = { tools, realStoreDir: '/real/store', workspace: '/w', filterSyscalls: true };

/** Whether `words` stand in `list`, one after the other. */
function contains(list: readonly string[], ...words: string[]): boolean {
  return list.some((_, i) => words.every((word, j) => list[i + j] === word));
}

test('an ordinary user: one bubblewrap, host paths as they are', () => {
  const { args, argumentsData } = sandboxCommand(plan, { ...options, user: undefined });
  const inner = argumentsData.split('\0');
  assert.equal(args.filter((word) => word.endsWith('/bwrap')).length, 1);
  assert.ok(!args.includes('setpriv'));
  assert.ok(contains(inner, '--bind', '/w/store', '/nix/store'));
  assert.ok(contains(inner, '--ro-bind', '/real/store/abc-input', '/nix/store/abc-input'));
  assert.ok(contains(inner, '--symlink', 'target', '/nix/store/def-link'));
  assert.ok(contains(inner, '--setenv', 'LD_PRELOAD', '/evil.so'));
  assert.ok(inner.includes('--unshare-net') && inner.includes('--clearenv') && inner.includes('--as-pid-1'));
  assert.deepEqual(args.slice(-4), ['--', '/bin/sh', '-c', 'true']);
});

test('root: a stage first, then the build user; only short paths in it', () => {
  const { args, argumentsData } = sandboxCommand(plan, { ...options, user: { uid: 30001, gid: 30000 } });
  const inner = argumentsData.split('\0');
  assert.ok(contains(args, '--ro-bind', '/real/store', '/store'));
  assert.ok(contains(args, '--bind', '/w/store', '/work/store'));
  assert.ok(contains(args, '--ro-bind', '/w/etc', '/work/etc'));
  assert.ok(contains(args, '--reuid', '30001', '--regid', '30000', '--clear-groups', '--no-new-privs'));
  assert.ok(contains(inner, '--bind', '/work/store', '/nix/store'));
  assert.ok(contains(inner, '--ro-bind', '/store/abc-input', '/nix/store/abc-input'));
  const extra = inner[inner.indexOf('/extra-file') - 1];
  assert.ok(contains(args, '--ro-bind', '/home/somebody/file', extra));
  assert.ok(!inner.some((word) => word.startsWith('/home') || word.startsWith('/w/')));
  // The builder's own variables must not reach what runs as root.
  assert.ok(!args.some((word) => word.includes('LD_PRELOAD')));
});

test('a fixed output keeps the network; a missing setpriv is told', () => {
  const open = sandboxCommand({ ...plan, hostNetwork: true }, { ...options, user: undefined });
  assert.ok(!open.argumentsData.includes('--unshare-net'));
  const { setpriv: _, ...without } = tools;
  assert.throws(
    () => sandboxCommand(plan, { ...options, tools: without, user: { uid: 1, gid: 1 } }),
    /the sandbox tools in '\/tools-of-host' lack 'setpriv'/,
  );
});

test('more inputs than bubblewrap takes are refused', () => {
  const mounts = Array.from({ length: 3000 }, (_, i) => ({
    kind: 'read-only' as const,
    source: `/real/store/${i}`,
    target: `/nix/store/${i}`,
  }));
  assert.throws(() => sandboxCommand({ ...plan, mounts }, { ...options, user: undefined }), {
    code: 'too-many-inputs',
  });
});

test('parents of a path', () => {
  assert.deepEqual(parentDirectories('/nix/store/x'), ['/nix', '/nix/store']);
  assert.deepEqual(parentDirectories('/x'), []);
});
