/**
 * An Ed25519 key pair in OpenSSH's formats, made per run for the machines that Firn starts itself. The private format is
 * PROTOCOL.key of OpenSSH: a magic, "none" for cipher and KDF, the public key, and the private section padded to
 * eight bytes.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';

export interface SshKeyPair {
  /** One line for `authorized_keys`, without a newline. */
  readonly publicKey: string;
  /** The file that `ssh -i` wants. */
  readonly privateKey: string;
}

const TYPE = 'ssh-ed25519';

/** A fresh key pair with the given comment. */
export function makeSshKeyPair(comment: string): SshKeyPair {
  const { privateKey } = generateKeyPairSync('ed25519');
  const jwk = privateKey.export({ format: 'jwk' });
  const publicBytes = Buffer.from(jwk.x!, 'base64url');
  const secretBytes = Buffer.concat([Buffer.from(jwk.d!, 'base64url'), publicBytes]);
  const publicBlob = Buffer.concat([field(TYPE), field(publicBytes)]);
  const check = randomBytes(4);
  const section = Buffer.concat([
    check,
    check,
    field(TYPE),
    field(publicBytes),
    field(secretBytes),
    field(comment),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (section.length % 8)) % 8 }, (_, i) => i + 1));
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    number(1),
    field(publicBlob),
    field(Buffer.concat([section, padding])),
  ]);
  const body = blob
    .toString('base64')
    .match(/.{1,70}/g)!
    .join('\n');
  return {
    publicKey: `${TYPE} ${publicBlob.toString('base64')} ${comment}`,
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`,
  };
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A length-prefixed string. */
function field(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([number(bytes.length), bytes]);
}
