/** Firn's own version, from `package.json`; put in place by the bundler in the shipped program. */
import { readFileSync } from 'node:fs';

declare const FIRN_VERSION: string | undefined;

/** The version, such as `0.1.0`. */
export function productVersion(): string {
  if (typeof FIRN_VERSION === 'string') return FIRN_VERSION;
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
