/** "Did you mean": the candidates nearest to a misspelt name, by edit distance. */

/**
 * At most `limit` candidates, nearest first, ties in the candidates' order. A candidate counts when its
 * Levenshtein distance to `name` is at most `most`: by default a third of the name's length plus one.
 */
export function suggestNear(
  name: string,
  candidates: Iterable<string>,
  limit = 3,
  most = Math.floor(name.length / 3) + 1,
): string[] {
  const scored: { candidate: string; distance: number }[] = [];
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > most) continue;
    const distance = editDistance(name, candidate, most);
    if (distance <= most) scored.push({ candidate, distance });
  }
  scored.sort((a, b) => a.distance - b.distance);
  return scored.slice(0, limit).map((entry) => entry.candidate);
}

/** Levenshtein distance, given up (returning `most + 1`) once every alignment costs more than `most`. */
function editDistance(a: string, b: string, most: number): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(change, row[j] + 1, next[j - 1] + 1);
      best = Math.min(best, next[j]);
    }
    if (best > most) return most + 1;
    row = next;
  }
  return row[b.length];
}
