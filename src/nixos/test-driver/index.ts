/** The driver of tests on virtual machines: its description of a test, its machines, its log. */

export { Driver, type DriverOptions, type NewMachine, type PollingCondition } from './driver.ts';
export { runInteractively, runMachines, type TerminalStreams } from './interactive.ts';
export { TestLog } from './log.ts';
export { TestMachine } from './machine.ts';
export type { CommandOptions } from './machine-commands.ts';
export type { TextPattern } from './machine-waits.ts';
export { readManifest, type ScriptLanguage, type TestManifest } from './manifest.ts';
export { runTest, type TestRunOptions } from './run.ts';
export { checkTypeScript, type TestScope } from './script-typescript.ts';
