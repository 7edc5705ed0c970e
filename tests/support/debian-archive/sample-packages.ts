/** Packages of the test archive that show every case of the resolver, and those that each channel must have. */
import { writeElf } from './elf-writer.ts';
import type { TestPackage, TestSource } from './test-archive.ts';

const loader = 'ld-linux-x86-64.so.2';
const libraryDirectory = 'usr/lib/x86_64-linux-gnu';

function program(libraries: readonly string[]) {
  return { data: writeElf({ interpreter: `/lib64/${loader}`, libraries }), mode: 0o755 };
}

function library(libraries: readonly string[]) {
  return { data: writeElf({ libraries }) };
}

/** What `bootstrap/` is made of: stand-ins with the real names, layout and needs. */
// No `zst` here: golden data hold hashes of these packages, which must not depend on a compressor's version.
export const bootstrapPackages: readonly TestPackage[] = [
  {
    name: 'libc6',
    version: '2.41-12',
    fields: { Depends: 'libgcc-s1' },
    files: {
      [`${libraryDirectory}/${loader}`]: { data: 'loader\n', mode: 0o755 },
      [`${libraryDirectory}/libc.so.6`]: library([loader]),
      'usr/lib64/ld-linux-x86-64.so.2': { symlink: `../lib/x86_64-linux-gnu/${loader}` },
    },
  },
  { name: 'libgcc-s1', version: '14.2.0-19', fields: { Depends: 'libc6 (>= 2.35)' } },
  {
    name: 'libcap2',
    version: '1:2.75-10',
    fields: { Depends: 'libc6 (>= 2.38)' },
    files: {
      [`${libraryDirectory}/libcap.so.2.75`]: library(['libc.so.6']),
      [`${libraryDirectory}/libcap.so.2`]: { symlink: 'libcap.so.2.75' },
    },
  },
  {
    name: 'busybox-static',
    fields: { Provides: 'busybox' },
    files: { 'bin/busybox': { data: 'static\n', mode: 0o755 } },
    compression: 'gz',
  },
  {
    name: 'bubblewrap',
    fields: { Depends: 'libc6 (>= 2.38), libcap2 (>= 1:2.10)' },
    version: '0.11.0-2',
    files: { 'usr/bin/bwrap': program(['libcap.so.2', 'libc.so.6']) },
  },
  {
    name: 'util-linux',
    version: '2.41-5',
    fields: { Essential: 'yes', 'Pre-Depends': 'libc6 (>= 2.38)', Priority: 'required' },
    files: {
      'usr/bin/setpriv': program(['libc.so.6']),
      'usr/bin/flock': { hardlink: './usr/bin/setpriv' },
    },
    compression: 'none',
  },
];

/** One package for each case of resolution. */
export const resolverPackages: readonly TestPackage[] = [
  {
    name: 'app',
    fields: {
      Depends: 'liba (>= 1:2.0~rc1), virtual-tool | other-tool, data:any',
      Homepage: 'https://app.test.invalid/',
    },
  },
  { name: 'liba', version: '1:2.0-1' },
  { name: 'data', architecture: 'all', fields: { Depends: 'app', Source: 'app-source (2.0)' } },
  { name: 'tool-b', fields: { Provides: 'virtual-tool, versioned-tool (= 3.0)' } },
  { name: 'tool-a', fields: { Provides: 'virtual-tool' } },
  { name: 'chooser', fields: { Depends: 'tool-b, virtual-tool, versioned-tool (>= 2.5)' } },
  { name: 'first-choice', fields: { Depends: 'absent | liba | tool-a' } },
  { name: 'present-choice', fields: { Depends: 'liba | tool-a, tool-a' } },
  { name: 'essential-choice', fields: { Depends: 'tool-a | util-linux' } },
  { name: 'too-new', fields: { Depends: 'liba (>= 1:3), liba:i386, nowhere' } },
  { name: 'recommender', fields: { Recommends: 'too-new' } },
  { name: '2048', fields: { Section: 'games', Description: 'a "game" costing ${money} \\ caf\u00e9' } },
  { name: 'needs-self', fields: { Provides: 'selfish', Depends: 'selfish' } },
];

export const sampleSources: readonly TestSource[] = [
  {
    name: 'app-source',
    version: '2.0',
    fields: { Binary: 'app, data' },
    files: { 'app_2.0.dsc': 'dsc\n', 'app_2.0.tar.xz': 'tar\n' },
  },
  { name: 'liba', version: '1:2.0-1' },
  { name: 'liba', version: '1:9.0-1', fields: { 'Extra-Source-Only': 'yes' } },
];

export const samplePackages: readonly TestPackage[] = [...bootstrapPackages, ...resolverPackages];
