/**
 * A stable merge sort that asks only "does a come before b", and whose result is a permutation of the input
 * whatever the answers are. Runs that are in order already (or strictly reversed) are found first.
 */

export function mergeSort<T>(list: readonly T[], less: (a: T, b: T) => boolean): T[] {
  let runs = findRuns(list, less);
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      merged.push(i + 1 < runs.length ? merge(runs[i], runs[i + 1], less) : runs[i]);
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

/** Splits the list into ascending runs; strictly descending ones are turned round. */
function findRuns<T>(list: readonly T[], less: (a: T, b: T) => boolean): T[][] {
  const runs: T[][] = [];
  let start = 0;
  while (start < list.length) {
    let end = start + 1;
    if (end < list.length) {
      const descending = less(list[end], list[start]);
      end++;
      while (end < list.length && less(list[end], list[end - 1]) === descending) end++;
      const run = list.slice(start, end);
      runs.push(descending ? run.reverse() : run);
    } else {
      runs.push(list.slice(start, end));
    }
    start = end;
  }
  return runs;
}

function merge<T>(a: readonly T[], b: readonly T[], less: (a: T, b: T) => boolean): T[] {
  const result: T[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) result.push(less(b[j], a[i]) ? b[j++] : a[i++]);
  while (i < a.length) result.push(a[i++]);
  while (j < b.length) result.push(b[j++]);
  return result;
}
