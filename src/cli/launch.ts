/**
 * Entry of the bundle: lets V8 keep the compiled code of the program between runs, then starts it. The kept code is
 * below the user's cache directory, one directory for each build of Firn.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheDirectory } from '../session/index.ts';

/** Identifies this build; set by the bundler. */
declare const FIRN_BUILD: string;

/** Builds whose code is kept. */
const keptBuilds = 3;

function keepCompiledCode(): void {
  const directory = join(cacheDirectory(process.env), 'code');
  const own = join(directory, FIRN_BUILD);
  if (!existsSync(own)) removeOldest(directory);
  enableCompileCache(own);
}

/** Removes the code of builds that were used longest ago, so that with one more there are `keptBuilds`. */
function removeOldest(directory: string): void {
  if (!existsSync(directory)) return;
  const builds = readdirSync(directory).map((name) => join(directory, name));
  const byAge = builds.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const build of byAge.slice(keptBuilds - 1)) rmSync(build, { recursive: true, force: true });
}

try {
  keepCompiledCode();
} catch {
  // Only time is lost.
}
await import('./main.ts');
