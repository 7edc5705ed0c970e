/** What the bundle says of the packages of others that are part of it: their names, licences and licence texts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly homepage?: string;
  readonly author?: string | { readonly name?: string };
  readonly repository?: string | { readonly url?: string };
}

/**
 * The text of `THIRD-PARTY.txt`.
 *
 * @param root the directory that has `node_modules/`
 * @param inputs the bundled files, relative to `root`
 */
export function thirdPartyNotices(root: string, inputs: readonly string[]): string {
  const names = new Set(inputs.map((file) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]));
  const notices = [...names]
    .filter((name) => name !== undefined)
    .sort()
    .map((name) => notice(join(root, 'node_modules', name)));
  return [
    'Parts of the program in this directory come from the packages below; their own licences hold for them.',
    ...notices,
  ].join(`\n\n${'-'.repeat(78)}\n\n`);
}

function notice(directory: string): string {
  const description = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as PackageJson;
  const { name, version, license, homepage, author, repository } = description;
  if (license === undefined) throw new Error(`the package '${name}' does not name its licence`);
  const place = homepage ?? (typeof repository === 'string' ? repository : repository?.url);
  const by = typeof author === 'string' ? author : author?.name;
  const head = [
    `${name} ${version}`,
    ...(place === undefined ? [] : [place]),
    ...(by === undefined ? [] : [`Author: ${by}`]),
    `Licence: ${license}`,
  ].join('\n');
  const file = readdirSync(directory).find((each) => /^(licen[cs]e|copying)(\.|$)/i.test(each));
  if (file === undefined) return head;
  return `${head}\n\n${readFileSync(join(directory, file), 'utf8').trim()}\n`;
}
