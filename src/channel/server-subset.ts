/** What a `-small` channel holds: the sections a server needs, and whatever their packages depend on. */
import type { BinaryPackage } from './package-index.ts';
import { resolvePackages } from './resolver.ts';

const serverSections = new Set([
  'admin',
  'comm',
  'database',
  'devel',
  'editors',
  'httpd',
  'interpreters',
  'kernel',
  'libs',
  'mail',
  'misc',
  'net',
  'otherosfs',
  'perl',
  'php',
  'python',
  'shells',
  'text',
  'utils',
  'vcs',
  'web',
]);

/** The packages of the server sections, closed under dependencies, in the given order. */
export function serverSubset(packages: ReadonlyMap<string, BinaryPackage>): Map<string, BinaryPackage> {
  const { depends } = resolvePackages(packages);
  const pending = [...packages.values()].filter(isForServers).map((item) => item.name);
  const kept = new Set(pending);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    for (const target of depends.get(name)!) {
      if (kept.has(target)) continue;
      kept.add(target);
      pending.push(target);
    }
  }
  return new Map([...packages].filter(([name]) => kept.has(name)));
}

/** Sections outside `main` are written `contrib/net`. */
function isForServers(item: BinaryPackage): boolean {
  const section = item.section.slice(item.section.indexOf('/') + 1);
  return item.essential || serverSections.has(section);
}
