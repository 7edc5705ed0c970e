/**
 * For tests of whole systems: a scratch copy of the machines' store with Firn's commands working on it, and machines
 * booted from what they build. Nothing is asked of the host: `ssh`, too, comes from the store.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import {
  findFreePort,
  type MachineCredentials,
  machineCredentials,
  VirtualMachine,
  writeSshConfig,
} from '../../src/nixos/index.ts';
import { deleteTree } from '../../src/platform/index.ts';
import { copyStore } from './store-copy.ts';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** For a very loaded machine under software emulation; a quiet one needs a thirtieth of it. */
export const PATIENCE_SECONDS = 600;

export interface Outcome {
  /** Exit status; 128 + N after signal N. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A private store of one's own with all that machines are made of, a home, and credentials. */
export class MachineStore implements AsyncDisposable {
  readonly directory: string;
  readonly root: string;
  readonly credentials: MachineCredentials;

  private constructor(directory: string) {
    this.directory = directory;
    this.root = join(directory, 'root');
    this.credentials = machineCredentials(join(directory, 'access'));
  }

  /** Copies the store that `npm test` prepared. */
  static open(): MachineStore {
    const prepared = process.env['FIRN_TEST_STORE'];
    if (!prepared) throw new Error('FIRN_TEST_STORE is not set; npm test sets it');
    const directory = copyStore(prepared);
    mkdirSync(join(directory, 'home'));
    return new MachineStore(directory);
  }

  get environment(): NodeJS.ProcessEnv {
    const { PATH, TMPDIR } = process.env;
    return {
      PATH,
      TMPDIR,
      HOME: join(this.directory, 'home'),
      NIX_REMOTE: this.root,
      NIX_PATH: `nixpkgs=${process.env['FIRN_TEST_NIXPKGS']}`,
      NIX_CONFIG: `${process.env['NIX_CONFIG'] ?? ''}\nfsync-store-paths = false\n`,
    };
  }

  /** Runs one of Firn's commands in the scratch directory. */
  run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return execute(join(repository, 'bin', program), args, {
      cwd: this.directory,
      env: { ...this.environment, ...env },
    });
  }

  /** As `run`; throws, with what the command said, when it fails. */
  async succeed(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const outcome = await this.run(program, args, env);
    if (outcome.status !== 0)
      throw new Error(
        `${program} ${args.join(' ')} failed with status ${outcome.status}:\n${outcome.stderr.slice(-4000)}`,
      );
    return outcome.stdout;
  }

  /** Where the files of a printed store path really are. */
  real(path: string): string {
    return join(this.root, path);
  }

  /** Starts the machine whose runner is in `result/bin`, a `nixos-vm`'s store path. */
  async boot(result: string, options: BootOptions = {}): Promise<TestMachine> {
    const bin = join(this.real(result), 'bin');
    const script = readdirSync(bin).find((name) => /^run-.*-vm$/.test(name))!;
    const name = script.replace(/^run-(.*)-vm$/, '$1');
    const directory = join(this.directory, name);
    mkdirSync(directory, { recursive: true });
    const sshPort = await findFreePort();
    const forwards = new Map([[22, sshPort]]);
    for (const port of options.ports ?? []) forwards.set(port, await findFreePort());
    const { HOME, PATH, TMPDIR } = this.environment;
    const vm = VirtualMachine.start({
      script: join(bin, script),
      directory,
      env: {
        HOME: HOME!,
        PATH: PATH!,
        ...(TMPDIR ? { TMPDIR } : {}),
        QEMU_NET_OPTS: [...forwards].map(([to, from]) => `hostfwd=tcp:127.0.0.1:${from}-:${to}`).join(','),
        ...options.env,
      },
    });
    const access = {
      host: name,
      port: sshPort,
      user: 'root',
      privateKeyFile: this.credentials.privateKeyFile,
    };
    writeSshConfig(join(directory, 'ssh_config'), access);
    return new TestMachine(this, vm, { name, directory, forwards });
  }

  /** The store path of OpenSSH's client, built at the first call. */
  openSsh(): Promise<string> {
    this.#openSsh ??= this.succeed('nix-build', ['<nixpkgs>', '-A', 'openssh', '--no-out-link']).then(
      (text) => text.trim(),
    );
    return this.#openSsh;
  }
  #openSsh: Promise<string> | undefined;

  async [Symbol.asyncDispose](): Promise<void> {
    await deleteTree(this.directory);
  }
}

export interface BootOptions {
  /** Further ports of the machine that the host reaches, see `TestMachine.port`. */
  readonly ports?: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
}

interface MachinePlaces {
  readonly name: string;
  readonly directory: string;
  /** Port of the machine -> port of the host's loopback. */
  readonly forwards: ReadonlyMap<number, number>;
}

/** A booted machine: its console, SSH, its ports. */
export class TestMachine implements AsyncDisposable {
  readonly vm: VirtualMachine;
  readonly name: string;
  readonly #store: MachineStore;
  readonly #places: MachinePlaces;

  constructor(store: MachineStore, vm: VirtualMachine, places: MachinePlaces) {
    this.#store = store;
    this.vm = vm;
    this.name = places.name;
    this.#places = places;
  }

