/** What `firn start` says when the machine has booted: what it took, how to get in, how to go on. */

/** What was made, and how long each stage took. */
export interface StartReport {
  readonly stages: readonly { readonly name: string; readonly seconds: number }[];
  /** Files that had to be downloaded, or taken from the download cache. */
  readonly fetched: { readonly count: number; readonly bytes: number };
  readonly builtCount: number;
  readonly closure: { readonly count: number; readonly bytes: number };
  /** The real directory that `result` points to. */
  readonly result: string;
  readonly login: { readonly user: string; readonly password: string; readonly sshCommand: string };
  /** Firn's own `bin/`. */
  readonly binDirectory: string;
}

/** The report as text, with an empty line before and after it. */
export function formatStartReport(report: StartReport): string {
  const { fetched, closure, login } = report;
  return [
    '',
    'The machine has booted.',
    counted('fetched', fetched.count, 'files', fetched.bytes),
    counted('built', report.builtCount, 'derivations'),
    counted('the whole system', closure.count, 'store paths', closure.bytes),
    '',
    ...report.stages.map(({ name, seconds }) => `  ${name.padEnd(18)}${seconds.toFixed(1).padStart(8)} s`),
    '',
    `  result -> ${report.result}`,
    `  Log in as ${login.user}, password ${login.password}; or, while the machine runs:`,
    `    ${login.sshCommand}`,
    "  To use Firn's commands, put them on PATH:",
    `    export PATH="${report.binDirectory}:$PATH"`,
    '',
    '',
  ].join('\n');
}

function counted(label: string, count: number, unit: string, bytes?: number): string {
  const size = bytes === undefined ? '' : `${mebibytes(bytes).padStart(9)} MiB`;
  return `  ${label.padEnd(18)}${String(count).padStart(8)} ${unit.padEnd(11)}${size}`.trimEnd();
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
