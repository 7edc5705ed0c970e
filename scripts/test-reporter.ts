/**
 * A reporter for `node --test` that writes one JSON line for each test that failed or was skipped, and the counts at
 * the end: what `test-summary.ts` makes its summary of.
 */
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import type { TestRecord } from './test-summary.ts';

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names: string[] = [];
  for await (const event of source) {
    if (event.type === 'test:start') names[event.data.nesting] = event.data.name;
    else if (event.type === 'test:pass' || event.type === 'test:fail') {
      const record = recordOf(event, names.slice(0, event.data.nesting));
      if (record) yield `${JSON.stringify(record)}\n`;
    }
  }
}

function recordOf(
  event: Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>,
  parents: readonly string[],
): TestRecord | undefined {
  const { name, file, skip, details } = event.data;
  const place = { file: file ? relative(process.cwd(), file) : '', name: [...parents, name].join(' > ') };
  const suite = details.type === 'suite';
  if (skip !== undefined && skip !== false) {
    return { ...place, outcome: 'skipped', reason: typeof skip === 'string' ? skip : 'no reason given' };
  }
  if (event.type === 'test:pass') return suite ? undefined : { ...place, outcome: 'passed' };
  const { error } = event.data.details;
  // A suite fails with what is in it, which has been told.
  if (suite && (error as { failureType?: string }).failureType === 'subtestsFailed') return undefined;
  const cause = error.cause instanceof Error ? error.cause.message : String(error.cause ?? error.message);
  return { ...place, outcome: 'failed', reason: cause };
}
