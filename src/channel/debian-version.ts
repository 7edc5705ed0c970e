/**
 * Debian's version order: `[epoch:]upstream[-revision]`. Specification: Debian Policy, section 5.6.12.
 *
 * | smaller       | greater   | because                                                    |
 * |---------------|-----------|------------------------------------------------------------|
 * | `2.0`         | `1:0.1`   | the epoch counts first, absent is 0                        |
 * | `1.9`         | `1.10`    | runs of digits compare as numbers                          |
 * | `1.0~rc1`     | `1.0`     | a tilde sorts before everything, even before the end       |
 * | `1.0`         | `1.0a`    | then the end                                               |
 * | `1.0a`        | `1.0+b`   | letters sort before all other characters                   |
 * | `1.0`         | `1.0-1`   | an absent revision is an empty one                         |
 * | `1.0`         | `1.0-0`   | is equal: an empty run of digits is 0                      |
 */

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. Total on any two strings. */
export function compareDebianVersions(a: string, b: string): number {
  if (a === b) return 0;
  const left = splitVersion(a);
  const right = splitVersion(b);
  return (
    comparePart(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}

/** The relations of Debian's dependency fields. */
export type VersionRelation = '<<' | '<=' | '=' | '>=' | '>>';

/** Whether `version RELATION wanted` holds. */
export function satisfiesVersion(version: string, relation: VersionRelation, wanted: string): boolean {
  const order = compareDebianVersions(version, wanted);
  switch (relation) {
    case '<<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '>=':
      return order >= 0;
    case '>>':
      return order > 0;
  }
}

function splitVersion(version: string): { epoch: string; upstream: string; revision: string } {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: colon < 0 ? '' : version.slice(0, colon),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

/** Alternating runs of non-digits (by `weight`) and digits (by value, of any length). */
function comparePart(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const order = weight(a, i) - weight(b, j);
      if (order !== 0) return order;
      i++;
      j++;
    }
    while (a.charCodeAt(i) === 48) i++;
    while (b.charCodeAt(j) === 48) j++;
    let first = 0;
    while (isDigit(a, i) && isDigit(b, j)) {
      first ||= a.charCodeAt(i) - b.charCodeAt(j);
      i++;
      j++;
    }
    if (isDigit(a, i)) return 1;
    if (isDigit(b, j)) return -1;
    if (first !== 0) return first;
  }
  return 0;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 48 && code <= 57;
}

/** Order of one non-digit character: `~`, then the end or a digit, then letters, then the rest by code. */
function weight(text: string, index: number): number {
  if (index >= text.length || isDigit(text, index)) return 0;
  const code = text.charCodeAt(index);
  if (code === 126) return -1;
  const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return isLetter ? code : code + 256;
}
