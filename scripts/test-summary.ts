/** What `npm test` says at its very end: how many passed, what failed, what was skipped or not run, and why. */

/** One test's end. `name` holds the names of the suites around it, joined by ` > `. */
export interface TestRecord {
  readonly file: string;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Of failures and skips. */
  readonly reason?: string;
}

/** Files that no test ran in. */
export interface FilesNotRun {
  readonly reason: string;
  readonly files: readonly string[];
}

export interface SummaryOptions {
  readonly records: readonly TestRecord[];
  readonly notRun: readonly FilesNotRun[];
  readonly seconds: number;
  /** Further lines, such as a missing isolation. */
  readonly notes?: readonly string[];
}

/** Reads what the reporter wrote; a last line cut short by a kill is left out. */
export function parseRecords(text: string): TestRecord[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as TestRecord);
}

/** The summary, each line ended. */
export function formatSummary(options: SummaryOptions): string {
  const { records, notRun, seconds } = options;
  const by = (outcome: TestRecord['outcome']) => records.filter((record) => record.outcome === outcome);
  const [passed, failed, skipped] = (['passed', 'failed', 'skipped'] as const).map(by);
  const files = notRun.reduce((count, each) => count + each.files.length, 0);
  const lines = [
    '',
    `tests: ${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped, in ${Math.round(seconds)} s` +
      (files > 0 ? `; ${files} ${files === 1 ? 'file' : 'files'} not run` : ''),
    ...section(
      'failed',
      failed.map((record) => `${record.file}: ${record.name}: ${firstLine(record.reason)}`),
    ),
    ...section(
      'skipped',
      skipped.map((record) => `${record.file}: ${record.name} (${firstLine(record.reason)})`),
    ),
    ...notRun.flatMap((each) => section(`not run, because ${each.reason}`, each.files)),
    ...(options.notes ?? []).map((note) => `note: ${note}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [`${title}:`, ...entries.map((entry) => `  ${entry}`)];
}

function firstLine(text = ''): string {
  return text.split('\n', 1)[0].trim();
}
