/**
 * Debian's control-file format (deb822): stanzas of `Name: value` fields, separated by empty lines; a line that
 * starts with a space or a tab continues the field above it. Specification: Debian Policy, section 5.1.
 *
 * An index holds 70,000 stanzas, so only the wanted fields are cut out, and the text is a byte string.
 */

/** The wanted fields of one stanza: value without the space after the colon, continuation lines kept as written. */
export type Stanza = Record<string, string | undefined>;

const newline = 10;
const space = 32;
const tab = 9;

/**
 * Calls `visit` for each stanza of `text` that has at least one wanted field. Names in `wanted` are matched
 * exactly as Debian's archive writes them. The object handed to `visit` is fresh each time. Lines without a
 * colon are ignored: what the text must contain is for the caller to check.
 */
export function forEachStanza(
  text: string,
  wanted: ReadonlySet<string>,
  visit: (stanza: Stanza) => void,
): void {
  let fields: Stanza = {};
  let used = false;
  let position = 0;
  while (position < text.length) {
    const first = text.charCodeAt(position);
    if (first === newline) {
      if (used) visit(fields);
      if (used) fields = {};
      used = false;
      position++;
      continue;
    }
    const end = fieldEnd(text, position);
    const colon = text.indexOf(':', position);
    if (colon > 0 && colon < end) {
      const name = text.slice(position, colon);
      if (wanted.has(name)) {
        fields[name] = text.slice(colon + 1, end).trim();
        used = true;
      }
    }
    position = end + 1;
  }
  if (used) visit(fields);
}

/** The single stanza of a file such as `Release`: every field. Fields may repeat; the last one counts. */
export function parseStanza(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let position = 0;
  while (position < text.length && text.charCodeAt(position) !== newline) {
    const end = fieldEnd(text, position);
    const colon = text.indexOf(':', position);
    if (colon > 0 && colon < end) fields.set(text.slice(position, colon), text.slice(colon + 1, end).trim());
    position = end + 1;
  }
  return fields;
}

/** The offset of the newline that ends the field starting at `position` (or the text's end). */
function fieldEnd(text: string, position: number): number {
  let end = text.indexOf('\n', position);
  while (end >= 0) {
    const next = text.charCodeAt(end + 1);
    if (next !== space && next !== tab) return end;
    end = text.indexOf('\n', end + 1);
  }
  return text.length;
}