  /** Runs a shell command in the machine over SSH. */
  async ssh(command: string, user = 'root'): Promise<Outcome> {
    const ssh = await this.#store.openSsh();
    const { directory } = this.#store;
    const passwd = join(directory, 'passwd');
    const { uid, gid } = { uid: process.getuid!(), gid: process.getgid!() };
    if (!existsSync(passwd)) writeFileSync(passwd, `tester:x:${uid}:${gid}::/:/bin/sh\n`);
    const [bwrap, ...first] = toolCommand(sandboxToolsIn(process.env['FIRN_TEST_BWRAP']!), 'bwrap');
    const binds = [
      ['--ro-bind', join(this.#store.root, 'nix/store'), '/nix/store'],
      ['--ro-bind', passwd, '/etc/passwd'],
      ['--bind', directory, directory],
      ['--dev', '/dev'],
      ['--proc', '/proc'],
      ['--die-with-parent', '--'],
    ].flat();
    const config = join(this.#places.directory, 'ssh_config');
    const remote = [
      `${ssh}/bin/ssh`,
      '-F',
      config,
      '-o',
      'ConnectTimeout=60',
      '-l',
      user,
      this.name,
      command,
    ];
    return execute(bwrap, [...first, ...binds, ...remote], { cwd: directory, env: { PATH: '' } });
  }

  /** What a command prints in the machine, without the last newline; throws when it fails. */
  async succeed(command: string, user = 'root'): Promise<string> {
    const outcome = await this.ssh(command, user);
    if (outcome.status !== 0)
      throw new Error(
        `'${command}' failed in the machine with status ${outcome.status}:\n${outcome.stdout}${outcome.stderr}`,
      );
    return outcome.stdout.replace(/\n$/, '');
  }

  /** What several commands print, by name; one connection for all of them, for it is what takes the time. */
  async facts<Name extends string>(
    commands: Readonly<Record<Name, string>>,
    user = 'root',
  ): Promise<Record<Name, string>> {
    const mark = '=====';
    const entries = Object.entries<string>(commands);
    // The command's output may lack its last newline.
    const script = entries.map(
      ([name, command]) => `echo '${mark} ${name}'; { ${command}; } || echo "FAILED $?"; echo`,
    );
    const text = await this.succeed(script.join('\n'), user);
    const parts = text.split(new RegExp(`^${mark} `, 'm')).slice(1);
    return Object.fromEntries(
      parts.map((part) => {
        const [name] = part.split('\n', 1);
        return [name, part.slice(name.length).trim()];
      }),
    ) as Record<Name, string>;
  }

  /** Waits until SSH answers. */
  async waitForSsh(timeoutSeconds = PATIENCE_SECONDS): Promise<void> {
    const deadline = performance.now() + timeoutSeconds * 1000;
    for (;;) {
      const { status, stderr } = await this.ssh('true');
      if (status === 0) return;
      if (performance.now() > deadline || this.vm.ended)
        throw new Error(
          `SSH did not answer within ${timeoutSeconds} s: ${stderr}\n${this.vm.output.slice(-3000)}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  /** Logs in at the serial console; throws when no prompt appears. */
  async login(user: string, password: string): Promise<void> {
    this.vm.type(`${user}\n`);
    await this.vm.waitForText(/Password: $/, PATIENCE_SECONDS);
    this.vm.forgetOutput();
    this.vm.type(`${password}\n`);
    // What is typed before the shell reads it may get lost.
    await this.vm.waitForText(new RegExp(`${user}@${this.name}`), PATIENCE_SECONDS);
  }

  /** Runs a command in the shell of the console; gives its output and throws when it fails. */
  async console(command: string): Promise<string> {
    this.vm.forgetOutput();
    // The terminal's echo does not have the line that is waited for.
    this.vm.type(` echo BEG''IN; ${command}; echo "EN""D $?"\n`);
    await this.vm.waitForText(/END \d+\r?\n/, PATIENCE_SECONDS);
    const match = /BEGIN\r?\n([\s\S]*?)END (\d+)\r?\n/.exec(this.vm.output);
    if (match?.[2] !== '0') throw new Error(`'${command}' failed at the console: ${this.vm.output}`);
    return match[1].replaceAll('\r', '').trimEnd();
  }

  /**
   * Connects to a port of the machine and gives what it says until it closes the connection, or `undefined` when it
   * says nothing within `seconds`.
   */
  listen(port: number, seconds: number): Promise<string | undefined> {
    const from = this.#places.forwards.get(port)!;
    return new Promise((resolve) => {
      let text = '';
      const socket = connect(from, '127.0.0.1');
      const end = (answer: string | undefined) => {
        clearTimeout(timer);
        socket.destroy();
        resolve(answer);
      };
      const timer = setTimeout(() => end(undefined), seconds * 1000);
      socket.setEncoding('utf8');
      socket.on('data', (data) => (text += data));
      socket.on('error', () => end(undefined));
      socket.on('close', () => end(text === '' ? undefined : text));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.vm[Symbol.asyncDispose]();
    rmSync(this.#places.directory, { recursive: true, force: true });
  }
}

function execute(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { ...options, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      const said = typeof error?.code === 'string' ? `${basename(program)}: ${error.message}\n` : '';
      resolve({ status, stdout, stderr: stderr + said });
    });
  });
}
