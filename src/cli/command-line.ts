/**
 * Command-line flags that describe themselves: one table gives the parser, `--help` and near-name suggestions.
 * Syntax as C++ Nix's: `--flag VALUE`, `--flag=VALUE` for long ones, clusters of single letters (`-vvj4` is
 * `-v -v -j 4`), `--` ends the flags.
 */
import { suggestNear, UsageError } from '../diagnostics/index.ts';

/** One flag. `apply` gets as many values as `values` names. */
export interface Flag {
  readonly long?: string;
  readonly short?: string;
  /** Further long names that work but are not shown. */
  readonly aliases?: readonly string[];
  /** Names of the values the flag takes, for `--help` and errors. */
  readonly values?: readonly string[];
  readonly description: string;
  readonly apply: (...values: string[]) => void;
  readonly group?: string;
  /** Works, but is not shown. */
  readonly hidden?: boolean;
}

export interface CommandLine {
  readonly program: string;
  /** Lines after `Usage: PROGRAM`. */
  readonly usage: readonly string[];
  /** One paragraph on what the command does. */
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** Gets each positional argument, in order; without it a positional argument is an error. */
  readonly positional?: (argument: string) => void;
  /** Further text at the end of `--help`. */
  readonly notes?: string;
}

/** What `parseCommandLine` found besides what the flags' `apply` recorded. */
export type ParsedCommandLine = 'run' | 'help' | 'version';

/**
 * Parses `args`, calling each flag's `apply`. Returns `help` or `version` as soon as such a flag is seen.
 * Throws `UsageError` for unknown flags and missing values.
 */
export function parseCommandLine(line: CommandLine, args: readonly string[]): ParsedCommandLine {
  const queue = expandClusters(line, args);
  let flagsEnded = false;
  while (queue.length > 0) {
    const argument = queue.shift()!;
    if (flagsEnded || argument === '-' || !argument.startsWith('-')) {
      if (!line.positional) throw unexpectedArgument(line, argument);
      line.positional(argument);
    } else if (argument === '--') {
      flagsEnded = true;
    } else if (argument === '--help' || (argument === '-h' && !findFlag(line, '-h'))) {
      return 'help';
    } else if (argument === '--version') {
      return 'version';
    } else {
      applyFlag(line, argument, queue);
    }
  }
  return 'run';
}

function applyFlag(line: CommandLine, argument: string, queue: string[]): void {
  let flag = findFlag(line, argument);
  const equals = argument.indexOf('=');
  if (!flag && argument.startsWith('--') && equals > 0) {
    flag = findFlag(line, argument.slice(0, equals));
    if (flag?.values?.length === 1) queue.unshift(argument.slice(equals + 1));
    else flag = undefined;
  }
  if (!flag) throw unknownFlag(line, argument);
  const names = flag.values ?? [];
  if (queue.length < names.length) {
    throw new UsageError(
      `flag '${argument}' requires ${names.length === 1 ? 'an argument' : `${names.length} arguments`} (${names.join(' ')})`,
      { hint: `try '${line.program} --help'` },
    );
  }
  flag.apply(...queue.splice(0, names.length));
}

function findFlag(line: CommandLine, argument: string): Flag | undefined {
  return line.flags.find((flag) => flagNames(flag).includes(argument));
}

function flagNames(flag: Flag): string[] {
  const names = [...(flag.aliases ?? []).map((alias) => (alias.startsWith('-') ? alias : `--${alias}`))];
  if (flag.long) names.unshift(`--${flag.long}`);
  if (flag.short) names.unshift(`-${flag.short}`);
  return names;
}

/** Splits `-vvj4` into `-v -v -j 4` where every letter is a known flag; leaves everything else alone. */
function expandClusters(line: CommandLine, args: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i];
    if (argument === '--') return [...result, ...args.slice(i)];
    const isCluster = /^-[A-Za-z]./.test(argument) && !argument.startsWith('--') && !findFlag(line, argument);
    result.push(...((isCluster && splitCluster(line, argument)) || [argument]));
  }
  return result;
}

function splitCluster(line: CommandLine, argument: string): string[] | undefined {
  const parts: string[] = [];
  for (let i = 1; i < argument.length; i++) {
    const flag = findFlag(line, `-${argument[i]}`);
    if (!flag) return undefined;
    parts.push(`-${argument[i]}`);
    if (flag.values?.length && i + 1 < argument.length) {
      parts.push(argument.slice(i + 1));
      return parts;
    }
  }
  return parts;
}

function unknownFlag(line: CommandLine, argument: string): UsageError {
  const near = suggestNear(argument, line.flags.flatMap(flagNames), 1);
  return new UsageError(`unrecognised flag '${argument}'`, {
    hint:
      near.length > 0
        ? `did you mean '${near[0]}'? try '${line.program} --help'`
        : `try '${line.program} --help'`,
  });
}

function unexpectedArgument(line: CommandLine, argument: string): UsageError {
  return new UsageError(`unexpected argument '${argument}'`, { hint: `try '${line.program} --help'` });
}

/** A number of bytes: `512`, `10M`, `2G`. */
export function parseBytes(text: string): number {
  const match = /^(\d+)([KMGT]?)$/.exec(text);
  if (!match)
    throw new UsageError(`'${text}' is not a number of bytes`, {
      hint: 'expected a whole number, with K, M, G or T if you like',
    });
  return Number(match[1]) * 1024 ** ' KMGT'.indexOf(match[2] || ' ');
}

/** The text of `--help`. Width 80; flags in the table's order, grouped by `group`. */
export function formatHelp(line: CommandLine): string {
  const out: string[] = [];
  line.usage.forEach((usage, i) => {
    out.push(`${i === 0 ? 'Usage:' : '      '} ${line.program} ${usage}`);
  });
  out.push('', ...wrap(line.summary, 80, ''));
  const groups = new Map<string, Flag[]>();
  for (const flag of line.flags.filter(({ hidden }) => !hidden)) {
    const group = flag.group ?? 'Options';
    groups.set(group, [...(groups.get(group) ?? []), flag]);
  }
  for (const [group, flags] of groups) {
    out.push('', `${group}:`);
    for (const flag of flags) out.push(...formatFlag(flag));
  }
  out.push(
    '',
    'Common:',
    '  --help                     show this text',
    '  --version                  show the version',
  );
  if (line.notes) out.push('', ...line.notes.split('\n'));
  return `${out.join('\n')}\n`;
}

function formatFlag(flag: Flag): string[] {
  const names = [flag.short && `-${flag.short}`, flag.long && `--${flag.long}`].filter(Boolean).join(', ');
  const head = `  ${[names, ...(flag.values ?? [])].join(' ')}`;
  const text = wrap(flag.description, 51, '');
  if (head.length > 27) return [head, ...text.map((row) => ' '.repeat(29) + row)];
  return text.map((row, i) => (i === 0 ? head.padEnd(29) : ' '.repeat(29)) + row);
}

function wrap(text: string, width: number, indent: string): string[] {
  const rows: string[] = [];
  let row = indent;
  for (const word of text.split(/\s+/)) {
    if (row.length > indent.length && row.length + 1 + word.length > width) {
      rows.push(row);
      row = indent;
    }
    row += (row.length > indent.length ? ' ' : '') + word;
  }
  if (row.length > indent.length) rows.push(row);
  return rows;
}
