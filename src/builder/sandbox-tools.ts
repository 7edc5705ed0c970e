/**
 * The programs that make a sandbox. They come from our own channel (`bootstrap/`), injected by whoever made the
 * builder; nothing is asked of the host. All of them lie below one directory, which is shown to the stage of a
 * root build (see `sandbox.ts`); dynamic ones are started through their own `ld.so`.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BuildError } from '../diagnostics/index.ts';

/** Paths are relative to `root`. */
export interface SandboxTools {
  /** Absolute directory of the host that holds all of this. */
  readonly root: string;
  /** Dynamic loader for the programs below; absent when they find their libraries themselves. */
  readonly loader?: string;
  readonly libraryPath?: readonly string[];
  /** bubblewrap. */
  readonly bwrap: string;
  /** util-linux's setpriv, needed when we are root. */
  readonly setpriv?: string;
  /** A statically linked busybox: `/bin/sh` of the sandbox, and the helper that starts it. */
  readonly busybox: string;
}

export type ToolName = 'bwrap' | 'setpriv' | 'busybox';

const candidates: Readonly<Record<ToolName, readonly string[]>> = {
  bwrap: ['usr/bin/bwrap', 'bin/bwrap'],
  setpriv: ['usr/bin/setpriv', 'bin/setpriv'],
  busybox: ['usr/bin/busybox', 'bin/busybox'],
};
const multiarch = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as const;
const loaders = { x64: 'ld-linux-x86-64.so.2', arm64: 'ld-linux-aarch64.so.1' } as const;

/**
 * The tools of a directory into which the .debs of bubblewrap, its libraries, util-linux, libcap-ng0 and
 * busybox-static were unpacked. Throws `BuildError` naming what is not there.
 */
export function sandboxToolsIn(directory: string): SandboxTools {
  const root = realpathSync(directory);
  const find = (names: readonly string[]) => names.find((name) => existsSync(join(root, name)));
  const cpu = process.arch === 'arm64' ? 'arm64' : 'x64';
  const libraryPath = ['usr/lib', 'lib']
    .flatMap((name) => [join(name, multiarch[cpu]), name])
    .filter((name) => existsSync(join(root, name)));
  const loader = find([...libraryPath, 'lib64', 'usr/lib64'].map((name) => join(name, loaders[cpu])));
  const [bwrap, busybox] = (['bwrap', 'busybox'] as const).map((name) => {
    const found = find(candidates[name]);
    if (!found) {
      throw new BuildError(`the sandbox tools in '${directory}' lack '${name}'`, {
        code: 'sandbox-tools',
        hint: 'they come from the channel; make it again with nix-channel --update',
      });
    }
    return found;
  });
  const setpriv = find(candidates.setpriv);
  return {
    root,
    ...(loader ? { loader, libraryPath } : {}),
    bwrap,
    busybox,
    ...(setpriv ? { setpriv } : {}),
  };
}

/**
 * The argument vector that starts a tool, with the tools' directory standing at `root` (where the caller sees it).
 * Throws `BuildError` when the tool is not among them.
 */
export function toolCommand(tools: SandboxTools, name: ToolName, root: string = tools.root): string[] {
  const program = tools[name];
  if (program === undefined) {
    throw new BuildError(`the sandbox tools in '${tools.root}' lack '${name}'`, { code: 'sandbox-tools' });
  }
  if (!tools.loader || name === 'busybox') return [join(root, program)];
  const libraries = (tools.libraryPath ?? [dirname(tools.loader)]).map((path) => join(root, path));
  return [join(root, tools.loader), '--library-path', libraries.join(':'), join(root, program)];
}
