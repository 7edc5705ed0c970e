/**
 * `firn start`, which `npm start` runs: channel, evaluation, build and boot of `examples/first-machine`, with what each
 * stage took. Everything happens in the private store; what is valid already is not made again.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { addChannel, readChannelList, updateChannels } from '../channel/index.ts';
import { ActivityType, encodeBytes, NixError, UsageError, Verbosity } from '../diagnostics/index.ts';
import { parseStorePath } from '../formats/index.ts';
import { attachConsole, makeSshKeyPair, VirtualMachine } from '../nixos/index.ts';
import { openSession, type Session } from '../session/index.ts';
import { computeClosure, queryValidPathInfo } from '../store/index.ts';
import { channelFingerprint, channelPlaces, installationRoot, withChannels } from './channel-context.ts';
import { finalSettings } from './common-flags.ts';
import type { RunningCommand } from './program.ts';

const DEFAULT_CHANNEL = 'debian:trixie';
/** A boot under software emulation takes about 20 seconds; a loaded machine gets much more. */
const BOOT_SECONDS = 300;

interface Stage {
  readonly name: string;
  readonly seconds: number;
}

interface StartOptions {
  /** Show the console when there is a terminal. */
  readonly console: boolean;
}

export async function startFirstMachine(options: StartOptions, running: RunningCommand): Promise<number> {
  const { invocation, logger } = running;
  const directory = resolve('.firn/first-machine');
  mkdirSync(directory, { recursive: true });
  const session = await openSession({
    settings: finalSettings(invocation),
    env: invocation.env,
    logger,
    storeUri: invocation.storeUri ?? 'private',
    searchPath: [
      `nixos-config=${join(installationRoot(), 'examples/first-machine/configuration.nix')}`,
      `firn-run=${writeRunFiles(directory)}`,
      ...invocation.searchPath,
    ],
    signal: running.signal,
  });
  try {
    const stages: Stage[] = [];
    await timed(stages, 'channel', () => ensureChannel(session, running));
    const derivation = await timed(stages, 'evaluation', () => evaluateMachine(session));
    const plan = await session.planBuild([derivation]);
    const toMake = `${plan.willFetch.length} files to fetch, ${plan.willBuild.length} derivations to build`;
    logger.log(
      Verbosity.info,
      plan.willBuild.length + plan.willFetch.length > 0 ? toMake : 'everything is built already',
    );
    const [path] = await timed(stages, 'fetch and build', () => session.build([derivation]));
    await session.addIndirectRoot(resolve('result'), path);
    const machine = startMachine(path, session, directory, invocation.env);
    await using _ = machine;
    const boot = await bootMachine(machine, running);
    stages.push({ name: 'boot', seconds: boot });
    printSummary(session, path, stages, running);
    return await afterBoot(options, machine, running);
  } finally {
    await session.close();
  }
}

async function timed<T>(stages: Stage[], name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  stages.push({ name, seconds: (performance.now() - start) / 1000 });
  return result;
}

/** The key pair of this run's user, kept in the clone's `.firn/` and never committed. */
function writeRunFiles(directory: string): string {
  const shown = join(directory, 'run');
  mkdirSync(shown, { recursive: true });
  const publicFile = join(shown, 'authorized-key.pub');
  const privateFile = join(directory, 'id_ed25519');
  if (!existsSync(publicFile) || !existsSync(privateFile)) {
    const { publicKey, privateKey } = makeSshKeyPair('firn-first-machine');
    writeFileSync(privateFile, privateKey, { mode: 0o600 });
    writeFileSync(publicFile, `${publicKey}\n`);
  }
  chmodSync(privateFile, 0o600);
  return shown;
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

async function evaluateMachine(session: Session) {
  const answer = await session.evaluate({
    source: { kind: 'file', path: encodeBytes('<nixpkgs/nixos>') },
    attrPaths: ['vm'],
    args: [],
    output: 'derivations',
    strict: false,
    writeStore: true,
  });
  if (answer.kind !== 'derivations' || answer.derivations.length !== 1)
    throw new NixError("the configuration's 'vm' is not one derivation");
  const { drvPath, outputName } = answer.derivations[0];
  return { drvPath, outputs: [outputName] };
}

function startMachine(
  path: string,
  session: Session,
  directory: string,
  env: NodeJS.ProcessEnv,
): VirtualMachine {
  const script = findRunner(session.realPath(path));
  const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return VirtualMachine.start({ script, directory, env: Object.fromEntries(defined) });
}

async function bootMachine(machine: VirtualMachine, running: RunningCommand): Promise<number> {
  using _ = running.logger.activity(ActivityType.unknown, 'booting the machine');
  running.signal.addEventListener('abort', () => machine.kill(), { once: true });
  return machine.waitForText(/login: $/, BOOT_SECONDS);
}

function printSummary(
  session: Session,
  path: string,
  stages: readonly Stage[],
  running: RunningCommand,
): void {
  const { store } = session;
  const closure = computeClosure(store, [parseStorePath(store.storeDir, path)]);
  const bytes = closure.reduce((sum, each) => sum + queryValidPathInfo(store, each).narSizeBytes, 0);
  const rows = stages.map(({ name, seconds }) => `  ${name.padEnd(18)}${seconds.toFixed(1).padStart(7)} s`);
  running.print(
    [
      '',
      'The machine has booted.',
      `  store paths       ${String(closure.length).padStart(7)}`,
      `  size              ${(bytes / 1024 / 1024).toFixed(0).padStart(7)} MiB`,
      ...rows,
      '',
      `  result -> ${session.realPath(path)}`,
      "  To use Firn's commands, put them on PATH:",
      `    export PATH="${join(installationRoot(), 'bin')}:$PATH"`,
      '',
      '',
    ].join('\n'),
  );
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
