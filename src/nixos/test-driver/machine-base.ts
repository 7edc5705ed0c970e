/**
 * A machine of a test: its QEMU, its console, its control socket and its backdoor. Whatever needs the machine running starts
 * it; nothing is lost by starting it twice.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { QmpClient } from '../vm/qmp.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { Backdoor, type BackdoorRequest, type BackdoorResult } from './backdoor.ts';
import { didNotStart, notRunning, TestError } from './errors.ts';
import type { TestLog } from './log.ts';

export interface MachineSettings {
  readonly name: string;
  /** The program that starts it: `run-NAME-vm`. */
  readonly script: string;
  /** Where its disk is kept; made when it is missing. */
  readonly stateDirectory: string;
  /** A directory with a short path, for sockets. */
  readonly socketDirectory: string;
  /** Where screenshots and copied files go. */
  readonly outputDirectory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: TestLog;
  /** Programs that read text from pictures; absent unless the test asks for them. */
  readonly ocr?: OcrPrograms;
}

export interface OcrPrograms {
  readonly tesseract: string;
  /** The directory of tesseract's language data. */
  readonly data: string;
}

/** How long a boot may take; under software emulation on a busy machine it is minutes. */
const BOOT_SECONDS = 600;
const STOP_SECONDS = 300;

/** Escape sequences and control characters of a console's output, which mean nothing in a log. */
const terminalCodes = /\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][0-9A-B]|[=>78cM])|[\x00-\x08\x0b-\x1f]/g;

export class MachineBase implements AsyncDisposable {
  readonly name: string;
  /** Where its disk is kept. */
  readonly stateDir: string;
  protected readonly settings: MachineSettings;
  readonly #backdoor: Backdoor;
  #vm: VirtualMachine | undefined;
  #control: QmpClient | undefined;
  #line = '';
  /** What the console has shown since the start, without terminal codes. */
  protected consoleText = '';
  readonly #consoleListeners = new Set<() => void>();

  constructor(settings: MachineSettings) {
    this.settings = settings;
    this.name = settings.name;
    this.stateDir = settings.stateDirectory;
    mkdirSync(this.stateDir, { recursive: true });
    this.#backdoor = new Backdoor(this.#socket, this.name);
  }

