/**
 * Unit files as systemd reads them (systemd.syntax(7)): sections of `Key=value` lines, comments, continued lines, and
 * drop-ins that add to a unit or, with an empty value, begin a list anew. Values stay texts: which keys are lists is
 * not known here, so an empty assignment empties whatever stood before it.
 */

/** Section name -> key -> values in the order of their lines. */
export type UnitSections = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** The sections of a unit file and its drop-ins, in the order in which systemd applies them. */
export function parseUnitTexts(texts: readonly string[]): UnitSections {
  const sections = new Map<string, Map<string, string[]>>();
  for (const text of texts) addText(sections, text);
  return sections;
}

function addText(sections: Map<string, Map<string, string[]>>, text: string): void {
  let section = new Map<string, string[]>();
  for (const line of logicalLines(text)) {
    const header = /^\[(.+)\]$/.exec(line);
    if (header) {
      section = sections.get(header[1]) ?? new Map();
      sections.set(header[1], section);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 1) continue;
    const key = line.slice(0, equals).trimEnd();
    const value = line.slice(equals + 1).trimStart();
    if (value === '') section.set(key, []);
    else section.set(key, [...(section.get(key) ?? []), value]);
  }
}

/** Lines without comments and blanks; a backslash at the end joins the next line, with comments in between left out. */
function* logicalLines(text: string): Generator<string> {
  let pending = '';
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line.startsWith('#') || line.startsWith(';')) continue;
    if (line.endsWith('\\')) {
      pending += `${line.slice(0, -1)} `;
      continue;
    }
    const whole = (pending + line).trim();
    pending = '';
    if (whole !== '') yield whole;
  }
  if (pending.trim() !== '') yield pending.trim();
}

/** The last value of a key, which is the one that counts where there can be only one. */
export function lastValue(sections: UnitSections, section: string, key: string): string | undefined {
  return sections.get(section)?.get(key)?.at(-1);
}

/** A boolean in any of systemd's spellings; `fallback` when the key is absent or none of them. */
export function booleanValue(
  sections: UnitSections,
  { section, key, fallback }: { section: string; key: string; fallback: boolean },
): boolean {
  const text = lastValue(sections, section, key)?.toLowerCase();
  if (text === undefined) return fallback;
  if (['1', 'yes', 'y', 'true', 't', 'on'].includes(text)) return true;
  if (['0', 'no', 'n', 'false', 'f', 'off'].includes(text)) return false;
  return fallback;
}

/** All words of a key's values: names of units, for example. */
export function words(sections: UnitSections, section: string, key: string): string[] {
  return (sections.get(section)?.get(key) ?? [])
    .flatMap((value) => value.split(/\s+/))
    .filter((w) => w !== '');
}

/** `getty@.service` for `getty@tty1.service`; `undefined` for a unit that is no instance. */
export function templateOf(name: string): string | undefined {
  const at = name.indexOf('@');
  const dot = name.lastIndexOf('.');
  return at > 0 && dot > at + 1 ? `${name.slice(0, at + 1)}${name.slice(dot)}` : undefined;
}
