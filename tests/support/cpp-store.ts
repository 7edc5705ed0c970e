/** A store of C++ Nix for comparisons: it evaluates the same tree, and builds in its own sandbox what Firn builds in its own. */
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { deleteTree } from '../../src/platform/index.ts';
import type { Oracle } from './oracle.ts';

export class CppStore implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'firn-cpp-store-'));
  readonly oracle: Oracle;
  readonly #root = join(this.directory, 'root');
  readonly #environment: Record<string, string>;

  /** `tree`: `<nixpkgs>`; `shell`: a static shell, `/bin/sh` of builds. */
  constructor(oracle: Oracle, tree: string, shell: string) {
    this.oracle = oracle;
    const configuration = join(this.directory, 'etc');
    mkdirSync(configuration);
    writeFileSync(
      join(configuration, 'nix.conf'),
      `sandbox = true\nbuild-users-group =\nsubstituters =\nsandbox-paths = /bin/sh=${shell}\n`,
    );
    const home = join(this.directory, 'home');
    mkdirSync(home);
    this.#environment = {
      HOME: home,
      XDG_CACHE_HOME: home,
      NIX_CONF_DIR: configuration,
      NIX_PATH: `nixpkgs=${tree}`,
      NIX_BUILD_HOOK: '',
    };
  }

  /** Runs a command; its output in lines. Throws with what it said when it fails. */
  run(command: string, args: readonly string[], cwd = this.directory): string[] {
    const { status, stdout, stderr } = this.tryRun(command, args, cwd);
    if (status !== 0) throw new Error(`C++ ${command} ${args.join(' ')} failed:\n${stderr.slice(-3000)}`);
    return linesOf(stdout);
  }

  tryRun(command: string, args: readonly string[], cwd = this.directory) {
    const options = { env: this.#environment, cwd };
    const { status, stdout, stderr } = this.oracle.tryRun(this.#root, command, args, options);
    return { status, stdout: stdout.toString('latin1'), stderr: stderr.toString() };
  }

  /** Why it can build nothing here; `undefined` where it can. */
  whyNoBuilds(system: string): string | undefined {
    const expression = `derivation { name = "probe"; system = "${system}"; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; }`;
    const { status, stderr } = this.tryRun('nix-build', [...noHook, '--no-out-link', '-E', expression]);
    return status === 0 ? undefined : `C++ Nix cannot build here: ${stderr.trim().split('\n').at(-1)}`;
  }

  /** Builds derivations; paths of their outputs. */
  build(derivations: readonly string[]): string[] {
    return this.run('nix-store', [...noHook, '-j2', '--realise', ...derivations]);
  }

  /**
   * Adds files as fetching them would have.
   *
   * @param files store paths of fixed-output derivations, and where they are
   */
  addFetched(files: ReadonlyMap<string, string>): void {
    const directory = join(this.directory, 'fetched');
    mkdirSync(directory);
    for (const [storePath, file] of files) {
      const name = join(directory, basename(storePath).slice(33));
      try {
        linkSync(file, name);
      } catch {
        copyFileSync(file, name);
      }
    }
    const names = [...files.keys()].map((path) => basename(path).slice(33));
    const added = this.run('nix-store', ['--add-fixed', 'sha256', ...names], directory);
    const missing = [...files.keys()].filter((path) => !added.includes(path));
    if (missing.length > 0) throw new Error(`files with another hash than expected: ${missing.join(' ')}`);
  }

  /** A file of the store, by its printed path. */
  read(path: string): string {
    return readFileSync(join(this.#root, path), 'latin1');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await deleteTree(this.directory);
  }
}

const noHook = ['--option', 'build-hook', ''];

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
