/** The table at the end of `npm run test:vm`. */

export interface TestResult {
  readonly name: string;
  /** `unchanged`: it passed before, and nothing that it depends on has changed. */
  readonly outcome: 'passed' | 'unchanged' | 'failed';
  /** From the command's start, building the machines included. */
  readonly seconds: number;
  readonly message?: string;
}

/** One line per test, in columns, then the failures' messages and the sums. */
export function formatResults(results: readonly TestResult[]): string {
  const width = Math.max(4, ...results.map(({ name }) => name.length));
  const row = (name: string, outcome: string, seconds: string) =>
    `${name.padEnd(width)}  ${outcome.padEnd(9)}  ${seconds.padStart(7)}`;
  const lines = [row('test', 'result', 'seconds')];
  for (const { name, outcome, seconds } of results) lines.push(row(name, outcome, seconds.toFixed(1)));
  for (const { name, message } of results) if (message) lines.push('', `${name}: ${message}`);
  const count = (outcome: TestResult['outcome']) =>
    results.filter((result) => result.outcome === outcome).length;
  const total = results.reduce((sum, { seconds }) => sum + seconds, 0);
  const sums = `${count('passed')} passed, ${count('unchanged')} unchanged, ${count('failed')} failed`;
  lines.push('', `VM tests: ${sums}, in ${total.toFixed(0)} s`, '');
  return lines.join('\n');
}
