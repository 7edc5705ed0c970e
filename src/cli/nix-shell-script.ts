/**
 * Scripts with `#! /usr/bin/env nix-shell` in their first line: further lines `#! nix-shell ARGUMENTS` say what the
 * script needs, and with `-i` what runs it.
 */
import { readFileSync } from 'node:fs';
import { quoteForShell, splitShellWords } from '../packages/index.ts';

export interface ShellScript {
  readonly file: string;
  /** What its lines give to `nix-shell`. */
  readonly flags: readonly string[];
  /** What the caller gave to the script. */
  readonly args: readonly string[];
}

/** The script that the first argument names; `undefined` when it is something else. */
export function scriptIn(args: readonly string[]): ShellScript | undefined {
  const [file, ...rest] = args;
  if (file === undefined || file.startsWith('-')) return undefined;
  const [first, ...lines] = readLines(file);
  if (!first?.startsWith('#!')) return undefined;
  const flags = lines.flatMap((line) => {
    const found = /^#!\s*nix-shell\s+(.*?)\r?$/.exec(line);
    return found ? splitShellWords(found[1]) : [];
  });
  return { file, flags, args: rest };
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** The shell command that runs a script with an interpreter. */
export function interpreterCommand(interpreter: string, { file, args }: ShellScript): string {
  const words = [file, ...args].map(quoteForShell).join(' ');
  // Perl and Ruby look at the first line themselves, and would start nix-shell again.
  if (interpreter.includes('ruby')) return `exec ${interpreter} -e 'load(ARGV.shift)' -- ${words}`;
  return `exec ${interpreter.includes('perl') ? '-a PERL ' : ''}${interpreter} ${words}`;
}
