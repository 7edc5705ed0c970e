/**
 * `nixos-container`: makes, changes, starts, stops and enters containers. Those of `containers` in the system's configuration
 * can be started, stopped and entered too; their configuration changes with the system.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { suggestNear, UsageError, Verbosity } from '../diagnostics/index.ts';
import {
  buildConfiguration,
  type Container,
  type ContainerPlaces,
  checkContainerName,
  checkNothingMounted,
  configurationFile,
  containerAt,
  controlContainer,
  declarativeContainer,
  findContainer,
  freeAddresses,
  freeName,
  isDeclarative,
  leaderOf,
  listContainers,
  loginToContainer,
  makeDirectories,
  noAddress,
  noHostKey,
  readVariables,
  runInContainer,
  setSystem,
  terminateContainer,
  writeConfiguration,
  writeVariables,
} from '../nixos/index.ts';
import { deleteTree } from '../platform/index.ts';
import { locateStore } from '../session/index.ts';
import { lockFile } from '../store/index.ts';
import type { Flag } from './command-line.ts';
import { evaluationFlags } from './common-flags.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options {
  readonly words: string[];
  ensureUniqueName: boolean;
  autoStart: boolean;
  systemPath?: string;
  config?: string;
  configFile?: string;
  hostAddress?: string;
  localAddress?: string;
  bridge?: string;
  port?: string;
}

interface Action {
  readonly description: string;
  /** Whether it names no container. */
  readonly needsNoName?: true;
  /** Takes words after the name. */
  readonly takesWords?: true;
  readonly run: (context: ActionContext) => Promise<number>;
}

interface ActionContext {
  readonly options: Options;
  readonly places: ContainerPlaces;
  readonly running: RunningCommand;
}

const actions: Readonly<Record<string, Action>> = {
  list: { description: 'show the names of all containers', needsNoName: true, run: list },
  create: { description: 'make a container and build its system', run: create },
  destroy: { description: 'delete a container with its files', run: destroy },
  start: { description: 'start it and wait until it has booted', run: (c) => control(c, 'start') },
  stop: { description: 'stop it and wait until it has ended', run: (c) => control(c, 'stop') },
  terminate: { description: 'stop it without letting it end by itself', run: terminate },
  restart: { description: 'stop it and start it again', run: restart },
  status: { description: "print 'up', 'down' or 'gone'", run: status },
  update: { description: 'build its configuration anew and switch to it', run: update },
  login: { description: 'a login prompt inside', run: login },
  'root-login': { description: "root's shell inside", run: (c) => enter(c, []) },
  run: {
    description: 'run a command inside as root',
    takesWords: true,
    run: (c) => enter(c, c.options.words.slice(2)),
  },
  'show-ip': { description: 'print its IPv4 address', run: showIp },
  'show-host-key': { description: "print its SSH server's public key", run: showHostKey },
};

export const command: Command = {
  prepare: (invocation) => {
    const options: Options = { words: [], ensureUniqueName: false, autoStart: false };
    const shown = Object.entries(actions);
    return {
      line: {
        usage: ['list', 'create NAME [FLAGS]', 'run NAME -- COMMAND [ARGUMENTS]', 'ACTION NAME'],
        summary:
          'Manages containers: NixOS systems that run on the kernel of this machine and share its store.',
        flags: [...containerFlags(options), ...evaluationFlags(invocation)],
        positional: (argument) => void options.words.push(argument),
        notes: ['Actions:', ...shown.map(([name, a]) => `  ${name.padEnd(15)}${a.description}`)].join('\n'),
      },
      run: (running) => run(options, running),
    };
  },
};

