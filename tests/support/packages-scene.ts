/**
 * Where packages are evaluated, built and started by the real commands: a channel tree and a store. Either of one's own,
 * from a package index and this repository's `distribution/` (downloads come from the archive, or from the cache that
 * `FIRN_TEST_DOWNLOADS` names), or those that `npm test` prepared, which need no network.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deleteTree } from '../../src/platform/index.ts';
import { copyStore } from './store-copy.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Makes a channel tree at `tree`: the index and the bootstrap files of `index` by links, the distribution by copies.
 * Replaces nothing: `tree` must not exist.
 */
export function makeTree(index: string, tree: string): void {
  mkdirSync(tree, { recursive: true });
  for (const name of ['debian', 'bootstrap', '.version', '.version-suffix'])
    if (existsSync(join(index, name))) symlinkSync(join(index, name), join(tree, name));
  cpSync(join(repository, 'distribution'), tree, { recursive: true });
}

interface Places {
  /** Where everything of the scene is. */
  readonly directory: string;
  /** The channel tree, `<nixpkgs>` of all commands. */
  readonly tree: string;
  /** Root of the private store. */
  readonly store: string;
}

export class PackagesScene implements AsyncDisposable {
  readonly directory: string;
  readonly tree: string;
  readonly store: string;
  readonly #environment: NodeJS.ProcessEnv;

  /** With an empty store. `index`: a directory that has a channel tree's `debian/` and `bootstrap/`. */
  static onIndex(index: string, parent = tmpdir()): PackagesScene {
    const directory = mkdtempSync(join(parent, 'firn-packages-'));
    const tree = join(directory, 'tree');
    makeTree(index, tree);
    return new PackagesScene({ directory, tree, store: join(directory, 'store') });
  }

  /** With a copy of the store that `npm test` prepared. */
  static prepared(): PackagesScene {
    const { FIRN_TEST_STORE: root, FIRN_TEST_NIXPKGS: tree } = process.env;
    if (!root || !tree)
      throw new Error('FIRN_TEST_STORE and FIRN_TEST_NIXPKGS are not set; npm test sets them');
    const directory = copyStore(root);
    return new PackagesScene({ directory, tree, store: join(directory, 'root') });
  }

  private constructor({ directory, tree, store }: Places) {
    this.directory = directory;
    this.tree = tree;
    this.store = store;
    const home = join(this.directory, 'home');
    mkdirSync(home);
    const cache = join(this.directory, 'cache');
    const downloads = process.env['FIRN_TEST_DOWNLOADS'];
    if (downloads !== undefined) {
      mkdirSync(join(cache, 'firn'), { recursive: true });
      symlinkSync(downloads, join(cache, 'firn/downloads'));
    }
    this.#environment = {
      ...process.env,
      HOME: home,
      NIX_REMOTE: this.store,
      NIX_PATH: `nixpkgs=${this.tree}`,
      XDG_CONFIG_HOME: home,
      ...(downloads === undefined ? {} : { XDG_CACHE_HOME: cache }),
    };
  }

  /** Runs one of Firn's commands. */
  tryRun(command: string, args: readonly string[]): CommandResult {
    const result = spawnSync(join(repository, 'bin', command), args, {
      cwd: this.directory,
      env: this.#environment,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (result.error) throw result.error;
    return result;
  }

  /** As `tryRun`; what it printed to standard output. Throws with what it said when it fails. */
  run(command: string, args: readonly string[]): string {
    const { status, stdout, stderr } = this.tryRun(command, args);
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stderr}`);
    return stdout;
  }

  /** The value of an expression in which the package set is in scope (`pkgs`, `lib`), through JSON. */
  evaluate(expression: string): unknown {
    const file = this.file('expression.nix', inPackages(expression));
    return JSON.parse(this.run('nix-instantiate', ['--eval', '--strict', '--json', file]));
  }

  /** Builds what an expression like those of `evaluate` stands for; the printed store paths. */
  build(expression: string): string[] {
    const file = this.file('expression.nix', inPackages(expression));
    return this.run('nix-build', ['--no-out-link', file]).trim().split('\n');
  }

  /** Writes a file in the scene's directory; its path. */
  file(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  /** Where a printed store path (or one below it) really is. */
  real(path: string): string {
    return join(this.store, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await deleteTree(this.directory);
  }
}

function inPackages(expression: string): string {
  return `let pkgs = import <nixpkgs> { config = { }; overlays = [ ]; }; inherit (pkgs) lib; in\n${expression}\n`;
}
