/**
 * A release's whole archive: its suites found and verified, their indices fetched, merged and resolved.
 */
import { noMirror } from './errors.ts';
import { findRelease, type MirrorSettings, mirrorCandidates } from './mirrors.ts';
import { type ArchiveName, type BinaryPackage, mergePackageIndex } from './package-index.ts';
import { type DebianChannel, debianArchitecture, type Suite, suitesOf } from './releases.ts';
import { type Resolution, resolvePackages } from './resolver.ts';
import { serverSubset } from './server-subset.ts';
import { mergeSourceIndex, type SourcePackage } from './source-index.ts';
import {
  decompressIndex,
  type FetchedIndex,
  fetchIndex,
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
  readonly components: readonly string[];
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
  /** Looked at as each phase begins; downloads have their own. */
  readonly signal?: AbortSignal | undefined;
}

/** Tells that a phase begins; throws the signal's reason when the user asked to stop. */
export function beginPhase(
  { onPhase, signal }: Pick<ArchiveContext, 'onPhase' | 'signal'>,
  phase: string,
): void {
  signal?.throwIfAborted();
  onPhase?.(phase);
}

/**
 * Finds and verifies the suites of a release. Updates and security suites that no mirror serves are left out with
 * a warning: a mirror of one's own may lack them.
 *
 * @throws NixError `channel-no-mirror` when the main suite, or one that the channel has already, is nowhere
 */
export async function findSuites(context: ArchiveContext, request: ArchiveRequest): Promise<VerifiedSuite[]> {
  beginPhase(context, 'release files');
  const { release } = request.channel;
  const suites = suitesOf(release).map(async (suite) => {
    const archive = suite.role === 'security' ? 'security' : 'debian';
    const candidates = mirrorCandidates(request.mirrors, archive);
    const result = await findRelease(context.download, candidates, suite.name);
    if ('bytes' in result) return verifySuite(context, release, suite, result);
    if (suite.role === 'main') throw noMirror('Debian', 'debian-mirror', suite.name, result.failures);
    return requireUnlessNew(context, suite, archive, result.failures);
  });
  const found = await settleAll(suites);
  // Only now: where the main suite fails, its error says it all.
  for (const warning of found) if (typeof warning === 'string') context.logger.warn(warning);
  return found.filter((suite) => typeof suite !== 'string');
}

/** Fetches, verifies, merges and resolves the indices of some suites. Network and cache; no other effect. */
export async function readArchive(
  context: ArchiveContext,
  request: ArchiveRequest,
  suites: readonly VerifiedSuite[],
): Promise<ArchiveIndex> {
  const architecture = debianArchitecture(request.system);
  const packages = new Map<string, BinaryPackage>();
  const sources = new Map<string, SourcePackage>();
  const indices = await fetchAllIndices(context, suites, request.components, architecture);
  for (const { suite, kind, fetched } of indices) {
    beginPhase(context, `${kind} of ${suite.suite.name}`);
    const text = await decompressIndex(fetched);
    if (kind === 'packages') mergePackageIndex(packages, text, suite.archive, fetched.url);
    else mergeSourceIndex(sources, text, suite.archive, fetched.url);
  }
  beginPhase(context, 'resolution');
  const wanted = sortByName(request.channel.small ? serverSubset(packages) : packages);
  return {
    channel: request.channel,
    system: request.system,
    architecture,
    components: request.components,
    suites,
    indices: indices.map(({ suite, fetched }) => ({ suite, index: fetched.entry })),
    packages: wanted,
    sources: sortByName(sources),
    resolution: resolvePackages(wanted),
  };
}

interface SuiteIndex {
  readonly suite: VerifiedSuite;
  readonly kind: 'packages' | 'sources';
  readonly fetched: FetchedIndex;
}

/** All at once: together they are some 20 MB compressed. */
async function fetchAllIndices(
  context: ArchiveContext,
  suites: readonly VerifiedSuite[],
  components: readonly string[],
  architecture: string,
): Promise<SuiteIndex[]> {
  beginPhase(context, 'indices');
  const wanted = suites.flatMap((suite) =>
    components.flatMap((component) => [
      { suite, kind: 'packages' as const, path: `${component}/binary-${architecture}/Packages` },
      { suite, kind: 'sources' as const, path: `${component}/source/Sources` },
    ]),
  );
  return settleAll(
    wanted.map(async ({ suite, kind, path }) => ({
      suite,
      kind,
      fetched: await fetchIndex(context, suite, path),
    })),
  );
}

/**
 * A channel that had a suite must not lose it silently: an attacker could hide security updates so. For one that never
 * had it, the text of a warning.
 */
function requireUnlessNew(
  { freshness }: ArchiveContext,
  suite: Suite,
  archive: ArchiveName,
  failures: readonly string[],
): string {
  const setting = archive === 'security' ? 'debian-security-mirror' : 'debian-mirror';
  const title = archive === 'security' ? 'Debian security' : 'Debian';
  if (freshness.lockedDates.has(suite.name)) throw noMirror(title, setting, suite.name, failures);
  const reason = failures.length > 0 ? failures.join('; ') : 'no mirror is configured';
  return `the channel goes without the suite '${suite.name}' (${reason}); set '${setting}' to get its updates`;
}

/** Like `Promise.all`, but a failure waits for the others: nothing goes on behind the caller's back. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

function sortByName<T>(items: ReadonlyMap<string, T>): Map<string, T> {
  const names = [...items.keys()].sort();
  return new Map(names.map((name) => [name, items.get(name)!]));
}
