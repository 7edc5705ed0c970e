/**
 * Where the archives are: a setting, else the host's apt configuration. No host name stands in Firn itself. A
 * mirror counts when it serves the wanted suite's release file, so entries that do not answer, and other
 * vendors' archives, are passed over.
 */
import { NixError } from '../diagnostics/index.ts';
import { type AptSource, readAptSources } from './apt-sources.ts';
import type { Download } from './download.ts';
import type { ArchiveName } from './package-index.ts';

export interface MirrorSettings {
  /** `debian-mirror`: roots of the main archive, best first. */
  readonly debianMirrors?: readonly string[] | undefined;
  /** `debian-security-mirror`: roots of the security archive, best first. */
  readonly securityMirrors?: readonly string[] | undefined;
  /** The host's `/etc/apt`; absent: it is not looked at. */
  readonly aptDirectory?: string | undefined;
}

/** A suite's release file with the mirror that served it. */
export interface FoundRelease {
  readonly mirror: string;
  readonly url: string;
  readonly bytes: Uint8Array;
}

/**
 * Candidates for the root of an archive, best first, without slash at the end. From the apt configuration: for
 * the main archive first the sources whose suites are of no security archive; for the security archive the
 * sibling of a main mirror that is set (`.../debian` -> `.../debian-security`), then the sources of such suites,
 * then siblings of the other sources.
 */
export function mirrorCandidates(settings: MirrorSettings, archive: ArchiveName): string[] {
  const explicit = archive === 'debian' ? settings.debianMirrors : settings.securityMirrors;
  if (explicit && explicit.length > 0) return explicit.map(trimSlash);
  const main = settings.debianMirrors?.map(trimSlash) ?? [];
  const sources = settings.aptDirectory === undefined ? [] : readAptSources(settings.aptDirectory);
  const security = urls(sources.filter(isSecurity));
  const others = urls(sources.filter((source) => !isSecurity(source)));
  const candidates =
    archive === 'debian'
      ? [...others, ...siblings(security, /\/debian-security$/, '/debian')]
      : [
          ...siblings(main, /\/debian$/, '/debian-security'),
          ...security,
          ...siblings(others, /\/debian$/, '/debian-security'),
        ];
  return [...new Set(candidates)];
}

/**
 * The first candidate that serves `suite`, with its release file. Where there are several, each gets a quick try
 * first, so that a dead one costs little. When none answers, `failures` says why, a line for each.
 */
export async function findRelease(
  download: Download,
  candidates: readonly string[],
  suite: string,
): Promise<FoundRelease | { readonly failures: readonly string[] }> {
  const failures: string[] = [];
  const tries = candidates.length > 1 ? [true, false] : [false];
  for (const quick of tries) {
    failures.length = 0;
    for (const mirror of candidates) {
      const result = await fetchRelease(download, mirror, suite, quick);
      if (typeof result !== 'string') return result;
      failures.push(result);
    }
  }
  return { failures };
}

/** A mirror's release file, or why there is none. */
async function fetchRelease(
  download: Download,
  mirror: string,
  suite: string,
  quick: boolean,
): Promise<FoundRelease | string> {
  const url = `${mirror}/dists/${suite}/InRelease`;
  try {
    const { bytes } = await download.get([url], { maxBytes: maxReleaseBytes, quick });
    return isSigned(bytes) ? { mirror, url, bytes } : `'${url}' is not a signed release file`;
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    return error.message;
  }
}

/** The real ones have 140 kB. */
const maxReleaseBytes = 16 << 20;
const signedHeader = '-----BEGIN PGP SIGNED MESSAGE-----';
const isSigned = (bytes: Uint8Array) =>
  Buffer.from(bytes.subarray(0, signedHeader.length)).toString('latin1') === signedHeader;

const isSecurity = (source: AptSource) => source.suites.every((suite) => /-security$|\/updates$/.test(suite));
const urls = (sources: readonly AptSource[]) => sources.map((source) => source.url);
const trimSlash = (url: string) => url.replace(/\/+$/, '');

function siblings(roots: readonly string[], ending: RegExp, replacement: string): string[] {
  return roots.filter((root) => ending.test(root)).map((root) => root.replace(ending, replacement));
}