  get #socket(): string {
    return join(this.settings.socketDirectory, `${this.name}.shell`);
  }

  protected get journal(): TestLog {
    return this.settings.log;
  }

  /** Runs `work` as an entry of the log. */
  nest<T>(title: string, work: () => Promise<T>): Promise<T> {
    return this.journal.nest(title, this.name, work);
  }

  /** Writes a message to the log. */
  log(message: string): void {
    this.journal.log(message, this.name);
  }

  /** Whether QEMU runs. */
  isUp(): boolean {
    return this.#vm !== undefined && !this.#vm.ended;
  }

  /**
   * Starts the machine; does not wait for its boot.
   *
   * @param options.allowReboot a reboot of the guest is one; otherwise it ends the machine
   */
  async start(options: { readonly allowReboot?: boolean } = {}): Promise<void> {
    if (this.isUp()) return;
    this.log('starting vm');
    const shell = `-device virtio-serial -chardev socket,id=backdoor,path=${this.#socket} -device virtserialport,chardev=backdoor,name=firn.backdoor`;
    const { env } = this.settings;
    this.consoleText = '';
    const vm = VirtualMachine.start({
      script: this.settings.script,
      directory: this.stateDir,
      env: {
        NIX_DISK_IMAGE: join(this.stateDir, `${this.name}.qcow2`),
        ...env,
        TMPDIR: this.stateDir,
        QEMU_OPTS: `${shell} ${env['QEMU_OPTS'] ?? ''}`.trim(),
      },
      onOutput: (text) => this.#receiveConsole(text),
    });
    this.#vm = vm;
    void vm.wait().then(() => this.#ended(vm));
    const control = await this.control().catch((cause: Error) => {
      throw vm.ended ? didNotStart(this.name, vm.output) : cause;
    });
    this.log(`QEMU running (pid ${vm.pid})`);
    if (options.allowReboot) await control.execute('set-action', { reboot: 'reset' });
  }

  /** Waits until the machine's shell answers; starts the machine when it does not run. */
  async connect(): Promise<void> {
    if (this.#backdoor.ready && this.isUp()) return;
    await this.start();
    await this.nest('waiting for the VM to finish booting', () => this.#backdoor.waitReady(BOOT_SECONDS));
  }

  /** Runs a command in the machine's shell, once that is there. */
  protected async run(request: BackdoorRequest): Promise<BackdoorResult> {
    await this.connect();
    return await this.#backdoor.run(request);
  }

  /** The connection to QEMU's control socket. */
  protected async control(): Promise<QmpClient> {
    if (!this.#vm || this.#vm.ended) throw notRunning(this.name);
    this.#control ??= await this.#vm.control();
    return this.#control;
  }

  /** Shuts the machine down in an orderly way and waits until it is off; does nothing when it is off. */
  async shutdown(): Promise<void> {
    if (!this.isUp()) return;
    await this.nest('shutting down the VM', async () => {
      if (this.#backdoor.ready)
        await this.#backdoor
          .run({ command: 'systemctl poweroff --no-block', timeoutSeconds: 60 })
          .catch(() => {});
      else await (await this.control()).execute('system_powerdown');
      await this.#waitForEnd();
    });
  }

  /** Pulls the plug. */
  async crash(): Promise<void> {
    if (!this.isUp()) return;
    this.log('forced crash');
    const control = await this.control();
    await control.execute('quit').catch(() => {});
    await this.#waitForEnd();
  }

  /** Presses Ctrl-Alt-Delete; the machine must have been started with `allowReboot`. */
  async reboot(): Promise<void> {
    if (!this.isUp()) return;
    const control = await this.control();
    this.#backdoor.expectRestart();
    await control.monitor('sendkey ctrl-alt-delete');
  }

  /** Waits until the machine has shut itself down. */
  async waitForShutdown(timeoutSeconds = STOP_SECONDS): Promise<void> {
    if (!this.isUp()) return;
    await this.nest('waiting for the VM to power off', () => this.#waitForEnd(timeoutSeconds));
  }

  /** Unplugs the cables to the other machines. */
  block(): Promise<void> {
    return this.#setLinks(false);
  }

  /** Plugs them in again. */
  unblock(): Promise<void> {
    return this.#setLinks(true);
  }

  /** Runs a command of QEMU's monitor; its output. */
  async sendMonitorCommand(command: string): Promise<string> {
    this.log(`sending monitor command: ${command}`);
    return await (await this.control()).monitor(command);
  }

  /** Types into the serial console. */
  sendConsole(characters: string): void {
    if (!this.#vm || this.#vm.ended) throw notRunning(this.name);
    this.#vm.type(characters);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isUp()) {
      const control = await this.control().catch(() => undefined);
      await control?.execute('quit').catch(() => {});
    }
    await this.#vm?.[Symbol.asyncDispose]();
    this.#backdoor[Symbol.dispose]();
  }

  /** Resolves at the next line on the console, at the machine's end, or after `milliseconds`. */
  protected consoleChange(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#consoleListeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#consoleListeners.add(done);
    });
  }

  /** The virtual networks' cables; the one to the host's stays. */
  async #setLinks(up: boolean): Promise<void> {
    const control = await this.control();
    const shown = await control.monitor('info network');
    const links = new Set(shown.match(/\bvlan\d+(?=:)/g) ?? []);
    for (const name of links) await control.execute('set_link', { name, up });
    if (links.size === 0)
      throw new TestError(`machine '${this.name}' is on no virtual network`, {
        hint: 'the option `virtualisation.vlans` lists its networks',
      });
  }

  async #waitForEnd(timeoutSeconds = STOP_SECONDS): Promise<void> {
    await this.#vm?.waitForEnd(timeoutSeconds);
    await this.#vm?.[Symbol.asyncDispose]();
  }

  #ended(vm: VirtualMachine): void {
    if (this.#line !== '') this.#receiveConsole('\n');
    if (this.#vm !== vm) return;
    this.#control?.[Symbol.dispose]();
    this.#control = undefined;
    this.#backdoor.disconnect('its QEMU ended');
    this.log('QEMU ended');
    for (const listener of [...this.#consoleListeners]) listener();
  }

  #receiveConsole(text: string): void {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    for (const raw of lines) {
      const line = Buffer.from(raw, 'latin1').toString('utf8').replace(terminalCodes, '');
      this.consoleText += `${line}\n`;
      if (line !== '') this.journal.console(line, this.name);
    }
    if (lines.length > 0) for (const listener of [...this.#consoleListeners]) listener();
  }
}
