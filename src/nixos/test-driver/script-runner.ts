/** How a test script runs, whatever its language. */
import { readFileSync } from 'node:fs';
import type { Driver } from './driver.ts';
import { InterpretedScript } from './script-process.ts';
import { TypeScriptScript } from './script-typescript.ts';

export interface ScriptRunner extends AsyncDisposable {
  /**
   * Runs the whole test script.
   *
   * @throws NixError that says where in the script it failed
   */
  run(): Promise<void>;
  /** Runs a line that somebody typed; what to show as its value, empty for none. */
  evaluate(code: string): Promise<string>;
}

/** The runner for the language of the driver's test. */
export function makeScriptRunner(driver: Driver): ScriptRunner {
  const { language, testScript } = driver.manifest;
  return language === 'typescript'
    ? new TypeScriptScript(driver, readFileSync(testScript, 'utf8'))
    : new InterpretedScript(driver);
}
