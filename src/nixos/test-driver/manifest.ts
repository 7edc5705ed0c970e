/** What the driver is told about a test: a JSON file that `distribution/nixos/lib/testing/driver.nix` writes. */
import { readFileSync } from 'node:fs';
import { NixError } from '../../diagnostics/index.ts';
import type { OcrPrograms } from './machine-base.ts';

export type ScriptLanguage = 'python' | 'perl' | 'typescript';

export interface TestManifest {
  readonly name: string;
  readonly language: ScriptLanguage;
  /** The file with the test script. */
  readonly testScript: string;
  readonly machines: readonly MachineEntry[];
  /** Numbers of the virtual networks. */
  readonly vlans: readonly number[];
  /** Seconds after which the whole test has failed. */
  readonly globalTimeout: number;
  /** The interpreter of the test script's language, with the client that joins it to the driver; none for TypeScript. */
  readonly interpreter: readonly string[] | null;
  readonly ocr: OcrPrograms | null;
}

export interface MachineEntry {
  readonly name: string;
  /** The program that starts it. */
  readonly script: string;
}

/** @throws NixError when the file cannot be read or is none */
export function readManifest(file: string): TestManifest {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as TestManifest;
    if (!Array.isArray(value.machines) || typeof value.testScript !== 'string')
      throw new Error('no test in it');
    return value;
  } catch (cause) {
    throw new NixError(`cannot read the description of the test in '${file}': ${(cause as Error).message}`, {
      hint: 'start the driver by the program that the attribute `driver` of a test builds',
      cause,
    });
  }
}

/** The name of a machine as a variable: what cannot be in one becomes `_`. */
export function variableName(machine: string): string {
  return machine.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9])/, '_');
}
