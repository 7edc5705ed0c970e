/**
 * One derivation, built here: a workspace, a build user when we are root, the sandbox, the log, the outputs. The
 * scheduler has built the inputs, holds the outputs' locks, and decides when.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  openSync,
  renameSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Activity, ActivityType, type Logger, Verbosity } from '../diagnostics/index.ts';
import {
  type Derivation,
  isBuiltinBuilder,
  isInStore,
  parseStorePath,
  printStorePath,
  type StorePath,
  splitStorePath,
} from '../formats/index.ts';
import { buildSeccompFilter, describeExitStatus, succeeded } from '../platform/index.ts';
import type { WritableStore } from '../store/index.ts';
import { buildEnvironment } from './build-environment.ts';
import { BuildLog, buildLogPath, LogFile } from './build-log.ts';
import type { BuildUser, BuildUserPool } from './build-user.ts';
import type { ClosureFinder } from './closure.ts';
import { compareOutputs } from './compare-outputs.ts';
import type { BuildMode } from './derivation-goal.ts';
import type { DerivationOptions } from './derivation-options.ts';
import { builderFailed, rejected, unsandboxedPrivateStore } from './errors.ts';
import { keepDirectory } from './kept-build.ts';
import { fixedOutput } from './output-checks.ts';
import { registerOutputs } from './register-outputs.ts';
import { type BuilderProcess, runBuilder } from './run-builder.ts';
import { sandboxCommand, startScript } from './sandbox.ts';
import { networkFiles, planSandbox } from './sandbox-plan.ts';
import { type SandboxTools, toolCommand } from './sandbox-tools.ts';
import type { BuildSettings } from './settings.ts';
import { namespaceFailure, sandboxStarts, workerOnHost } from './without-sandbox.ts';
import { Workspace } from './workspace.ts';

/** The number that a process's first descriptor after the standard ones has. */
const firstDescriptor = 3;

/** What all builds of a builder share. */
export interface BuildContext {
  readonly store: WritableStore;
  readonly logger: Logger;
  readonly settings: BuildSettings;
  readonly tools: SandboxTools;
  readonly closures: ClosureFinder;
  /** Present exactly when we are root. */
  readonly users: BuildUserPool | undefined;
}

export interface BuildRequest {
  readonly drvPath: StorePath;
  readonly derivation: Derivation;
  readonly options: DerivationOptions;
  /** Id of the activity that this build is part of. */
  readonly parentActivity: number;
  readonly signal: AbortSignal;
  readonly mode: BuildMode;
}

/** Builds and registers the outputs. Throws `BuildError`, or `Interrupted` when the signal was aborted. */
export async function buildLocally(context: BuildContext, request: BuildRequest): Promise<void> {
  await using user = await acquireUser(context, request);
  const root = `${context.store.toRealPath(request.drvPath)}.chroot`;
  await using workspace = await Workspace.create(root, user);
  const build = new LocalBuild(context, request, workspace, user);
  await build.run();
}

async function acquireUser(context: BuildContext, request: BuildRequest): Promise<BuildUser | undefined> {
  if (!context.users) return undefined;
  let waiting: Activity | undefined;
  const drvPath = printStorePath(context.store.storeDir, request.drvPath);
  const onWait = () => {
    waiting = context.logger.activity(
      ActivityType.buildWaiting,
      `waiting for a free build user ID for '${drvPath}'`,
      [],
      request.parentActivity,
    );
  };
  try {
    return await context.users.acquire({ signal: request.signal, onWait });
  } finally {
    waiting?.stop();
  }
}

class LocalBuild {
  readonly #context: BuildContext;
  readonly #request: BuildRequest;
  readonly #workspace: Workspace;
  readonly #user: BuildUser | undefined;
  readonly #drvPath: string;
  #sandboxed = true;

  constructor(
    context: BuildContext,
    request: BuildRequest,
    workspace: Workspace,
    user: BuildUser | undefined,
  ) {
    this.#context = context;
    this.#request = request;
    this.#workspace = workspace;
    this.#user = user;
    this.#drvPath = printStorePath(context.store.storeDir, request.drvPath);
  }

