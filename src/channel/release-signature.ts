/**
 * `InRelease` files: a release file in an OpenPGP clear-signed message (RFC 9580, section 7). Debian signs with
 * several keys; one valid signature by a trusted key is enough, as for apt.
 */
import type { Key } from 'openpgp';
import { badSignature, notSigned } from './errors.ts';

/**
 * The signed text of an `InRelease` file, as a byte string with LF line ends. Only what is signed is returned:
 * bytes before or after the signed part never reach the caller.
 *
 * @throws NixError `channel-not-signed`, `channel-bad-signature`
 */
export async function verifyRelease(
  bytes: Uint8Array,
  where: string,
  keys: readonly Key[],
  now: Date = new Date(),
): Promise<string> {
  const text = Buffer.from(bytes).toString('utf8');
  if (!text.startsWith('-----BEGIN PGP SIGNED MESSAGE-----')) throw notSigned(where);
  // Loaded here: only an update needs it, and it gets a file of its own in the bundle.
  const { readCleartextMessage, verify } = await import('openpgp');
  const message = await readCleartextMessage({ cleartextMessage: text }).catch(() => {
    throw notSigned(where);
  });
  const result = await verify({
    message,
    verificationKeys: [...keys],
    date: now,
  }).catch((error: unknown) => {
    throw badSignature(where, String((error as Error).message), keys.map(fingerprint));
  });
  const reasons: string[] = [];
  for (const signature of result.signatures) {
    try {
      await signature.verified;
      return Buffer.from(message.getText().replaceAll('\r\n', '\n'), 'utf8').toString('latin1');
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw badSignature(where, reasons.join('; ') || 'it has no signature', keys.map(fingerprint));
}

const fingerprint = (key: Key) => key.getFingerprint().toUpperCase();
