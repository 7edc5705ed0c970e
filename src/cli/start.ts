/**
 * `firn start`, which `npm start` runs: channel, evaluation, downloads, build and boot of `examples/first-machine`, with
 * what each stage took. Everything happens in the private store; what is valid already is not made again.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { addChannel, readChannelList, updateChannels } from '../channel/index.ts';
import { ActivityType, UsageError, Verbosity } from '../diagnostics/index.ts';
import { parseStorePath } from '../formats/index.ts';
import {
  attachConsole,
  evaluateConfiguration,
  findFreePort,
  type MachineCredentials,
  machineCredentials,
  VirtualMachine,
  writeSshConfig,
} from '../nixos/index.ts';
import { type BuildPlan, type Installable, openSession, type Session } from '../session/index.ts';
import { computeClosure, queryValidPathInfo } from '../store/index.ts';
import { channelFingerprint, channelPlaces, installationRoot, withChannels } from './channel-context.ts';
import { finalSettings } from './common-flags.ts';
import type { RunningCommand } from './program.ts';
import { formatStartReport, type StartReport } from './start-report.ts';

const DEFAULT_CHANNEL = 'debian:trixie';
/** A boot under software emulation takes about 20 seconds; a loaded machine gets much more. */
const BOOT_SECONDS = 300;
/** Who may log in to the example machine. */
const USER = 'alice';

type Stages = { readonly name: string; readonly seconds: number }[];

interface StartOptions {
  /** Show the console when there is a terminal. */
  readonly console: boolean;
}

export async function startFirstMachine(options: StartOptions, running: RunningCommand): Promise<number> {
  const directory = resolve('.firn/first-machine');
  mkdirSync(directory, { recursive: true });
  const credentials = machineCredentials(directory);
  if (credentials.fresh) forgetDisks(directory);
  const session = await openStartSession(credentials, running);
  try {
    const stages: Stages = [];
    await timed(stages, 'channel', () => ensureChannel(session, running));
    const derivation = await timed(stages, 'evaluation', () => evaluateMachine(session));
    const plan = await session.planBuild([derivation]);
    announce(plan, running);
    await timed(stages, 'fetch', () => session.build(fetches(session, plan)));
    const [path] = await timed(stages, 'build', () => session.build([derivation]));
    await session.addIndirectRoot(resolve('result'), path);
    const { machine, sshCommand } = await startMachine(path, session, { directory, credentials, running });
    await using _ = machine;
    stages.push({ name: 'boot', seconds: await bootMachine(machine, running) });
    const login = { user: USER, password: credentials.password, sshCommand };
    running.print(formatStartReport(makeReport(session, { path, plan, stages, login })));
    return await afterBoot(options, machine, running);
  } finally {
    await session.close();
  }
}

function openStartSession(credentials: MachineCredentials, running: RunningCommand): Promise<Session> {
  const { invocation, logger, signal } = running;
  return openSession({
    settings: finalSettings(invocation),
    env: invocation.env,
    logger,
    storeUri: invocation.storeUri ?? 'private',
    searchPath: [
      `nixos-config=${join(installationRoot(), 'examples/first-machine/configuration.nix')}`,
      `firn-run=${credentials.runDirectory}`,
      ...invocation.searchPath,
    ],
    signal,
  });
}

/** A disk on which the account was made with an older password would not let the new one in. */
function forgetDisks(directory: string): void {
  for (const name of readdirSync(directory)) if (name.endsWith('.qcow2')) rmSync(join(directory, name));
}

function announce({ willFetch, willBuild }: BuildPlan, running: RunningCommand): void {
  const isDone = willBuild.length + willFetch.length === 0;
  const toMake = `${willFetch.length} files to fetch, ${willBuild.length} derivations to build`;
  running.logger.log(Verbosity.info, isDone ? 'everything is built already' : toMake);
}

/** The downloads of a plan, to be made before the builds, so that both can be timed. */
function fetches({ store }: Session, { willFetch }: BuildPlan): Installable[] {
  return willFetch.map((path) => ({ drvPath: `${store.storeDir}/${path.baseName}`, outputs: ['out'] }));
}

async function timed<T>(stages: Stages, name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  stages.push({ name, seconds: (performance.now() - start) / 1000 });
  return result;
}

