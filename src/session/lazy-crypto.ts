/** `node:crypto`, loaded on first use: it takes longer to load than a small evaluation takes. */
type Crypto = typeof import('node:crypto');

let crypto: Crypto | undefined;

export function lazyCrypto(): Crypto {
  crypto ??= process.getBuiltinModule('node:crypto');
  return crypto;
}