function containerFlags(options: Options): Flag[] {
  return [
    {
      long: 'config',
      values: ['TEXT'],
      description: "create, update: the configuration, as definitions ('services.openssh.enable = true;')",
      apply: (text) => void (options.config = text),
    },
    {
      long: 'config-file',
      values: ['FILE'],
      description: 'create, update: a file with the configuration, as a module',
      apply: (file) => void (options.configFile = resolve(file)),
    },
    {
      long: 'system-path',
      values: ['PATH'],
      description: 'create: a system that is built already',
      apply: (path) => void (options.systemPath = resolve(path)),
    },
    {
      long: 'ensure-unique-name',
      description: 'create: add a number to the name, and print it',
      apply: () => void (options.ensureUniqueName = true),
    },
    {
      long: 'auto-start',
      description: 'create: start it with the machine',
      apply: () => void (options.autoStart = true),
    },
    {
      long: 'host-address',
      values: ['ADDRESS'],
      description: "create: the address of the host's end of its network",
      apply: (address) => void (options.hostAddress = address),
    },
    {
      long: 'local-address',
      values: ['ADDRESS'],
      description: 'create: its own address',
      apply: (address) => void (options.localAddress = address),
    },
    {
      long: 'bridge',
      values: ['INTERFACE'],
      description: 'create: a bridge of the host to join its network to',
      apply: (name) => void (options.bridge = name),
    },
    {
      long: 'port',
      values: ['[PROTOCOL:]HOST[:CONTAINER]'],
      description: 'create: a port of the host that leads to it',
      apply: (port) => void (options.port = port),
    },
  ];
}

async function run(options: Options, running: RunningCommand): Promise<number> {
  const [name, container, ...rest] = options.words;
  const action = findAction(name);
  if (container === undefined && !action.needsNoName) {
    throw new UsageError('no container name was given', { hint: `expected: nixos-container ${name} NAME` });
  }
  const extra = action.needsNoName ? container : action.takesWords ? undefined : rest[0];
  if (extra !== undefined) {
    throw new UsageError(`unexpected argument '${extra}'`, { hint: "try 'nixos-container --help'" });
  }
  const { stateDir } = locateStore(running.invocation.storeUri, running.invocation.env);
  const places = { configDir: '/etc/containers', rootsDir: '/var/lib/containers', stateDir };
  return await action.run({ options, places, running });
}

function findAction(name: string | undefined): Action {
  const names = Object.keys(actions);
  if (name === undefined) {
    throw new UsageError('no action was given', { hint: `expected one of: ${names.join(', ')}` });
  }
  if (Object.hasOwn(actions, name)) return actions[name];
  const near = suggestNear(name, names, 1);
  throw new UsageError(`unknown action '${name}'`, {
    hint: near[0] ? `did you mean '${near[0]}'?` : `expected one of: ${names.join(', ')}`,
  });
}

async function list({ places, running }: ActionContext): Promise<number> {
  running.print(
    listContainers(places)
      .map((name) => `${name}\n`)
      .join(''),
  );
  return 0;
}

async function create(context: ActionContext): Promise<number> {
  const { options, places, running } = context;
  const wished = options.words[1];
  checkContainerName(wished);
  let container: Container;
  {
    // Two that are made at once get different names and addresses.
    using _ = await lockFile('/run/lock/nixos-container', 'exclusive', { signal: running.signal });
    const name = freeName(places, wished, options.ensureUniqueName);
    checkContainerName(name);
    container = containerAt(places, name);
    writeVariables(container, networkOf(context));
  }
  try {
    makeDirectories(container);
    if (options.systemPath === undefined) {
      writeConfiguration(container, options);
      await buildSystem(container, running);
    } else await setSystem(container.profile, options.systemPath, running.signal);
  } catch (error) {
    await removeFiles(container);
    throw error;
  }
  if (options.ensureUniqueName) running.print(`${container.name}\n`);
  return 0;
}