/** Makes the default channel unless it is there and made from this very Firn. */
async function ensureChannel(session: Session, running: RunningCommand): Promise<void> {
  const { env } = running.invocation;
  const places = channelPlaces(session, env);
  const stamp = join(places.profile, '..', '.firn-fingerprint');
  const fingerprint = channelFingerprint();
  const isPresent = existsSync(places.profile) || linkTarget(places.profile) !== undefined;
  if (isPresent && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return;
  const list = privateChannelList(session);
  if (!readChannelList(list).has('nixos')) addChannel(list, DEFAULT_CHANNEL, 'nixos');
  running.logger.log(Verbosity.info, `making the channel '${readChannelList(list).get('nixos')}'...`);
  await withChannels({ session, env, signal: running.signal }, (context) =>
    updateChannels({ ...context, places: { ...places, list } }),
  );
  writeFileSync(stamp, fingerprint);
}

/** The private store has subscriptions of its own: `npm start` does not touch the user's `~/.nix-channels`. */
function privateChannelList(session: Session): string {
  return join(session.location.root ?? session.location.stateDir, 'nix-channels');
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

async function evaluateMachine(session: Session): Promise<Installable> {
  const { drvPath, outputName } = await evaluateConfiguration(session, { product: 'vm', args: [] });
  return { drvPath, outputs: [outputName] };
}

interface MachinePlace {
  readonly directory: string;
  readonly credentials: MachineCredentials;
  readonly running: RunningCommand;
}

/** Starts QEMU. The machine's port 22 is at a free port of this host, unless QEMU_NET_OPTS says something else. */
async function startMachine(path: string, session: Session, place: MachinePlace) {
  const { directory, credentials, running } = place;
  const script = findRunner(session.realPath(path));
  const host = basename(script).replace(/^run-(.*)-vm$/, '$1');
  const port = await findFreePort();
  const sshConfig = join(directory, 'ssh_config');
  writeSshConfig(sshConfig, { host, port, user: USER, privateKeyFile: credentials.privateKeyFile });
  const forward = `hostfwd=tcp:127.0.0.1:${port}-:22`;
  const { env } = running.invocation;
  const machine = VirtualMachine.start({
    script,
    directory,
    ...(process.stdout.isTTY ? { consoleSize: [process.stdout.rows, process.stdout.columns] as const } : {}),
    env: {
      ...definedEntries(env),
      QEMU_NET_OPTS: env['QEMU_NET_OPTS'] ? `${forward},${env['QEMU_NET_OPTS']}` : forward,
    },
  });
  return { machine, sshCommand: `ssh -F ${relative(process.cwd(), sshConfig)} ${host}` };
}

function definedEntries(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

async function bootMachine(machine: VirtualMachine, running: RunningCommand): Promise<number> {
  using _ = running.logger.activity(ActivityType.unknown, 'booting the machine');
  running.signal.addEventListener('abort', () => machine.kill(), { once: true });
  return machine.waitForText(/login: $/, BOOT_SECONDS);
}

interface Made {
  readonly path: string;
  readonly plan: BuildPlan;
  readonly stages: Stages;
  readonly login: StartReport['login'];
}

function makeReport(session: Session, { path, plan, stages, login }: Made): StartReport {
  const { store } = session;
  const system = parseStorePath(store.storeDir, path);
  const closure = computeClosure(store, [system]);
  const files = plan.willFetch.map((drvPath) => store.readDerivation(drvPath).outputs.get('out')!.path);
  return {
    stages,
    fetched: {
      count: files.length,
      bytes: files.reduce((sum, file) => sum + statSync(session.realPath(file)).size, 0),
    },
    builtCount: plan.willBuild.length,
    closure: {
      count: closure.length,
      bytes: closure.reduce((sum, each) => sum + queryValidPathInfo(store, each).narSizeBytes, 0),
    },
    result: session.realPath(path),
    login,
    binDirectory: join(installationRoot(), 'bin'),
  };
}

async function afterBoot(
  options: StartOptions,
  machine: VirtualMachine,
  running: RunningCommand,
): Promise<number> {
  const { CI } = running.invocation.env;
  const interactive = options.console && process.stdin.isTTY && process.stdout.isTTY && !CI;
  if (interactive) {
    running.print('This is its console. Ctrl-] leaves it and powers the machine off.\n\n');
    machine.type('\n');
    if ((await attachConsole(machine, process.stdin, process.stdout)) === 'stopped') return 0;
    running.print('\n');
  }
  using _ = running.logger.activity(ActivityType.unknown, 'powering the machine off');
  await machine.powerDown();
  running.print('The machine was powered off.\n');
  return 0;
}

/** `bin/run-NAME-vm` of the built machine. */
function findRunner(directory: string): string {
  const bin = join(directory, 'bin');
  const name = existsSync(bin) ? readdirSync(bin).find((entry) => /^run-.*-vm$/.test(entry)) : undefined;
  if (!name) throw new UsageError(`there is no 'run-*-vm' in '${bin}'`);
  return join(bin, name);
}
