/** The driver's command line: lines in the language of the test's script, run one after the other. */
import { createInterface } from 'node:readline/promises';
import { NixError } from '../../diagnostics/index.ts';
import { Driver, type DriverOptions } from './driver.ts';
import { makeScriptRunner, type ScriptRunner } from './script-runner.ts';

export interface TerminalStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** Lines of former sessions, the newest first. */
  readonly history: readonly string[];
  /** Gets the history when it changes. */
  readonly onHistory: (lines: readonly string[]) => void;
}

/** Runs until the input ends. Errors are shown and the next line is asked for. */
export async function runInteractively(options: DriverOptions, streams: TerminalStreams): Promise<void> {
  await using driver = new Driver(options);
  await using script = makeScriptRunner(driver);
  const lines = createInterface({
    input: streams.input,
    output: streams.output,
    prompt: '> ',
    history: [...streams.history],
  });
  lines.on('history', streams.onHistory);
  // Ctrl-C gives up the line, as in shells; Ctrl-D ends the driver.
  lines.on('SIGINT', () => {
    lines.write(null, { ctrl: true, name: 'u' });
    lines.prompt();
  });
  lines.prompt();
  for await (const line of lines) {
    if (/^\s*(?:quit|exit)(?:\(\))?\s*;?\s*$/.test(line)) break;
    if (line.trim() !== '') await evaluateLine(script, line, streams.output);
    lines.prompt();
  }
  lines.close();
}

/** Starts all machines and stays until they have stopped. */
export async function runMachines(options: DriverOptions): Promise<void> {
  await using driver = new Driver(options);
  await driver.startAll();
  const all = [...driver.machines.values()];
  while (all.some((machine) => machine.isUp())) await new Promise((resolve) => setTimeout(resolve, 500));
}

async function evaluateLine(
  script: ScriptRunner,
  line: string,
  output: NodeJS.WritableStream,
): Promise<void> {
  try {
    const value = await script.evaluate(line);
    if (value !== '') output.write(`${value}\n`);
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    output.write(`error: ${error.message}\n${error.hint ? `${error.hint}\n` : ''}`);
  }
}
