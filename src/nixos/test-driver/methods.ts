/**
 * The methods of machines for scripts in other languages: each by its name in Python and in Perl, with the names of its
 * parameters. One table for all languages, so that none has methods that another lacks.
 */

import type { TestMachine } from './machine.ts';
import type { CommandOptions } from './machine-commands.ts';
import type { TextPredicate } from './machine-waits.ts';

/** Arguments by parameter name, as they came; absent ones are `undefined`. */
export type Arguments = Readonly<Record<string, unknown>>;

export interface Method {
  /** As in Python. */
  readonly name: string;
  /** As in Perl and in older test scripts. */
  readonly camelName: string;
  /** In their order; one that begins with `*` takes all positional arguments from there on. */
  readonly parameters: readonly string[];
  readonly call: (machine: TestMachine, args: Arguments) => unknown;
}

const text = (value: unknown): string => String(value ?? '');
const optionalText = (value: unknown): string | undefined => (value == null ? undefined : String(value));
const seconds = (value: unknown): number | undefined => (value == null ? undefined : Number(value));
const list = (value: unknown): string[] => ((value as unknown[] | undefined) ?? []).map(String);
const predicate = (value: unknown): TextPredicate => value as TextPredicate;

/** An absent time-out is the usual one; `None` is none. */
function commandOptions(args: Arguments): CommandOptions {
  const strict = args['strict'] !== false;
  return args['timeout'] === undefined ? { strict } : { strict, timeout: args['timeout'] as number | null };
}

function entry(name: string, parameters: string, call: Method['call'], camelName?: string): Method {
  return {
    name,
    camelName: camelName ?? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    parameters: parameters.split(' ').filter((word) => word !== ''),
    call,
  };
}

const life: readonly Method[] = [
  entry('start', 'allow_reboot', (m, a) => m.start({ allowReboot: Boolean(a['allow_reboot']) })),
  entry('connect', '', (m) => m.connect()),
  entry('is_up', '', (m) => m.isUp()),
  entry('shutdown', '', (m) => m.shutdown()),
  entry('crash', '', (m) => m.crash()),
  entry('reboot', '', (m) => m.reboot()),
  entry('wait_for_shutdown', 'timeout', (m, a) => m.waitForShutdown(seconds(a['timeout']))),
  entry('block', '', (m) => m.block()),
  entry('unblock', '', (m) => m.unblock()),
  entry('send_monitor_command', 'command', (m, a) => m.sendMonitorCommand(text(a['command']))),
  entry('forward_port', 'host_port guest_port', (m, a) =>
    m.forwardPort(seconds(a['host_port']), seconds(a['guest_port'])),
  ),
  entry('log', 'message', (m, a) => m.log(text(a['message']))),
  entry('sleep', 'secs', (m, a) => m.sleep(Number(a['secs']))),
];

const commands: readonly Method[] = [
  entry('execute', 'command check_return check_output timeout', async (m, a) => {
    const { status, output } = await m.executeBytes(text(a['command']), commandOptions(a));
    return [a['check_return'] === false ? -1 : status, output];
  }),
  entry('succeed', '*commands timeout', (m, a) => m.succeedBytes(list(a['commands']), commandOptions(a))),
  entry('must_succeed', '*commands timeout', (m, a) =>
    m.succeedBytes(list(a['commands']), commandOptions(a)),
  ),
  entry('fail', '*commands timeout', (m, a) => m.failBytes(list(a['commands']), commandOptions(a))),
  entry('must_fail', '*commands timeout', (m, a) => m.failBytes(list(a['commands']), commandOptions(a))),
  entry('wait_until_succeeds', 'command timeout', (m, a) =>
    m.repeatBytes(text(a['command']), true, commandOptions(a)),
  ),
  entry('wait_until_fails', 'command timeout', (m, a) =>
    m.repeatBytes(text(a['command']), false, commandOptions(a)),
  ),
  entry('systemctl', 'q user', (m, a) => m.systemctl(text(a['q']), optionalText(a['user']))),
  entry('get_unit_info', 'unit user', (m, a) => m.getUnitInfo(text(a['unit']), optionalText(a['user']))),
  entry('get_unit_property', 'unit property user', (m, a) =>
    m.getUnitProperty(text(a['unit']), text(a['property']), optionalText(a['user'])),
  ),
  entry('require_unit_state', 'unit require_state', (m, a) =>
    m.requireUnitState(text(a['unit']), optionalText(a['require_state'])),
  ),
  entry('start_job', 'jobname user', (m, a) => m.startJob(text(a['jobname']), optionalText(a['user']))),
  entry('stop_job', 'jobname user', (m, a) => m.stopJob(text(a['jobname']), optionalText(a['user']))),
];

