/**
 * Which keys may sign which suite. A key of the security archive cannot vouch for the main archive, nor a key of
 * one release for another one. Fingerprints of Debian's keys are pinned (`keys/`); a host's Debian keyring adds
 * newer copies of those very keys (renewed expiry dates, revocations), never further ones.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Key } from 'openpgp';
import { unreadableKeyring } from './errors.ts';
import { debianArchiveKeys } from './keys/debian-keys.ts';
import type { Release, SuiteRole } from './releases.ts';

export type KeyName = keyof typeof debianArchiveKeys;

/** Where trusted keys come from. */
export interface TrustSettings {
  /** Keyring files (binary or armored) that replace Debian's keys for every suite: private and test archives. */
  readonly keyrings?: readonly string[] | undefined;
  /** The host's directory with Debian's keyrings; absent: only the shipped keys. */
  readonly hostKeyringDirectory?: string | undefined;
}

/** The keys that may sign a suite with these pinned key names. Reads files. */
export async function trustedKeys(settings: TrustSettings, names: readonly KeyName[]): Promise<Key[]> {
  if (settings.keyrings && settings.keyrings.length > 0) {
    return (await Promise.all(settings.keyrings.map(readKeyring))).flat();
  }
  return Promise.all(names.map((name) => trustedKey(settings, name)));
}

/** Names of the pinned keys that may sign a suite of `release`. Only released ones have a key for stable releases. */
export function pinnedKeyNames(release: Release, role: SuiteRole): KeyName[] {
  const isReleased = release.roles.includes('security');
  const mainKinds = isReleased ? ['automatic', 'stable'] : ['automatic'];
  const kinds = { main: mainKinds, updates: ['automatic'], security: ['security-automatic'] }[role];
  const names = release.signers.flatMap((signer) => kinds.map((kind) => `${signer}-${kind}`));
  return names.filter((name): name is KeyName => Object.hasOwn(debianArchiveKeys, name));
}

async function trustedKey(settings: TrustSettings, name: KeyName): Promise<Key> {
  const pinned = debianArchiveKeys[name];
  const onHost =
    settings.hostKeyringDirectory && join(settings.hostKeyringDirectory, `debian-archive-${name}.gpg`);
  if (onHost && existsSync(onHost)) {
    const found = (await readKeyring(onHost)).find((key) => key.getFingerprint() === pinned.fingerprint);
    if (found) return found;
  }
  const { readKey } = await import('openpgp');
  const key = await readKey({ armoredKey: pinned.armored });
  if (key.getFingerprint() !== pinned.fingerprint)
    throw new Error(`shipped key '${name}' is not the pinned one`);
  return key;
}

async function readKeyring(path: string): Promise<Key[]> {
  const { readKeys } = await import('openpgp');
  try {
    const bytes = readFileSync(path);
    const isArmored = bytes.subarray(0, 5).toString('latin1') === '-----';
    if (isArmored) return await readKeys({ armoredKeys: bytes.toString('latin1') });
    return await readKeys({ binaryKeys: bytes });
  } catch (error) {
    throw unreadableKeyring(path, error);
  }
}
