/**
 * How somebody gets into a machine that Firn makes itself: a password and an SSH key pair, made once for each directory of
 * such a machine and kept there. Only what may be read by everybody (the public key and the password's hash) is in
 * `run/`, which the configuration reads through the search path entry `firn-run`.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword, makePassword } from './password-hash.ts';
import { makeSshKeyPair } from './ssh-key.ts';

export interface MachineCredentials {
  readonly password: string;
  /** The file that `ssh -i` wants. */
  readonly privateKeyFile: string;
  /** Holds `authorized-key.pub` and `hashed-password`. */
  readonly runDirectory: string;
  /** Whether they were made by this call: a disk from before does not know them. */
  readonly fresh: boolean;
}

/** The credentials in `directory`; made anew unless all of them are there. */
export function machineCredentials(directory: string): MachineCredentials {
  const runDirectory = join(directory, 'run');
  const privateKeyFile = join(directory, 'id_ed25519');
  const passwordFile = join(directory, 'password');
  const shown = ['authorized-key.pub', 'hashed-password'].map((name) => join(runDirectory, name));
  const password = readIfThere(passwordFile)?.trim();
  const present = [privateKeyFile, ...shown].every((file) => readIfThere(file));
  if (password && present) {
    // As `ssh` demands; a copied clone may have lost it.
    chmodSync(privateKeyFile, 0o600);
    return { password, privateKeyFile, runDirectory, fresh: false };
  }
  mkdirSync(runDirectory, { recursive: true });
  const fresh = makePassword();
  const { publicKey, privateKey } = makeSshKeyPair('firn-first-machine');
  writeSecret(privateKeyFile, privateKey);
  writeSecret(passwordFile, `${fresh}\n`);
  writeFileSync(shown[0], `${publicKey}\n`);
  writeFileSync(shown[1], `${hashPassword(fresh)}\n`);
  return { password: fresh, privateKeyFile, runDirectory, fresh: true };
}

function writeSecret(file: string, contents: string): void {
  rmSync(file, { force: true });
  writeFileSync(file, contents, { mode: 0o600 });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
