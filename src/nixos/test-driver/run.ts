/** Runs a test from its description to its report. */
import { mkdirSync } from 'node:fs';
import { NixError } from '../../diagnostics/index.ts';
import { Driver, type DriverOptions } from './driver.ts';
import { TestError } from './errors.ts';
import { writeReport } from './report.ts';
import { makeScriptRunner, type ScriptRunner } from './script-runner.ts';

export interface TestRunOptions extends DriverOptions {
  /** Lines to run in place of the test script. */
  readonly code?: string;
}

/**
 * Runs the whole test script, or `code`. The report is written to the output directory in any case.
 *
 * @throws NixError when the test fails
 */
export async function runTest(options: TestRunOptions): Promise<void> {
  const { log, manifest, outputDirectory, code } = options;
  mkdirSync(outputDirectory, { recursive: true });
  let failure: NixError | undefined;
  await using driver = new Driver(options);
  try {
    await using script = makeScriptRunner(driver);
    const title = code === undefined ? 'running the VM test script' : 'running the given commands';
    await log.nest(title, undefined, () => driver.withinLimit(() => runScript(script, code)));
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    failure = error;
    log.error(error.hint ? `${error.message}\n${error.hint}` : error.message);
  }
  const seconds = log.now;
  const { summary } = driver;
  if (summary) log.log(summary);
  writeReport(
    log.root,
    { name: manifest.name, succeeded: !failure, message: failure?.message, seconds, summary },
    outputDirectory,
  );
  log.log(`test script ${failure ? 'failed' : 'finished'} after ${seconds.toFixed(2)} seconds`);
  if (failure)
    throw new TestError(`the test '${manifest.name}' failed: ${failure.message}`, { cause: failure });
}

async function runScript(script: ScriptRunner, code: string | undefined): Promise<void> {
  if (code === undefined) await script.run();
  else await script.evaluate(code);
}
