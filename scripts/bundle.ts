/**
 * Bundles the program into `dist/`: `main.js` (all commands, split so that each loads only what it needs),
 * the evaluator's worker, and the library entry. Declarations are written beside it by `tsc`. Packages of others keep their
 * notices: at the end of the file that they are in, and with their licences in `THIRD-PARTY.txt`.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { directImportsPlugin } from './direct-imports.ts';
import { thirdPartyNotices } from './third-party.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** Entry points: name in `dist/` -> source file. Absent sources are left out. */
export const entryPoints: Readonly<Record<string, string>> = {
  main: 'src/cli/launch.ts',
  'evaluator-worker': 'src/session/evaluator-worker.ts',
  'resident-main': 'src/session/resident-main.ts',
  'sandbox-worker': 'src/builder/sandbox-worker.ts',
  'install-boot-loader': 'src/nixos/boot-loader/main.ts',
  'switch-to-configuration': 'src/nixos/switch/main.ts',
  index: 'src/index.ts',
};

/** Whether a source file is newer than the bundle. */
export function bundleIsStale(): boolean {
  const main = join(dist, 'main.js');
  if (!existsSync(main)) return true;
  const built = statSync(main).mtimeMs;
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > built) return true;
  }
  return ['package-lock.json', 'scripts/bundle.ts'].some(
    (name) => statSync(join(root, name)).mtimeMs > built,
  );
}

/** A name for what the sources are now. */
function buildName(): string {
  const hash = createHash('sha256').update(version);
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files.filter((name) => name.endsWith('.ts')))
    hash.update(file).update(readFileSync(join(root, 'src', file)));
  return hash.digest('hex').slice(0, 16);
}

/** Writes the bundle; replaces the former one only when it succeeded. */
export async function writeBundle(outdir = dist): Promise<void> {
  const present = Object.entries(entryPoints).filter(([, file]) => existsSync(join(root, file)));
  rmSync(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: Object.fromEntries(present.map(([name, file]) => [name, join(root, file)])),
    outdir,
    bundle: true,
    plugins: [directImportsPlugin],
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: 'eof',
    metafile: true,
    absWorkingDir: root,
    define: { FIRN_VERSION: JSON.stringify(version), FIRN_BUILD: JSON.stringify(buildName()) },
    chunkNames: 'chunk-[hash]',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  writeFileSync(join(outdir, 'THIRD-PARTY.txt'), thirdPartyNotices(root, Object.keys(metafile.inputs)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--if-stale') || bundleIsStale()) await writeBundle();
}
