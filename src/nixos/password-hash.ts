/**
 * Passwords as `/etc/shadow` keeps them: the SHA-512 method of crypt(3), `$6$SALT$HASH`, after "Unix crypt using SHA-256
 * and SHA-512" (U. Drepper, version 0.6). It is odd in two places: how often a string is fed to the hash depends on the
 * bits of the password's length, and the digest's bytes are written in an order of their own, six bits a letter, the
 * lowest first.
 */
import { createHash, randomInt } from 'node:crypto';

const LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ROUNDS = 5000;
const DIGEST_BYTES = 64;

/**
 * Hashes a password.
 *
 * @param password UTF-8 is what the machine's console sends
 * @param salt up to 16 letters of `./0-9A-Za-z`; further ones are not used
 */
export function hashPassword(password: string, salt = randomSalt()): string {
  const key = Buffer.from(password);
  const usedSalt = salt.slice(0, 16);
  const saltBytes = Buffer.from(usedSalt);
  let digest = firstDigest(key, saltBytes);
  const keyPart = stretch(sha512(...repeat(key, key.length)), key.length);
  const saltPart = stretch(sha512(...repeat(saltBytes, 16 + digest[0])), saltBytes.length);
  for (let round = 0; round < ROUNDS; round++) {
    const odd = round % 2 === 1;
    digest = sha512(
      odd ? keyPart : digest,
      ...(round % 3 === 0 ? [] : [saltPart]),
      ...(round % 7 === 0 ? [] : [keyPart]),
      odd ? digest : keyPart,
    );
  }
  return `$6$${usedSalt}$${encode(digest)}`;
}

/** A password that is easily read and typed: four groups of four small letters, 75 bits. */
export function makePassword(): string {
  return Array.from({ length: 4 }, () => letters('abcdefghijkmnopqrstuvwxyz', 4)).join('-');
}

function randomSalt(): string {
  return letters(LETTERS, 16);
}

function letters(alphabet: string, count: number): string {
  return Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** The digest that the rounds start with. */
function firstDigest(key: Buffer, salt: Buffer): Buffer {
  const alternate = sha512(key, salt, key);
  const parts = [key, salt, stretch(alternate, key.length)];
  for (let bits = key.length; bits > 0; bits >>>= 1) parts.push(bits & 1 ? alternate : key);
  return sha512(...parts);
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function repeat(bytes: Buffer, count: number): Buffer[] {
  return new Array<Buffer>(count).fill(bytes);
}

/** `bytes` over and over, cut at `length`. */
function stretch(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

/** Byte i goes with the bytes 21 and 42 further; each group of three begins one place later than the one before. */
function encode(digest: Buffer): string {
  let text = '';
  for (let i = 0; i < 21; i++) {
    const group = [digest[i], digest[i + 21], digest[i + 42]];
    const [high, middle, low] = [0, 1, 2].map((at) => group[(at + i) % 3]);
    text += sixBits((high << 16) | (middle << 8) | low, 4);
  }
  return text + sixBits(digest[DIGEST_BYTES - 1], 2);
}

function sixBits(value: number, count: number): string {
  return Array.from({ length: count }, (_, i) => LETTERS[(value >>> (6 * i)) & 63]).join('');
}
