/** Where parsed files are kept, and whether. */
import { join } from 'node:path';
import { ParseCache } from './parse-cache.ts';
import type { Settings } from './settings.ts';
import { cacheDirectory } from './store-location.ts';

/** Identifies the program; set by the bundler, and not there when the sources run: they may change under a cache. */
declare const FIRN_BUILD: string | undefined;

export function openParseCache({
  settings,
  env,
}: {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
}): ParseCache | undefined {
  if (typeof FIRN_BUILD !== 'string' || !settings['parse-cache']) return undefined;
  const maxSize = settings['parse-cache-size'] * 1_000_000;
  return new ParseCache({ directory: join(cacheDirectory(env), 'parse'), parser: FIRN_BUILD, maxSize });
}
