/** What `ssh` has to know to reach a virtual machine of ours through a port of the host. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

export interface SshAccess {
  /** The name to say to `ssh`. */
  readonly host: string;
  /** The port of 127.0.0.1 that leads to the machine's port 22. */
  readonly port: number;
  readonly user: string;
  readonly privateKeyFile: string;
}

/**
 * Writes a configuration for `ssh -F FILE HOST`. The machine's host key is not remembered: it is made anew with the
 * machine's disk, and nobody stands between this process's own loopback port and the machine.
 */
export function writeSshConfig(file: string, { host, port, user, privateKeyFile }: SshAccess): void {
  const lines = [
    `Host ${host}`,
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${user}`,
    `  IdentityFile "${privateKeyFile}"`,
    '  IdentitiesOnly yes',
    '  UserKnownHostsFile /dev/null',
    '  StrictHostKeyChecking no',
    '  LogLevel ERROR',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
}

/** A TCP port of 127.0.0.1 that nobody listens on at the moment. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}