  async run(): Promise<void> {
    this.#sandboxed = await this.#decideSandbox();
    const { logger, settings, store } = this.#context;
    const { drvPath, parentActivity } = this.#request;
    using activity = logger.activity(
      ActivityType.build,
      `building '${this.#drvPath}'...`,
      [this.#drvPath, '', 1, 1],
      parentActivity,
    );
    const file = settings.keepLog
      ? new LogFile(buildLogPath(store.logDir, drvPath.baseName), settings.compressLog, (message) =>
          logger.warn(message),
        )
      : undefined;
    using log = new BuildLog({ activity, tailLines: Math.max(settings.logLines, 1), file });
    try {
      const inputs = this.#inputClosure();
      await this.#runBuilder(inputs, log);
      const finished = {
        store,
        drvPath,
        drvPathText: this.#drvPath,
        derivation: this.#request.derivation,
        options: this.#request.options,
        closures: this.#context.closures,
        inputs,
        outputDirectory: this.#workspace.storeDirectory,
        ownerUid: this.#user?.uid,
        repair: this.#request.mode === 'repair',
      };
      if (this.#request.mode === 'check') await compareOutputs(finished, settings.keepFailed);
      else await registerOutputs(finished);
    } catch (error) {
      await this.#keepFailedBuild();
      throw error;
    }
  }

  async #decideSandbox(): Promise<boolean> {
    const { settings, store, logger } = this.#context;
    const { options, derivation } = this.#request;
    if (settings.sandbox === 'on' && options.noChroot) {
      throw rejected(
        'no-chroot',
        `derivation '${this.#drvPath}' has '__noChroot' set, but that's not allowed when 'sandbox' is 'true'`,
      );
    }
    if (settings.sandbox === 'on') return true;
    if (isBuiltinBuilder(derivation) && (settings.sandbox !== 'off' || (await this.#sandboxStarts())))
      return true;
    if (settings.sandbox === 'relaxed' && !options.noChroot && !fixedOutput(derivation)) return true;
    if (store.realStoreDir !== store.storeDir)
      throw unsandboxedPrivateStore(store.realStoreDir, store.storeDir);
    logger.warn(
      `building '${this.#drvPath}' without a sandbox: it sees this machine, and may change what its user may`,
    );
    return false;
  }

  #sandboxStarts(): Promise<boolean> {
    const options = { ...this.#context, workspace: this.#workspace, user: this.#user };
    return sandboxStarts(this.#context.tools, (plan) => sandboxProcess(options, plan));
  }

  #inputClosure(): StorePath[] {
    const { store, closures } = this.#context;
    const { derivation } = this.#request;
    const direct = derivation.inputSrcs.map((path) => parseStorePath(store.storeDir, path));
    for (const [drvPath, outputNames] of derivation.inputDrvs) {
      const input = store.readDerivation(parseStorePath(store.storeDir, drvPath));
      for (const name of outputNames)
        direct.push(parseStorePath(store.storeDir, input.outputs.get(name)!.path));
    }
    for (const { source } of this.#context.settings.sandboxPaths) {
      if (isInStore(store.storeDir, source)) direct.push(splitStorePath(store.storeDir, source).path);
    }
    return closures.closure(direct);
  }

  async #runBuilder(inputs: readonly StorePath[], log: BuildLog): Promise<void> {
    const { settings, tools } = this.#context;
    const builder = this.#prepare(inputs);
    const status = await runBuilder({
      process: builder,
      drvPath: this.#drvPath,
      log,
      limits: settings,
      signal: this.#request.signal,
      pipePath: join(this.#workspace.root, 'log'),
      mkfifo: [...toolCommand(tools, 'busybox'), 'mkfifo'],
      user: this.#user,
    });
    if (!this.#sandboxed) this.#gatherOutputs();
    if (succeeded(status)) return;
    const { tail } = log;
    const noNamespaces = this.#sandboxed ? namespaceFailure(tail, this.#context.store) : undefined;
    if (noNamespaces) throw noNamespaces;
    const shown = settings.logLines > 0 ? tail : [];
    throw builderFailed(this.#drvPath, describeExitStatus(status), shown, this.#fullDisk());
  }

  /** The store's directory when its disk has less space than C++ Nix thinks a build may need to fail for it. */
  #fullDisk(): string | undefined {
    const { realStoreDir } = this.#context.store;
    const { bavail, bsize } = statfsSync(realStoreDir);
    return bavail * bsize < 8 * 1024 * 1024 ? realStoreDir : undefined;
  }

  /** Writes everything that the builder will find, and says how it is started. */
  #prepare(inputs: readonly StorePath[]): BuilderProcess {
    const { settings, store, closures } = this.#context;
    const { derivation, options } = this.#request;
    const fixed = fixedOutput(derivation) !== undefined;
    const buildDirectory = this.#sandboxed ? settings.sandboxBuildDir : this.#workspace.buildDirectory;
    const environment = buildEnvironment({
      derivation,
      options,
      settings,
      storeDir: store.storeDir,
      buildDirectory,
      fixedOutput: fixed,
      inputs: new Set(inputs.map((path) => path.baseName)),
      closures,
    });
    for (const [name, content] of environment.files) this.#workspace.addBuildFile(name, content);
    if (!this.#sandboxed) return this.#unsandboxedProcess(environment.variables, environment.args);
    this.#workspace.writeEtc(settings.sandboxBuildDir, fixed ? networkFiles(settings.caFile) : {});
    const plan = planSandbox({
      ...this.#context,
      workspace: this.#workspace,
      derivation,
      environment,
      inputs,
      hostNetwork: fixed,
    });
    return sandboxProcess({ ...this.#context, workspace: this.#workspace, user: this.#user }, plan);
  }

  /** Without a sandbox the builder sees the machine as it is; only its user and environment are ours. */
  #unsandboxedProcess(variables: ReadonlyMap<string, string>, args: readonly string[]): BuilderProcess {
    const { store, tools } = this.#context;
    const { derivation } = this.#request;
    // The build directory must be reachable, and the store writable for the build users' group, as C++ Nix has it.
    chmodSync(this.#workspace.root, 0o711);
    if (this.#user) {
      chownSync(store.realStoreDir, 0, this.#user.gid);
      chmodSync(store.realStoreDir, 0o1775);
    }
    const [busybox] = toolCommand(tools, 'busybox');
    const text = (bytes: string) => Buffer.from(bytes, 'latin1').toString('utf8');
    const ours = isBuiltinBuilder(derivation) ? workerOnHost(derivation.builder, this.#user) : undefined;
    const command = ours?.command ?? [derivation.builder, ...args].map(text);
    // Started through a descriptor, because the build user may not be able to walk to our tools.
    return {
      program: `/proc/self/fd/${firstDescriptor}`,
      argv0: 'sh',
      args: ['-c', `exec ${firstDescriptor}>&-; ${startScript} 2>&1`, 'sh', ...command],
      env: {
        ...Object.fromEntries([...variables].map(([name, value]) => [text(name), text(value)])),
        ...ours?.environment,
      },
      cwd: this.#workspace.buildDirectory,
      ...(this.#user && !ours ? { uid: this.#user.uid, gid: this.#user.gid } : {}),
      descriptors: [openSync(busybox, 'r')],
    };
  }

  /** Moves what an unsandboxed builder put into the store to where a sandboxed one would have left it. */
  #gatherOutputs(): void {
    for (const output of this.#request.derivation.outputs.values()) {
      const path = parseStorePath(this.#context.store.storeDir, output.path);
      const real = this.#context.store.toRealPath(path);
      if (this.#context.store.isValidPath(path) || !lstatSync(real, { throwIfNoEntry: false })) continue;
      renameSync(real, join(this.#workspace.storeDirectory, path.baseName));
    }
  }

  /** `--keep-failed`: the build directory moves to where its user finds it, without setuid bits, for them alone. */
  async #keepFailedBuild(): Promise<void> {
    const { settings, logger } = this.#context;
    if (!settings.keepFailed || isBuiltinBuilder(this.#request.derivation)) return;
    const base = join(settings.keptBuildsDirectory, `nix-build-${this.#request.drvPath.derivationName}`);
    let number = 0;
    while (existsSync(`${base}-${number}`)) number++;
    const kept = await keepDirectory(this.#workspace.buildDirectory, `${base}-${number}`);
    logger.log(Verbosity.error, `note: keeping build directory '${kept}'`);
  }
}

/** How a planned sandbox is started: its descriptors carry the seccomp filter and the arguments. */
export function sandboxProcess(
  options: {
    readonly tools: SandboxTools;
    readonly store: { readonly realStoreDir: string };
    readonly settings: BuildSettings;
    readonly workspace: Workspace;
    readonly user: { readonly uid: number; readonly gid: number } | undefined;
  },
  plan: Parameters<typeof sandboxCommand>[0],
): BuilderProcess {
  const { workspace, settings } = options;
  const command = sandboxCommand(plan, {
    tools: options.tools,
    realStoreDir: options.store.realStoreDir,
    workspace: workspace.root,
    user: options.user,
    filterSyscalls: settings.filterSyscalls,
  });
  const filter = buildSeccompFilter({
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    denyUnixSockets: plan.hostNetwork,
  });
  const openWith = (name: string, content: Uint8Array) => {
    const path = join(workspace.root, name);
    writeFileSync(path, content, { mode: 0o600 });
    return openSync(path, 'r');
  };
  const descriptors = [
    openWith('seccomp', filter),
    openWith('arguments', Buffer.from(command.argumentsData, 'latin1')),
  ];
  return { program: command.program, args: command.args, env: {}, cwd: '/', descriptors };
}
