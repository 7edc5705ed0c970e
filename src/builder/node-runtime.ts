/**
 * Our own Node inside a sandbox, for the builtin builders and for downloads: the running executable, the shared
 * libraries that it has loaded, and the program, all read-only below `/firn`. Nothing else of the host comes along.
 */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mount } from './sandbox.ts';

export interface NodeRuntime {
  readonly mounts: readonly Mount[];
  /** Directories that must exist for the mounts. */
  readonly directories: readonly string[];
  /** Program and first arguments that run the sandbox worker. */
  readonly command: readonly string[];
  /** The same, outside of a sandbox. */
  readonly hostCommand: readonly string[];
}

const inside = '/firn';

/** Where the worker's code is: a source tree with its packages, or the bundle. */
interface WorkerCode {
  readonly root: string;
  /** Entries of `root` that are shown. */
  readonly entries: readonly string[];
  /** The worker's file, relative to `root`. */
  readonly main: string;
}

let runtime: NodeRuntime | undefined;

/** The runtime of this process; worked out once. */
export function nodeRuntime(): NodeRuntime {
  runtime ??= describeRuntime(workerCode());
  return runtime;
}

function workerCode(): WorkerCode {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.ts')) {
    const root = dirname(dirname(dirname(here)));
    const entries = ['src', 'package.json', 'node_modules/xz-decompress'];
    return {
      root,
      entries: entries.filter((name) => existsSync(join(root, name))),
      main: 'src/builder/sandbox-worker.ts',
    };
  }
  const dist = dirname(here);
  const entries = [basename(dist), 'package.json'];
  return { root: dirname(dist), entries, main: `${basename(dist)}/sandbox-worker.js` };
}

function describeRuntime(code: WorkerCode): NodeRuntime {
  const mounts: Mount[] = [];
  const show = (source: string, target: string) =>
    mounts.push({ kind: 'read-only', source: realpathSync(source), target });
  show(process.execPath, `${inside}/bin/node`);
  const libraries = loadedLibraries();
  for (const library of libraries) show(library, `${inside}/lib/${basename(library)}`);
  for (const entry of code.entries) show(join(code.root, entry), join(inside, 'code', entry));
  const loader = libraries.find((library) => basename(library).startsWith('ld-'));
  const start = loader ? [`${inside}/lib/${basename(loader)}`, '--library-path', `${inside}/lib`] : [];
  const directories = [
    inside,
    ...['bin', 'lib', 'code', 'code/node_modules'].map((name) => `${inside}/${name}`),
  ];
  const flags = ['--disable-warning=ExperimentalWarning', '--no-addons'];
  return {
    mounts,
    directories,
    command: [...start, `${inside}/bin/node`, ...flags, join(inside, 'code', code.main)],
    hostCommand: [process.execPath, ...flags, join(code.root, code.main)],
  };
}

/** The files of shared libraries in this process, by the names they were asked for, and what name resolution loads later. */
function loadedLibraries(): string[] {
  const report = process.report as typeof process.report & { excludeNetwork: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { sharedObjects } = report.getReport() as unknown as { sharedObjects: string[] };
  report.excludeNetwork = before;
  // The addon that the store loads for system calls is gone from the disk; the worker does without.
  const loaded = sharedObjects.filter(
    (path) => path.startsWith('/') && !path.endsWith('.node') && existsSync(path),
  );
  const libc = loaded.find((path) => basename(path).startsWith('libc.so'));
  const resolving = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2']
    .map((name) => join(libc ? dirname(libc) : '/lib', name))
    .filter((path) => existsSync(path));
  return [...new Set([...loaded, ...resolving])];
}
