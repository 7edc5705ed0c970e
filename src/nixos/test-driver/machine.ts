/** A machine of a test, as test scripts see it: display, keyboard and files, on top of waiting, commands and life. */
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProcess, succeeded } from '../../platform/index.ts';
import { TestError } from './errors.ts';
import { keysOf } from './keys.ts';
import { quote } from './machine-commands.ts';
import { MachineWaits, type TextPattern, toPredicate } from './machine-waits.ts';
import { DEFAULT_SECONDS, retry } from './retry.ts';
import { readText } from './screen.ts';

export class TestMachine extends MachineWaits {
  #pictures = 0;

  /**
   * Takes a picture of the display, as PNG.
   *
   * @param name a file; a bare name stands in the output directory and may lack `.png`
   * @returns the file
   */
  async screenshot(name: string): Promise<string> {
    const bare = !name.includes('/');
    const file = bare
      ? join(this.settings.outputDirectory, name.endsWith('.png') ? name : `${name}.png`)
      : name;
    await this.nest(`making screenshot ${file}`, async () => {
      mkdirSync(dirname(resolve(file)), { recursive: true });
      await (await this.control()).execute('screendump', { filename: resolve(file), format: 'png' });
      if (bare) this.journal.image(basename(file), name, this.name);
    });
    return file;
  }

  /** What is written on the display, read by optical character recognition. */
  async getScreenText(): Promise<string> {
    return (await this.getScreenTextVariants()).join('\n');
  }

  /** The readings of the display one by one: as it is, and with light and dark exchanged. */
  async getScreenTextVariants(): Promise<string[]> {
    const { ocr } = this.settings;
    if (!ocr)
      throw new TestError('this test does not read text from the display', {
        hint: 'set `enableOCR = true;` in the test',
      });
    return await this.nest('performing optical character recognition', async () => {
      const picture = join(this.stateDir, `screen-${++this.#pictures}.ppm`);
      try {
        await (await this.control()).execute('screendump', { filename: resolve(picture) });
        return await readText(picture, ocr);
      } finally {
        rmSync(picture, { force: true });
      }
    });
  }

  /** Waits until what is written on the display matches. */
  waitForText(pattern: TextPattern, timeoutSeconds = DEFAULT_SECONDS): Promise<void> {
    const { source, matches } = toPredicate(pattern);
    return this.nest(`waiting for ‘${source}’ to appear on screen`, async () => {
      await this.start();
      await retry(async (isLast) => {
        const variants = await this.getScreenTextVariants();
        if (isLast) this.log(`Last OCR attempt failed. Text was: ${variants.join('\n')}`);
        for (const text of variants) if (await matches(text)) return true;
        return false;
      }, timeoutSeconds);
    });
  }

  /** Presses keys, one after the other: characters, or names such as `ctrl-alt-delete`. */
  async sendKeys(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.sendKey(key);
  }

  /**
   * Presses one key, or several at once.
   *
   * @param delaySeconds a pause afterwards, for guests that would miss keys
   */
  async sendKey(key: string, delaySeconds = 0.01, logged = true): Promise<void> {
    const control = await this.control();
    const press = async () => {
      const answer = await control.monitor(`sendkey ${keysOf(key)}`);
      if (answer.trim() !== '')
        throw new TestError(`QEMU does not know the key '${key}'`, { hint: answer.trim() });
      await sleep(delaySeconds * 1000);
    };
    await (logged ? this.nest(`sending key ‘${key}’`, press) : press());
  }

  /** Types characters on the keyboard. */
  sendChars(characters: string, delaySeconds = 0.01): Promise<void> {
    return this.nest(`sending keys ‘${JSON.stringify(characters).slice(1, -1)}’`, async () => {
      for (const character of characters) await this.sendKey(character, delaySeconds, false);
    });
  }

  /** Makes a TCP port of the machine reachable at a port of the host's loopback address. */
  async forwardPort(hostPort = 8080, guestPort = 80): Promise<void> {
    const answer = await (await this.control()).monitor(
      `hostfwd_add user.0 tcp:127.0.0.1:${hostPort}-:${guestPort}`,
    );
    if (answer.trim() !== '')
      throw new TestError(`cannot forward port ${hostPort} to port ${guestPort} of '${this.name}'`, {
        hint: answer.trim(),
      });
  }

  /** Copies a file or a directory of the host to a place in the machine. */
  copyFileFromHost(source: string, target: string): Promise<void> {
    return this.nest(`copying ${source} to ${target}`, async () => {
      if (!existsSync(source))
        throw new TestError(`cannot copy '${source}' to machine '${this.name}': it does not exist`);
      const parent = `mkdir -p ${quote(dirname(target))}`;
      const name = basename(resolve(source));
      const packed = await runBytes('tar', ['-C', dirname(resolve(source)), '-ch', '--', name]);
      const isDirectory = statSync(source).isDirectory();
      const place = quote(target);
      const unpack = isDirectory
        ? `mkdir -p ${place} && tar -x --no-same-owner --strip-components=1 -C ${place}`
        : `tar -x --no-same-owner -O > ${place}`;
      const mode = isDirectory ? '' : ` && chmod ${(statSync(source).mode & 0o777).toString(8)} ${place}`;
      const { status } = await this.run({ command: `${parent} && ${unpack}${mode}`, input: packed });
      if (status !== 0)
        throw new TestError(`cannot copy '${source}' to '${target}' on machine '${this.name}'`, {
          hint: `the machine's tar ended with exit code ${status}; its console may say why`,
        });
    });
  }

  /** Copies a file or a directory of the machine into a directory below the output directory. */
  copyFromMachine(source: string, targetDirectory = ''): Promise<string> {
    return this.nest(`copying ${source} out of the machine`, async () => {
      const place = join(this.settings.outputDirectory, targetDirectory);
      mkdirSync(place, { recursive: true });
      const name = basename(source);
      const { status, output } = await this.run({
        command: `tar -C ${quote(dirname(source))} -ch -- ${quote(name)}`,
      });
      if (status !== 0)
        throw new TestError(`cannot copy '${source}' out of machine '${this.name}'`, {
          hint: `the machine's tar ended with exit code ${status}`,
        });
      const archive = join(this.stateDir, 'copied.tar');
      writeFileSync(archive, output);
      await runBytes('tar', ['-x', '--no-same-owner', '-C', place, '-f', archive]);
      rmSync(archive);
      return join(place, name);
    });
  }

  /** Writes what a virtual terminal shows to the log. */
  async dumpTtyContents(tty: string | number): Promise<void> {
    this.log(`contents of tty ${tty}:\n${await this.getTtyText(tty)}`);
  }
}

/** Runs a program of the host; its output. */
async function runBytes(program: string, args: readonly string[]): Promise<Buffer> {
  const result = await runProcess({ program, args });
  if (!succeeded(result.status)) throw new TestError(`${program} failed`, { hint: result.stderr.trim() });
  return Buffer.from(result.stdout, 'latin1');
}
