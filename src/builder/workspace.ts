/**
 * The directory tree in which one build happens, beside the store objects (so that outputs move by rename):
 *
 * ```
 * NAME.drv.chroot/     0700, ours: nobody else gets in, whatever the modes below
 *   store/             becomes /nix/store: mount points of the inputs, and the outputs
 *   build/             becomes /build
 *   tmp/               becomes /tmp
 *   etc/               becomes /etc, read-only
 *   seccomp, arguments, log
 * ```
 *
 * C++ Nix's garbage collector knows the name: it spares entries whose hash part is a temporary root.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { deleteTree } from '../platform/index.ts';
import { unsafeParentDirectory } from './errors.ts';
import { type BuildUserIds, sandboxGid, sandboxUid } from './sandbox.ts';

export class Workspace implements AsyncDisposable {
  readonly root: string;
  readonly #user: BuildUserIds | undefined;

  private constructor(root: string, user: BuildUserIds | undefined) {
    this.root = root;
    this.#user = user;
  }

  /**
   * Makes the tree `root`, deleting what a killed build left there. The caller holds the lock that makes `root` its
   * own. Throws `BuildError` when somebody else could replace a directory on the way.
   */
  static async create(root: string, user: BuildUserIds | undefined): Promise<Workspace> {
    checkParents(dirname(root));
    await deleteTree(root);
    mkdirSync(root, { mode: 0o700 });
    const workspace = new Workspace(root, user);
    for (const [name, mode] of [
      ['store', 0o1775],
      ['build', 0o700],
      ['tmp', 0o1777],
      ['etc', 0o755],
    ] as const) {
      mkdirSync(join(root, name));
      // Explicitly: the mode given to mkdir is cut by our umask.
      chmodSync(join(root, name), mode);
    }
    if (user) {
      chownSync(workspace.storeDirectory, 0, user.gid);
      chownSync(workspace.buildDirectory, user.uid, user.gid);
    }
    return workspace;
  }

  get storeDirectory(): string {
    return join(this.root, 'store');
  }

  get buildDirectory(): string {
    return join(this.root, 'build');
  }

  get temporaryDirectory(): string {
    return join(this.root, 'tmp');
  }

  get etcDirectory(): string {
    return join(this.root, 'etc');
  }

  /** Puts a file (bytes) into the build directory, owned by the build user. Only before the build runs. */
  addBuildFile(name: string, content: string): void {
    if (name === '' || name === '.' || name === '..' || name.includes('/'))
      throw new Error(`bad file name '${name}'`);
    const path = Buffer.from(join(this.buildDirectory, name), 'latin1');
    const descriptor = openSync(path, 'wx', 0o644);
    try {
      writeFileSync(descriptor, content, 'latin1');
      if (this.#user) fchownSync(descriptor, this.#user.uid, this.#user.gid);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Writes `/etc`: users, and either a closed network's hosts or the files that name resolution needs. */
  writeEtc(buildDirInside: string, networkFiles: Readonly<Record<string, Uint8Array | string>>): void {
    const files: Record<string, Uint8Array | string> = {
      passwd:
        `root:x:0:0:Nix build user:${buildDirInside}:/noshell\n` +
        `nixbld:x:${sandboxUid}:${sandboxGid}:Nix build user:${buildDirInside}:/noshell\n` +
        'nobody:x:65534:65534:Nobody:/:/noshell\n',
      group: `root:x:0:\nnixbld:!:${sandboxGid}:\nnogroup:x:65534:\n`,
      hosts: '127.0.0.1 localhost\n::1 localhost\n',
      ...networkFiles,
    };
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.etcDirectory, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      writeFileSync(path, content, { mode: 0o644 });
    }
  }

  /** Deletes the tree. The sandbox must be dead. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Closed first: should the deletion fail, what builders left there stays out of reach.
    if (lstatSync(this.root, { throwIfNoEntry: false })?.isDirectory()) chmodSync(this.root, 0o700);
    await deleteTree(this.root);
  }
}

/** Refuses directories that others may replace: world-writable ones without the sticky bit, and links. */
function checkParents(directory: string): void {
  for (let path = directory; ; path = dirname(path)) {
    const link = lstatSync(path).isSymbolicLink();
    const mode = statSync(path).mode;
    if (link || ((mode & 0o002) !== 0 && (mode & 0o1000) === 0)) throw unsafeParentDirectory(path, link);
    if (path === '/') return;
  }
}
