/**
 * The program that our own Node runs inside a sandbox: `download` serves downloads (from standard input), a name like
 * `builtin:buildenv` is a builder inside Firn. Where there is no sandbox, root starts it (the build user may not be able
 * to read our code), and it becomes the user that `FIRN_BECOME` names before it does anything.
 */
import { serveDownloads } from '../fetchers/index.ts';
import { buildEnv } from './builtins/buildenv.ts';
import { unpackChannel } from './builtins/unpack-channel.ts';

const [task] = process.argv.slice(2);
try {
  becomeUser(process.env['FIRN_BECOME']);
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

/** `UID:GID`; without it we stay who we are. */
function becomeUser(ids: string | undefined): void {
  delete process.env['FIRN_BECOME'];
  if (ids === undefined) return;
  const [uid, gid] = ids.split(':').map(Number);
  process.setgroups!([]);
  process.setgid!(gid);
  process.setuid!(uid);
}