const waits: readonly Method[] = [
  entry('wait_for_unit', 'unit user timeout', (m, a) =>
    m.waitForUnit(text(a['unit']), optionalText(a['user']), seconds(a['timeout'])),
  ),
  entry('wait_for_job', 'unit', (m, a) => m.waitForJob(text(a['unit']))),
  entry('wait_for_file', 'filename timeout', (m, a) =>
    m.waitForFile(text(a['filename']), seconds(a['timeout'])),
  ),
  entry('wait_for_open_port', 'port addr timeout', (m, a) =>
    m.waitForOpenPort(Number(a['port']), optionalText(a['addr']), seconds(a['timeout'])),
  ),
  entry('wait_for_closed_port', 'port addr timeout', (m, a) =>
    m.waitForClosedPort(Number(a['port']), optionalText(a['addr']), seconds(a['timeout'])),
  ),
  entry('wait_for_open_unix_socket', 'addr is_datagram timeout', (m, a) =>
    m.waitForOpenUnixSocket(text(a['addr']), Boolean(a['is_datagram']), seconds(a['timeout'])),
  ),
  entry('get_tty_text', 'tty', (m, a) => m.getTtyText(text(a['tty']))),
  entry(
    'wait_until_tty_matches',
    'tty /regexp timeout',
    (m, a) => m.waitUntilTtyMatches(text(a['tty']), predicate(a['regexp']), seconds(a['timeout'])),
    'waitUntilTTYMatches',
  ),
  entry('wait_for_console_text', '/regex timeout', (m, a) =>
    m.waitForConsoleText(predicate(a['regex']), seconds(a['timeout'])),
  ),
  entry('wait_for_x', 'timeout', (m, a) => m.waitForX(seconds(a['timeout']))),
  entry('get_window_names', '', (m) => m.getWindowNames()),
  entry('wait_for_window', '/regexp timeout', (m, a) =>
    m.waitForWindow(predicate(a['regexp']), seconds(a['timeout'])),
  ),
];

const display: readonly Method[] = [
  entry('screenshot', 'filename', (m, a) => m.screenshot(text(a['filename']))),
  entry('get_screen_text', '', (m) => m.getScreenText()),
  entry('get_screen_text_variants', '', (m) => m.getScreenTextVariants()),
  entry('wait_for_text', '/regex timeout', (m, a) =>
    m.waitForText(predicate(a['regex']), seconds(a['timeout'])),
  ),
  entry('send_key', 'key delay log', (m, a) =>
    m.sendKey(text(a['key']), seconds(a['delay']), a['log'] !== false),
  ),
  entry('send_keys', '*keys', (m, a) => m.sendKeys(...list(a['keys']))),
  entry('send_chars', 'chars delay', (m, a) => m.sendChars(text(a['chars']), seconds(a['delay']))),
  entry('send_console', 'chars', (m, a) => m.sendConsole(text(a['chars']))),
  entry('dump_tty_contents', 'tty', (m, a) => m.dumpTtyContents(text(a['tty'])), 'dumpTTYContents'),
  entry('copy_from_host', 'source target', (m, a) =>
    m.copyFileFromHost(text(a['source']), text(a['target'])),
  ),
  entry('copy_file_from_host', 'source target', (m, a) =>
    m.copyFileFromHost(text(a['source']), text(a['target'])),
  ),
  entry('copy_from_host_via_shell', 'source target', (m, a) =>
    m.copyFileFromHost(text(a['source']), text(a['target'])),
  ),
  entry(
    'copy_from_vm',
    'source target_dir',
    (m, a) => m.copyFromMachine(text(a['source']), optionalText(a['target_dir'])),
    'copyFromVM',
  ),
];

/** All of them. */
export const machineMethods: readonly Method[] = [...life, ...commands, ...waits, ...display];