function networkOf({ options, places, running }: ActionContext): Map<string, string> {
  const given =
    options.hostAddress !== undefined || options.localAddress !== undefined || options.bridge !== undefined;
  const free = given ? undefined : freeAddresses(places);
  const host = options.hostAddress ?? free?.host ?? '';
  const local = options.localAddress ?? free?.local ?? '';
  if (host !== '' || local !== '') {
    running.logger.log(Verbosity.error, `host IP is ${host}, container IP is ${local}`);
  }
  return new Map([
    ['PRIVATE_NETWORK', '1'],
    ['HOST_ADDRESS', host],
    ['LOCAL_ADDRESS', local],
    ['HOST_BRIDGE', options.bridge ?? ''],
    ['HOST_PORT', options.port ?? ''],
    ['AUTO_START', options.autoStart ? '1' : ''],
  ]);
}

async function buildSystem(container: Container, running: RunningCommand): Promise<void> {
  running.invocation.searchPath.unshift(`nixos-config=${configurationFile(container)}`);
  const session = await running.session();
  running.logger.log(Verbosity.info, `building the system of the container '${container.name}'...`);
  const path = await buildConfiguration(session, { product: 'system', args: running.invocation.args });
  await setSystem(container.profile, path, running.signal);
}

async function update({ options, places, running }: ActionContext): Promise<number> {
  const container = findContainer(places, options.words[1]);
  if (isDeclarative(container)) throw declarativeContainer(container.name, 'update');
  if (options.config !== undefined || options.configFile !== undefined)
    writeConfiguration(container, options);
  await buildSystem(container, running);
  if ((await leaderOf(container)) !== undefined) {
    running.logger.log(Verbosity.info, 'reloading container...');
    await controlContainer(container, 'reload', running.signal);
  }
  return 0;
}

async function destroy({ options, places, running }: ActionContext): Promise<number> {
  const container = findContainer(places, options.words[1]);
  if (isDeclarative(container)) throw declarativeContainer(container.name, 'destroy');
  if ((await leaderOf(container)) !== undefined) await controlContainer(container, 'stop', running.signal);
  await removeFiles(container);
  return 0;
}

async function removeFiles(container: Container): Promise<void> {
  checkNothingMounted(container);
  for (const tree of [dirname(container.profile), container.gcRoots, container.root]) {
    if (existsSync(tree)) await deleteTree(tree);
  }
  // Last: while it is there, the container can be named and its deletion repeated.
  rmSync(container.configFile, { force: true });
}

async function control(
  { options, places, running }: ActionContext,
  action: 'start' | 'stop',
): Promise<number> {
  await controlContainer(findContainer(places, options.words[1]), action, running.signal);
  return 0;
}

async function terminate({ options, places, running }: ActionContext): Promise<number> {
  await terminateContainer(findContainer(places, options.words[1]), running.signal);
  return 0;
}

async function restart(context: ActionContext): Promise<number> {
  await control(context, 'stop');
  return await control(context, 'start');
}

async function status({ options, places, running }: ActionContext): Promise<number> {
  const name = options.words[1];
  if (!listContainers(places).includes(name)) running.print('gone\n');
  else running.print((await leaderOf(containerAt(places, name))) === undefined ? 'down\n' : 'up\n');
  return 0;
}

async function login({ options, places }: ActionContext): Promise<number> {
  return loginToContainer(findContainer(places, options.words[1]));
}

async function enter({ options, places }: ActionContext, words: readonly string[]): Promise<number> {
  return await runInContainer(findContainer(places, options.words[1]), words);
}

async function showIp({ options, places, running }: ActionContext): Promise<number> {
  const container = findContainer(places, options.words[1]);
  const address = readVariables(container).get('LOCAL_ADDRESS');
  if (!address) throw noAddress(container.name);
  running.print(`${address.replace(/\/.*/, '')}\n`);
  return 0;
}

async function showHostKey({ options, places, running }: ActionContext): Promise<number> {
  const container = findContainer(places, options.words[1]);
  for (const kind of ['ed25519', 'ecdsa', 'rsa']) {
    const file = join(container.root, 'etc/ssh', `ssh_host_${kind}_key.pub`);
    if (!existsSync(file)) continue;
    running.print(readFileSync(file, 'utf8'));
    return 0;
  }
  throw noHostKey(container.name);
}
