/**
 * The Debian releases that can be a channel (`debian:NAME`, `debian:NAME-small`): which suites each is made of,
 * whose keys sign them, and Debian's name for each Nix system.
 */
import { unknownChannel, unsupportedArchitecture } from './errors.ts';

export type SuiteRole = 'main' | 'updates' | 'security';

export interface Release {
  /** Debian's codename, `trixie`. */
  readonly codename: string;
  /** Releases whose keys sign this one's suites. */
  readonly signers: readonly string[];
  /** Unstable has neither updates nor security: both flow into it directly. */
  readonly roles: readonly SuiteRole[];
}

/** One suite of a release: a directory under `dists/`. */
export interface Suite {
  readonly role: SuiteRole;
  readonly name: string;
}

const stableRoles: readonly SuiteRole[] = ['main', 'updates', 'security'];

const releases: readonly Release[] = [
  { codename: 'trixie', signers: ['trixie'], roles: stableRoles },
  { codename: 'bookworm', signers: ['bookworm'], roles: stableRoles },
  { codename: 'sid', signers: ['trixie', 'bookworm'], roles: ['main'] },
];

/** What a `debian:` URL asks for. */
export interface DebianChannel {
  readonly release: Release;
  /** Only the server subset is indexed. */
  readonly small: boolean;
}

export const debianScheme = 'debian:';

/** The channel that `url` (`debian:trixie`, `debian:trixie-small`) names. Throws `UsageError` for other names. */
export function parseDebianChannel(url: string): DebianChannel {
  for (const release of releases) {
    if (url === debianScheme + release.codename) return { release, small: false };
    if (url === `${debianScheme + release.codename}-small`) return { release, small: true };
  }
  throw unknownChannel(
    url,
    releases.flatMap(({ codename }) => [debianScheme + codename, `${debianScheme + codename}-small`]),
  );
}

/** The suites of a release, the main one first. */
export function suitesOf(release: Release): Suite[] {
  return release.roles.map((role) => ({
    role,
    name: role === 'main' ? release.codename : `${release.codename}-${role}`,
  }));
}

const architectures: ReadonlyMap<string, string> = new Map([
  ['x86_64-linux', 'amd64'],
  ['aarch64-linux', 'arm64'],
]);

/** Debian's architecture for a Nix system. */
export function debianArchitecture(system: string): string {
  const architecture = architectures.get(system);
  if (architecture === undefined) throw unsupportedArchitecture(system, [...architectures.keys()]);
  return architecture;
}
