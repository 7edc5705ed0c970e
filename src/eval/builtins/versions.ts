/**
 * Versions as Nix compares them: components are runs of digits or of other characters, separated by dots and dashes.
 * Numbers compare as numbers, `pre` is before everything, and a number after any text.
 */

/** The components, in order. */
export function splitVersion(version: string): string[] {
  return version.match(/[0-9]+|[^0-9.-]+/g) ?? [];
}

/** -1, 0 or 1. */
export function compareVersions(a: string, b: string): number {
  const left = splitVersion(a);
  const right = splitVersion(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const x = left[i] ?? '';
    const y = right[i] ?? '';
    if (componentBefore(x, y)) return -1;
    if (componentBefore(y, x)) return 1;
  }
  return 0;
}

function componentBefore(a: string, b: string): boolean {
  const aNumber = numberOf(a);
  const bNumber = numberOf(b);
  if (aNumber !== undefined && bNumber !== undefined) return aNumber < bNumber;
  if (a === '' && bNumber !== undefined) return true;
  if (a === 'pre' && b !== 'pre') return true;
  if (b === 'pre') return false;
  // `2.3a` is before `2.3.1`.
  if (bNumber !== undefined) return true;
  if (aNumber !== undefined) return false;
  return a < b;
}

/** Components that do not fit into a signed 32-bit number count as text. */
function numberOf(component: string): number | undefined {
  if (!/^[0-9]+$/.test(component)) return undefined;
  const number = Number(component);
  return number <= 0x7fffffff ? number : undefined;
}

/** Splits at the first dash that is followed by something that is no letter. */
export function parseDrvName(text: string): { name: string; version: string } {
  const dash = /-[^A-Za-z]/.exec(text);
  return dash
    ? { name: text.slice(0, dash.index), version: text.slice(dash.index + 1) }
    : { name: text, version: '' };
}
