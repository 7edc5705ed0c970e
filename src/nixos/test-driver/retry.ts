/** Repeating an action until it gives what is wanted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { actionTimedOut } from './errors.ts';

/** How long actions on machines wait unless told otherwise. */
export const DEFAULT_SECONDS = 900;

/**
 * Repeats `action` every second until it gives true. At the end it is tried once more, told that this is the last time,
 * so that it can say what is wrong.
 *
 * @throws TestTimeout
 */
export async function retry(
  action: (isLast: boolean) => boolean | Promise<boolean>,
  timeoutSeconds = DEFAULT_SECONDS,
): Promise<void> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  do {
    if (await action(false)) return;
    await sleep(Math.max(0, Math.min(1000, deadline - performance.now())));
  } while (performance.now() < deadline);
  if (!(await action(true))) throw actionTimedOut(timeoutSeconds);
}
