/** The machine's serial console on the user's terminal, until the machine stops or the user presses Ctrl-]. */
import type { ReadStream, WriteStream } from 'node:tty';
import type { VirtualMachine } from './virtual-machine.ts';

/** Ctrl-], as in telnet. */
const LEAVE = '\x1d';

/** Resolves with how the user left: `left` by the key, `stopped` when the machine ended. */
export async function attachConsole(
  machine: VirtualMachine,
  input: ReadStream,
  output: WriteStream,
): Promise<'left' | 'stopped'> {
  let leave: () => void = () => {};
  const left = new Promise<'left'>((resolve) => {
    leave = () => resolve('left');
  });
  const onInput = (data: Buffer) => {
    const text = data.toString('latin1');
    const at = text.indexOf(LEAVE);
    machine.type(at < 0 ? text : text.slice(0, at));
    if (at >= 0) leave();
  };
  machine.redirect((text) => void output.write(Buffer.from(text, 'latin1')));
  input.setRawMode(true);
  input.on('data', onInput);
  input.resume();
  try {
    return await Promise.race([left, machine.wait().then(() => 'stopped' as const)]);
  } finally {
    input.off('data', onInput);
    input.setRawMode(false);
    input.pause();
    machine.redirect(undefined);
  }
}
