/**
 * Lists of units on disk, one name a line, below `/run/nixos`. A switch writes what it still has to do before it changes
 * anything; the switch after one that was killed finds it there. The activation script adds to lists of its own.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PendingUnits } from './plan.ts';

export class UnitLists {
  readonly #directory: string;

  /** `directory` need not exist. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What an interrupted switch left to do. */
  readPending(): PendingUnits {
    return { start: this.#read('start'), restart: this.#read('restart'), reload: this.#read('reload') };
  }

  writePending(pending: PendingUnits): void {
    this.#write('start', pending.start);
    this.#write('restart', pending.restart);
    this.#write('reload', pending.reload);
  }

  /** Marks that a switch is under way, or that none is. */
  setUnfinished(unfinished: boolean): void {
    if (unfinished) this.#write('switch-unfinished', ['1']);
    else rmSync(this.#file('switch-unfinished'), { force: true });
  }

  isUnfinished(): boolean {
    return this.#readFile('switch-unfinished').length > 0;
  }

  /** Forgets everything: the switch is complete. */
  clear(): void {
    for (const name of ['start', 'restart', 'reload']) rmSync(this.#file(`${name}-list`), { force: true });
    this.setUnfinished(false);
  }

  /** What the activation script (run dry: `dry-activation-*`) asked for; the lists are deleted. */
  takeActivationRequests(dry: boolean): { restart: string[]; reload: string[] } {
    const prefix = dry ? 'dry-activation' : 'activation';
    const restart = this.#read(`${prefix}-restart`);
    const reload = this.#read(`${prefix}-reload`);
    for (const name of ['restart', 'reload']) rmSync(this.#file(`${prefix}-${name}-list`), { force: true });
    return { restart, reload };
  }

  #read(name: string): string[] {
    return this.#readFile(`${name}-list`);
  }

  #readFile(name: string): string[] {
    try {
      const text = readFileSync(this.#file(name), 'utf8');
      return [...new Set(text.split('\n').filter((line) => line !== ''))];
    } catch {
      return [];
    }
  }

  #write(name: string, units: readonly string[]): void {
    const file = this.#file(name.startsWith('switch-') ? name : `${name}-list`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.tmp`, units.map((unit) => `${unit}\n`).join(''));
    renameSync(`${file}.tmp`, file);
  }

  #file(name: string): string {
    return `${this.#directory}/${name}`;
  }
}
