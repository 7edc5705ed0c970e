/**
 * The program that our own Node runs inside a sandbox: `download` serves downloads (from standard input), a name like
 * `builtin:buildenv` is a builder inside Firn.
 */
import { serveDownloads } from '../fetchers/index.ts';
import { buildEnv } from './builtins/buildenv.ts';
import { unpackChannel } from './builtins/unpack-channel.ts';

const [task] = process.argv.slice(2);
try {
  switch (task) {
    case 'download':
      await serveDownloads(process.cwd(), process.stdin, (event) =>
        process.stdout.write(`${JSON.stringify(event)}\n`),
      );
      break;
    case 'builtin:buildenv':
      buildEnv(process.env);
      break;
    case 'builtin:unpack-channel':
      await unpackChannel(process.env);
      break;
    default:
      throw new Error(`unsupported builtin builder '${task}'`);
  }
} catch (error) {
  process.stderr.write(`error: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
