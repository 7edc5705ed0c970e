/**
 * The example machine from its fetched packages to the login prompt: Firn's build of the whole closure beside C++ Nix's
 * (the same derivations, the same downloads, a store of its own), then the machine's boot.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseDerivation } from '../src/formats/index.ts';
import { VirtualMachine } from '../src/nixos/index.ts';
import { cacheDirectory } from '../src/session/index.ts';
import { CppStore } from '../tests/support/cpp-store.ts';
import { Oracle } from '../tests/support/oracle.ts';
import { measure, type Run } from './measure.ts';
import { formatTimes } from './report.ts';

const machineCases = {
  build: 'example machine, build of its closure from fetched packages',
  boot: "example machine, from QEMU's start to the login prompt",
};

export interface MachineBench {
  readonly repository: string;
  /** A channel tree with the distribution. */
  readonly channel: string;
  /** Places of C++ Nix, as `oracle` in `subjects.ts` takes them. The first one builds. */
  readonly oracles: readonly string[];
  /** For stores and the machine's disk. */
  readonly directory: string;
}

const LONGEST_BOOT_SECONDS = 600;
const system = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux';

/** Measures once each and prints a row as soon as it is there. `only`: a part of the names of the rows that are wanted. */
export async function benchMachine(
  bench: MachineBench,
  only: string,
  print: (row: string) => void,
): Promise<void> {
  const isWanted = (name: string) => name.includes(only);
  if (!Object.values(machineCases).some(isWanted)) return;
  const firn = new FirnStore(bench);
  const derivation = await firn.instantiate();
  const downloads = await firn.fetch(derivation);
  const own = await firn.run('nix-store', ['--realise', derivation]);
  const others: (number | undefined)[] = bench.oracles.map(() => undefined);
  if (isWanted(machineCases.boot)) {
    const seconds = await bootSeconds(firn.real(own.output), bench.directory);
    print(formatTimes(machineCases.boot, seconds, others));
  }
  if (!isWanted(machineCases.build)) return;
  if (others.length > 0) others[0] = await buildWithCpp(bench, bench.oracles[0], derivation, downloads);
  print(formatTimes(machineCases.build, own.wall, others));
}

/** A private store. Downloads come from the user's cache where it has them. */
class FirnStore {
  readonly #bench: MachineBench;
  readonly #root: string;

  constructor(bench: MachineBench) {
    this.#bench = bench;
    this.#root = join(bench.directory, 'machine-store');
  }

  run(program: string, args: readonly string[]): Promise<Run> {
    const { PATH, LANG, XDG_CACHE_HOME } = process.env;
    const home = join(this.#bench.directory, 'machine-home');
    mkdirSync(home, { recursive: true });
    return measure({
      argv: [join(this.#bench.repository, 'bin', program), ...args],
      env: {
        PATH,
        LANG,
        HOME: home,
        XDG_CACHE_HOME:
          XDG_CACHE_HOME ||
          join(cacheDirectory({ ...process.env, HOME: process.env['HOME'] ?? homedir() }), '..'),
        NIX_REMOTE: this.#root,
        NIX_PATH: `nixpkgs=${this.#bench.channel}`,
      },
    });
  }

  async instantiate(): Promise<string> {
    return (await this.run('nix-instantiate', ['-E', expressionIn(this.#bench)])).output;
  }

  /** Fetches everything that the derivation needs; where each file is, by its store path. */
  async fetch(derivation: string): Promise<Map<string, string>> {
    const closure = (await this.run('nix-store', ['--query', '--requisites', derivation])).output.split('\n');
    const files = new Map<string, string>();
    const fetching: string[] = [];
    for (const path of closure.filter((each) => each.endsWith('.drv'))) {
      const { builder, outputs } = parseDerivation(readFileSync(this.real(path), 'latin1'));
      if (builder !== 'builtin:fetchurl') continue;
      fetching.push(path);
      files.set(outputs.get('out')!.path, this.real(outputs.get('out')!.path));
    }
    await this.run('nix-store', ['--realise', ...fetching]);
    return files;
  }

  real(path: string): string {
    return join(this.#root, path);
  }
}

function expressionIn({ repository }: MachineBench): string {
  return `(import <nixpkgs/nixos> { configuration = ${repository}/examples/first-machine/configuration.nix; }).vm`;
}

/** Seconds, or `undefined` where C++ Nix cannot build. */
async function buildWithCpp(
  bench: MachineBench,
  place: string,
  derivation: string,
  downloads: ReadonlyMap<string, string>,
): Promise<number | undefined> {
  const shell = join(bench.channel, 'bootstrap/bin/busybox');
  await using cpp = new CppStore(Oracle.at(place), bench.channel, shell);
  if (cpp.whyNoBuilds(system) !== undefined) return undefined;
  const [instantiated] = cpp.run('nix-instantiate', ['-E', expressionIn(bench)]);
  if (instantiated !== derivation) throw new Error(`'${derivation}' is '${instantiated}' for C++ Nix`);
  cpp.addFetched(downloads);
  const start = performance.now();
  cpp.build([derivation]);
  return (performance.now() - start) / 1000;
}

async function bootSeconds(result: string, parent: string): Promise<number> {
  const directory = join(parent, 'machine');
  mkdirSync(directory);
  const script = readdirSync(join(result, 'bin')).find((name) => /^run-.*-vm$/.test(name))!;
  const { PATH = '', HOME = '' } = process.env;
  await using machine = VirtualMachine.start({
    script: join(result, 'bin', script),
    directory,
    env: { PATH, HOME },
  });
  return await machine.waitForText(/login: $/, LONGEST_BOOT_SECONDS);
}
