/**
 * The host's apt configuration, read for one thing: which archives it uses. Both formats of `sources.list(5)`:
 * one line per source in `.list` files, deb822 stanzas in `.sources` files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { forEachStanza } from './control-file.ts';

/** One configured source of binary packages. */
export interface AptSource {
  /** Root of the archive, without a slash at the end. */
  readonly url: string;
  readonly suites: readonly string[];
}

/**
 * The sources of an apt directory (`/etc/apt`), in apt's order. Absent or unreadable files and entries of another
 * shape give nothing: what this finds is only a list of candidates. Reads files.
 */
export function readAptSources(directory: string): AptSource[] {
  const parts = join(directory, 'sources.list.d');
  const files = [join(directory, 'sources.list'), ...listFiles(parts).map((name) => join(parts, name))];
  return files.flatMap((file) => {
    const text = tryRead(file);
    return file.endsWith('.sources') ? parseDeb822Sources(text) : parseOneLineSources(text);
  });
}

/** `deb [options] URL SUITE COMPONENT...` lines. */
export function parseOneLineSources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+([^\s#]+)/.exec(line);
    if (match) sources.push(...makeSources([match[1]], [match[2]]));
  }
  return sources;
}

const sourceFields = new Set(['Types', 'URIs', 'Suites', 'Enabled']);

/** deb822 stanzas with `Types`, `URIs`, `Suites`. Comment lines are allowed anywhere. */
export function parseDeb822Sources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  const withoutComments = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trimEnd())
    .join('\n');
  forEachStanza(withoutComments, sourceFields, (stanza) => {
    const isEnabled = !/^(no|false|0|off|without|disable)$/i.test(stanza['Enabled'] ?? 'yes');
    if (!isEnabled || !words(stanza['Types']).includes('deb')) return;
    sources.push(...makeSources(words(stanza['URIs']), words(stanza['Suites'])));
  });
  return sources;
}

/** Only schemes that we can read ourselves; a `mirror+` list or a CD is passed over. */
function makeSources(urls: readonly string[], suites: readonly string[]): AptSource[] {
  return urls
    .filter((url) => /^(https?|file):/.test(url) && URL.canParse(url))
    .map((url) => ({ url: url.replace(/\/+$/, ''), suites }));
}

function words(field: string | undefined): string[] {
  return (field ?? '').split(/\s+/).filter((word) => word !== '');
}

function listFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^[A-Za-z0-9_.-]+\.(list|sources)$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
