/** Programs that install a boot loader. */
import { spawnSync } from 'node:child_process';

/**
 * Runs a program to its end and gives its standard output.
 *
 * @throws Error with what it said, when it fails
 */
export function run(program: string, args: readonly string[]): string {
  const result = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (result.status === 0) return result.stdout;
  const name = program.slice(program.lastIndexOf('/') + 1);
  const said = (result.stderr ?? '').trim() || (result.error?.message ?? `exit status ${result.status}`);
  throw new Error(`'${name} ${args.join(' ')}' failed:\n${said.replace(/^/gm, '       ')}`);
}
