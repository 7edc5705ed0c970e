/**
 * Store paths: direct children of the store directory, named `HASHPART-NAME`. The hash part is 32 nix32 digits
 * (160 bits); the name has 1 to 211 characters out of a small set.
 *
 * A `StorePath` does not know its store directory: `parseStorePath` and `printStorePath` take it. Specification:
 * "Store Path" in the Nix manual's protocol chapter; rules on names as checked by C++ Nix 2.26 and later.
 */
import { badStorePath, badStorePathName, notADerivationPath } from './errors.ts';
import { formatNix32, isNix32 } from './nix32.ts';

const HASH_LENGTH = 32;
const MAX_NAME_LENGTH = 211;
const ILLEGAL = /[^0-9a-zA-Z+\-._?=]/;

/** One store path, immutable. Compare with `equals` or by `baseName`, which also serves as a map key. */
export class StorePath {
  /** `HASHPART-NAME`. */
  readonly baseName: string;

  private constructor(baseName: string) {
    this.baseName = baseName;
  }

  /**
   * The path called `baseName`.
   *
   * @throws NixError `bad-store-path`
   */
  static fromBaseName(baseName: string): StorePath {
    if (baseName.length < HASH_LENGTH + 1) {
      throw badStorePath(`'${baseName}' is too short to be a valid store path`);
    }
    if (baseName[HASH_LENGTH] !== '-') {
      throw badStorePath(
        `'${baseName}' can't name a store path because the hash part is not followed by a '-'`,
      );
    }
    for (const character of baseName.slice(0, HASH_LENGTH)) {
      if (isNix32(character)) continue;
      throw badStorePath(`store path '${baseName}' contains illegal base-32 character '${character}'`);
    }
    checkPathName(baseName);
    return new StorePath(baseName);
  }

  /**
   * The path with this 20-byte digest and name.
   *
   * @throws NixError `bad-store-path` when the name breaks a rule
   */
  static fromDigest(digest: Uint8Array, name: string): StorePath {
    const baseName = `${formatNix32(digest)}-${name}`;
    checkPathName(baseName);
    return new StorePath(baseName);
  }

  /** 32 nix32 digits. */
  get hashPart(): string {
    return this.baseName.slice(0, HASH_LENGTH);
  }

  get name(): string {
    return this.baseName.slice(HASH_LENGTH + 1);
  }

  /** Whether the name ends in `.drv`. */
  get isDerivation(): boolean {
    return this.baseName.endsWith('.drv');
  }

  /**
   * The name without `.drv`.
   *
   * @throws NixError `bad-store-path` when this is no derivation
   */
  get derivationName(): string {
    if (!this.isDerivation) throw notADerivationPath(this.baseName);
    return this.baseName.slice(HASH_LENGTH + 1, -'.drv'.length);
  }

  equals(other: StorePath): boolean {
    return this.baseName === other.baseName;
  }

  toString(): string {
    return this.baseName;
  }
}

/** Order by base name (bytes). */
export function compareStorePaths(a: StorePath, b: StorePath): number {
  return a.baseName < b.baseName ? -1 : a.baseName > b.baseName ? 1 : 0;
}

/**
 * Checks a name for a store path.
 *
 * @throws NixError `bad-store-path-name` with C++ Nix's sentence
 */
export function checkStorePathName(name: string): void {
  if (name === '') throw badStorePathName('name must not be empty');
  if (name.length > MAX_NAME_LENGTH) {
    throw badStorePathName(`name '${name}' must be no longer than ${MAX_NAME_LENGTH} characters`);
  }
  if (name === '.' || name === '..') throw badStorePathName(`name '${name}' is not valid`);
  for (const dots of ['.', '..']) {
    if (!name.startsWith(`${dots}-`)) continue;
    throw badStorePathName(
      `name '${name}' is not valid: first dash-separated component must not be '${dots}'`,
    );
  }
  const illegal = ILLEGAL.exec(name);
  if (illegal) throw badStorePathName(`name '${name}' contains illegal character '${illegal[0]}'`);
}

/**
 * The store path that `text`, an absolute path, is: a direct child of `storeDir`. The text may hold `//`, `/./`
 * and a trailing slash.
 *
 * @throws NixError `bad-store-path`
 */
export function parseStorePath(storeDir: string, text: string): StorePath {
  if (text.startsWith(storeDir) && text[storeDir.length] === '/') {
    const rest = text.slice(storeDir.length + 1);
    if (!rest.includes('/')) return StorePath.fromBaseName(rest);
  }
  if (text === '') throw badStorePath('empty path is not a valid store path');
  const components = text.split('/').filter((part) => part !== '' && part !== '.');
  const baseName = components.pop() ?? '';
  if (!text.startsWith('/') || components.includes('..') || `/${components.join('/')}` !== storeDir) {
    throw badStorePath(`path '${text}' is not in the Nix store`);
  }
  return StorePath.fromBaseName(baseName);
}

/** As `parseStorePath`, but `undefined` instead of an error. */
export function tryParseStorePath(storeDir: string, text: string): StorePath | undefined {
  try {
    return parseStorePath(storeDir, text);
  } catch {
    return undefined;
  }
}

/** The absolute path of `path` in `storeDir`. */
export function printStorePath(storeDir: string, path: StorePath): string {
  return `${storeDir}/${path.baseName}`;
}

/** Whether `text` is below `storeDir` (or below one of its children). */
export function isInStore(storeDir: string, text: string): boolean {
  return text.startsWith(`${storeDir}/`);
}

/**
 * Splits an absolute path at or below a store path into that and the rest (`''` or `/...`).
 *
 * @throws NixError `bad-store-path`
 */
export function splitStorePath(storeDir: string, text: string): { path: StorePath; rest: string } {
  if (!isInStore(storeDir, text)) throw badStorePath(`path '${text}' is not in the Nix store`);
  const slash = text.indexOf('/', storeDir.length + 1);
  if (slash < 0) return { path: parseStorePath(storeDir, text), rest: '' };
  return { path: parseStorePath(storeDir, text.slice(0, slash)), rest: text.slice(slash) };
}

function checkPathName(baseName: string): void {
  try {
    checkStorePathName(baseName.slice(HASH_LENGTH + 1));
  } catch (error) {
    throw badStorePath(`path '${baseName}' is not a valid store path: ${(error as Error).message}`);
  }
}
