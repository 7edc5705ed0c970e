/**
 * A scratch store with a builder, for functional tests: derivations are written as the evaluator would write them.
 * The sandbox's programs are those of `FIRN_TEST_BWRAP` (a directory with bubblewrap, setpriv, a static busybox and
 * their libraries), which the test runner sets.
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Builder,
  type BuildResult,
  type BuildSettings,
  defaultBuildSettings,
  type SandboxTools,
  sandboxToolsIn,
} from '../../src/builder/index.ts';
import { MemoryLogger, Verbosity } from '../../src/diagnostics/index.ts';
import { type Derivation, fillOutputPaths, parseStorePath, type StorePath } from '../../src/formats/index.ts';
import { deleteTree } from '../../src/platform/index.ts';
import { LocalStore, nodeHasher } from '../../src/store/index.ts';

export const toolsDirectory = process.env['FIRN_TEST_BWRAP'];
export const system = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux';

/** Build users of this process's own: what tests assert of a user's processes holds while other tests build. */
export const firstBuildUser = 32_000 + (process.pid % 800) * 32;

/** A derivation as a test writes it. Inputs are found by the paths that `use` returned. */
export interface TestDerivation {
  readonly name: string;
  /** Script for the sandbox's `/bin/sh`; unless `builder` is given. */
  readonly script?: string;
  readonly builder?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly outputs?: readonly string[];
  /** `use`: names of the outputs, `out` unless told. */
  readonly inputs?: readonly { readonly drvPath: StorePath; readonly use?: readonly string[] }[];
  readonly sources?: readonly StorePath[];
  /** `[r:]ALGO` and the hash in base 16. */
  readonly fixed?: { readonly algorithm: string; readonly hash: string };
}

export class ScratchBuilder implements AsyncDisposable {
  readonly directory: string;
  readonly store: LocalStore;
  readonly logger = new MemoryLogger(Verbosity.vomit);
  readonly #settings: BuildSettings;

  private constructor(directory: string, store: LocalStore, settings: BuildSettings) {
    this.directory = directory;
    this.store = store;
    this.#settings = settings;
  }

  static async create(settings: Partial<BuildSettings> = {}, parent = tmpdir()): Promise<ScratchBuilder> {
    const directory = mkdtempSync(join(parent, 'firn-builder-'));
    return ScratchBuilder.open(directory, settings);
  }

  /** Opens the store below an existing directory. */
  static open(directory: string, settings: Partial<BuildSettings> = {}): Promise<ScratchBuilder> {
    return ScratchBuilder.#open(directory, '/nix/store', settings);
  }

  /** A store whose paths begin with the directory that it is in: builds need no sandbox. */
  static openOwnPlace(directory: string): Promise<ScratchBuilder> {
    return ScratchBuilder.#open(directory, join(directory, 'nix/store'), {});
  }

  static async #open(
    directory: string,
    storeDir: string,
    settings: Partial<BuildSettings>,
  ): Promise<ScratchBuilder> {
    const temporaryDirectory = join(directory, 'tmp');
    mkdirSync(temporaryDirectory, { recursive: true });
    const store = await LocalStore.open({
      storeDir,
      realStoreDir: join(directory, 'nix/store'),
      stateDir: join(directory, 'nix/var/nix'),
      logDir: join(directory, 'nix/var/log/nix'),
      logger: new MemoryLogger(),
      reserveBytes: 0,
      durable: false,
    });
    const defaults = defaultBuildSettings({
      system,
      cores: 2,
      temporaryDirectory,
      cacheDirectory: join(directory, 'cache'),
    });
    return new ScratchBuilder(directory, store, {
      ...defaults,
      buildUserFirstId: firstBuildUser,
      ...settings,
    });
  }

  /** A builder with some settings changed. */
  builder(settings: Partial<BuildSettings> = {}, tools = sandboxToolsIn(toolsDirectory!)): Builder {
    return new Builder({
      store: this.store,
      logger: this.logger,
      settings: { ...this.#settings, ...settings },
      sandboxTools: tools,
    });
  }

  /** Writes a derivation; `outputs` maps names to printed paths. */
  async add(test: TestDerivation): Promise<{ drvPath: StorePath; outputs: Record<string, string> }> {
    const { name, outputs = ['out'], fixed } = test;
    const derivation: Derivation = {
      outputs: new Map(
        outputs.map((each) => [
          each,
          { path: '', hashAlgo: fixed?.algorithm ?? '', hash: fixed?.hash ?? '' },
        ]),
      ),
      inputDrvs: new Map(
        (test.inputs ?? []).map((input) => [
          `${this.store.storeDir}/${input.drvPath.baseName}`,
          [...(input.use ?? ['out'])],
        ]),
      ),
      inputSrcs: (test.sources ?? []).map((path) => `${this.store.storeDir}/${path.baseName}`).sort(),
      platform: system,
      builder: test.builder ?? '/bin/sh',
      args: [...(test.args ?? (test.script === undefined ? [] : ['-c', test.script]))],
      env: new Map(
        Object.entries({
          name,
          system,
          ...Object.fromEntries(outputs.map((each) => [each, ''])),
          ...test.env,
        }),
      ),
    };
    fillOutputPaths(
      {
        storeDir: this.store.storeDir,
        hasher: nodeHasher,
        readDerivation: (path) => this.store.readDerivation(parseStorePath(this.store.storeDir, path)),
        memo: new Map(),
      },
      name,
      derivation,
    );
    const drvPath = await this.store.addDerivation(name, derivation);
    return {
      drvPath,
      outputs: Object.fromEntries([...derivation.outputs].map(([each, output]) => [each, output.path])),
    };
  }

  /** Builds one derivation's outputs. */
  async build(
    drvPath: StorePath,
    settings: Partial<BuildSettings> = {},
    signal?: AbortSignal,
    tools?: SandboxTools,
  ): Promise<BuildResult> {
    const [result] = await this.builder(settings, tools).buildPaths([{ drvPath, outputs: [] }], { signal });
    return result;
  }

  /** Writes and builds. */
  async make(test: TestDerivation, settings: Partial<BuildSettings> = {}) {
    const { drvPath, outputs } = await this.add(test);
    const result = await this.build(drvPath, settings);
    return { drvPath, outputs, result };
  }

  /** Where the files of a printed store path really are. */
  real(path: string): string {
    return this.store.toRealPath(parseStorePath(this.store.storeDir, path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store.close();
    await deleteTree(this.directory);
  }
}
