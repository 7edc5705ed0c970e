/**
 * The static checks: types, format and lint, and the boundaries between the parts (who may import whom, no cycles,
 * only through a part's index.ts; no `node:` module in the pure parts; no import from `distribution/`).
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Which parts each part may import. A part absent here is an error. */
export const allowedImports: Readonly<Record<string, readonly string[]>> = {
  diagnostics: [],
  formats: ['diagnostics'],
  syntax: ['diagnostics'],
  inputs: ['formats', 'diagnostics'],
  eval: ['syntax', 'inputs', 'formats', 'diagnostics'],
  flakes: ['eval', 'syntax', 'inputs', 'formats', 'diagnostics'],
  platform: ['diagnostics'],
  store: ['formats', 'platform', 'diagnostics'],
  fetchers: ['store', 'inputs', 'formats', 'platform', 'diagnostics'],
  builder: ['store', 'formats', 'platform', 'fetchers', 'diagnostics'],
  channel: ['fetchers', 'store', 'formats', 'platform', 'diagnostics'],
  session: [
    'flakes',
    'eval',
    'inputs',
    'syntax',
    'store',
    'builder',
    'fetchers',
    'channel',
    'formats',
    'platform',
    'diagnostics',
  ],
  packages: ['session', 'store', 'builder', 'syntax', 'formats', 'diagnostics'],
  serve: ['session', 'store', 'formats', 'platform', 'diagnostics'],
  nixos: ['session', 'channel', 'store', 'builder', 'eval', 'formats', 'platform', 'diagnostics'],
  cli: [
    'inputs',
    'nixos',
    'packages',
    'serve',
    'session',
    'channel',
    'fetchers',
    'builder',
    'store',
    'eval',
    'syntax',
    'formats',
    'platform',
    'diagnostics',
  ],
};
const pureParts = new Set(['diagnostics', 'formats', 'syntax', 'inputs', 'eval', 'flakes']);

/** Every violation of the part boundaries, as one line each. */
export function checkBoundaries(sourceRoot: string): string[] {
  const problems: string[] = [];
  for (const entry of readdirSync(sourceRoot, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const file = join(entry.parentPath, entry.name);
    const name = relative(sourceRoot, file);
    const part = name.split('/')[0];
    if (!name.includes('/')) continue;
    const isTest = name.endsWith('.test.ts');
    if (!(part in allowedImports))
      problems.push(`${name}: '${part}' is not a part that scripts/check.ts knows`);
    for (const target of importsOf(readFileSync(file, 'utf8'))) {
      problems.push(...checkImport({ sourceRoot, file, name, part, isTest, target }));
    }
  }
  return problems;
}

interface ImportSite {
  sourceRoot: string;
  file: string;
  name: string;
  part: string;
  isTest: boolean;
  target: string;
}

function checkImport({ sourceRoot, file, name, part, isTest, target }: ImportSite): string[] {
  if (!target.startsWith('.')) {
    const forbidden = target.startsWith('node:') && pureParts.has(part) && !isTest;
    return forbidden ? [`${name}: a pure part imports '${target}'`] : [];
  }
  const path = relative(sourceRoot, resolve(dirname(file), target));
  if (path.startsWith('..')) return isTest ? [] : [`${name}: imports '${target}' from outside src`];
  const other = path.split('/')[0];
  if (other === part || !path.includes('/')) return [];
  const problems: string[] = [];
  if (!isTest && !(allowedImports[part] ?? []).includes(other))
    problems.push(`${name}: '${part}' may not import '${other}'`);
  if (!isTest && path !== `${other}/index.ts`)
    problems.push(`${name}: imports '${path}' instead of '${other}/index.ts'`);
  return problems;
}

function importsOf(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(/^(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]/gm))
    found.push(match[1]);
  return found;
}

function run(label: string, command: string, args: string[]): boolean {
  const result = spawnSync(join(root, 'node_modules', command), args, {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.status !== 0) process.stderr.write(`${label} failed\n`);
  return result.status === 0;
}

function main(): void {
  const problems = checkBoundaries(join(root, 'src'));
  for (const problem of problems) process.stderr.write(`boundary: ${problem}\n`);
  const types = run('type check', '.bin/tsc', ['-p', '.']);
  const lint = run('format and lint', `@biomejs/cli-${process.platform}-${process.arch}/biome`, [
    'check',
    '--enforce-assist=false',
    'src',
    'tests',
    'scripts',
    'bench',
    'tools',
  ]);
  if (problems.length > 0 || !types || !lint) process.exitCode = 1;
  else process.stdout.write('types, format, lint and part boundaries: clean\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
