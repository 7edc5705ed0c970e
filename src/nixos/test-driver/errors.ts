/** Errors of tests on virtual machines. Their messages are those that test authors know from NixOS. */
import { NixError } from '../../diagnostics/index.ts';

/** A check of a test script did not hold, or an action on a machine failed. */
export class TestError extends NixError {}

/** An action took longer than it may. */
export class TestTimeout extends TestError {}

export function commandFailed(command: string, status: number, output: string): TestError {
  return new TestError(`command \`${command}' did not succeed (exit code ${status})`, {
    code: 'test-command',
    hint: output === '' ? undefined : `its output was:\n${tail(output)}`,
  });
}

export function commandSucceeded(command: string): TestError {
  return new TestError(`command \`${command}' unexpectedly succeeded`, { code: 'test-command' });
}

export function commandTimedOut(command: string, seconds: number): TestTimeout {
  return new TestTimeout(`command \`${command}' did not end within ${seconds} seconds`, {
    code: 'test-timeout',
    hint: 'a longer limit is given as the argument `timeout`',
  });
}

export function actionTimedOut(seconds: number, last = ''): TestTimeout {
  return new TestTimeout(`action timed out after ${seconds} seconds`, {
    code: 'test-timeout',
    hint: last === '' ? undefined : `at the last attempt: ${tail(last)}`,
  });
}

export function unitFailed(unit: string, state: string): TestError {
  return new TestError(`unit ‘${unit}’ reached state ‘${state}’`, { code: 'test-unit' });
}

export function unitInactive(unit: string): TestError {
  return new TestError(`unit ‘${unit}’ is inactive and there are no pending jobs`, { code: 'test-unit' });
}

export function notRunning(machine: string): TestError {
  return new TestError(`machine '${machine}' is not running`, {
    code: 'test-machine',
    hint: 'call its method `start`, or any method that needs it running, such as `succeed`',
  });
}

export function didNotStart(machine: string, output: string): TestError {
  return new TestError(`QEMU ended before machine '${machine}' began to boot`, {
    code: 'test-machine',
    hint: `it said:\n${tail(output)}`,
  });
}

export function unknownMachine(name: string, known: readonly string[]): TestError {
  return new TestError(`there is no machine '${name}' in this test`, {
    code: 'test-machine',
    hint: `the machines are: ${known.join(', ')}`,
  });
}

/** The last lines of an output, enough to see what was wrong. */
function tail(text: string): string {
  const lines = text.trimEnd().split('\n');
  return lines.length <= 20 ? lines.join('\n') : ['...', ...lines.slice(-20)].join('\n');
}
