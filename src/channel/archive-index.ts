/**
 * A release's whole archive: its suites found and verified, their indices fetched, merged and resolved.
 */
import { noMirror } from './errors.ts';
import { findRelease, mirrorCandidates, type MirrorSettings } from './mirrors.ts';
import { type ArchiveName, type BinaryPackage, mergePackageIndex } from './package-index.ts';
import { debianArchitecture, type DebianChannel, type Suite, suitesOf } from './releases.ts';
import { type Resolution, resolvePackages } from './resolver.ts';
import { serverSubset } from './server-subset.ts';
import { mergeSourceIndex, type SourcePackage } from './source-index.ts';
import {
  fetchIndex,
  type FetchedIndex,
  type SuiteContext,
  type VerifiedSuite,
  verifySuite,
} from './suite.ts';

export interface ArchiveRequest {
  readonly channel: DebianChannel;
  /** Nix system, such as `x86_64-linux`. */
  readonly system: string;
  readonly components: readonly string[];
  readonly mirrors: MirrorSettings;
}

export interface ArchiveIndex {
  readonly channel: DebianChannel;
  readonly system: string;
  readonly architecture: string;
  /** The main suite first. */
  readonly suites: readonly VerifiedSuite[];
  /** Every index that was read, in order. */
  readonly indices: readonly { readonly suite: VerifiedSuite; readonly index: FetchedIndex['entry'] }[];
  /** By name, sorted. */
  readonly packages: ReadonlyMap<string, BinaryPackage>;
  /** By name, sorted. */
  readonly sources: ReadonlyMap<string, SourcePackage>;
  readonly resolution: Resolution;
}

export interface ArchiveContext extends SuiteContext {
  /** Called as each phase begins, for progress and timing. */
  readonly onPhase?: ((phase: string) => void) | undefined;
}

/** Fetches, verifies, merges and resolves. Network, cache; no other effect. */
export async function readArchive(context: ArchiveContext, request: ArchiveRequest): Promise<ArchiveIndex> {
  const architecture = debianArchitecture(request.system);
  context.onPhase?.('release files');
  const suites = await findSuites(context, request);
  const packages = new Map<string, BinaryPackage>();
  const sources = new Map<string, SourcePackage>();
  const indices: { suite: VerifiedSuite; index: FetchedIndex['entry'] }[] = [];
  for (const suite of suites) {
    for (const component of request.components) {
      context.onPhase?.(`packages of ${suite.suite.name}/${component}`);
      const binary = await fetchIndex(context, suite, `${component}/binary-${architecture}/Packages`);
      mergePackageIndex(packages, binary.text, suite.archive, binary.url);
      context.onPhase?.(`sources of ${suite.suite.name}/${component}`);
      const source = await fetchIndex(context, suite, `${component}/source/Sources`);
      mergeSourceIndex(sources, source.text, suite.archive, source.url);
      indices.push({ suite, index: binary.entry }, { suite, index: source.entry });
    }
  }
  context.onPhase?.('resolution');
  const wanted = sortByName(request.channel.small ? serverSubset(packages) : packages);
  return {
    channel: request.channel,
    system: request.system,
    architecture,
    suites,
    indices,
    packages: wanted,
    sources: sortByName(sources),
    resolution: resolvePackages(wanted),
  };
}

/** Updates and security suites that no mirror serves are left out with a warning: a fresh mirror may lack them. */
async function findSuites(context: ArchiveContext, request: ArchiveRequest): Promise<VerifiedSuite[]> {
  const found: VerifiedSuite[] = [];
  for (const suite of suitesOf(request.channel.release)) {
    const archive = suite.role === 'security' ? 'security' : 'debian';
    const candidates = mirrorCandidates(request.mirrors, archive);
    const result = await findRelease(context.download, candidates, suite.name);
    if ('bytes' in result) {
      found.push(await verifySuite(context, request.channel.release, suite, result));
      continue;
    }
    if (suite.role === 'main') throw noMirror('Debian', 'debian-mirror', suite.name, result.failures);
    requireUnlessNew(context, suite, archive, result.failures);
  }
  return found;
}

/** A channel that had a suite must not lose it silently: an attacker could hide security updates so. */
function requireUnlessNew(
  { freshness, logger }: ArchiveContext,
  suite: Suite,
  archive: ArchiveName,
  failures: readonly string[],
): void {
  const setting = archive === 'security' ? 'debian-security-mirror' : 'debian-mirror';
  const title = archive === 'security' ? 'Debian security' : 'Debian';
  if (freshness.lockedDates.has(suite.name)) throw noMirror(title, setting, suite.name, failures);
  const reason = failures.length > 0 ? failures.join('; ') : 'no mirror is configured';
  logger.warn(
    `the channel goes without the suite '${suite.name}' (${reason}); set '${setting}' to get its updates`,
  );
}

function sortByName<T>(items: ReadonlyMap<string, T>): Map<string, T> {
  const names = [...items.keys()].sort();
  return new Map(names.map((name) => [name, items.get(name)!]));
}
