/** Random choices that can be repeated: a small generator (xorshift, 32 bits) from a seed that tests log. */

/** The seed that the environment's FIRN_TEST_SEED says, else one from the clock. */
export function testSeed(): number {
  const given = Number(process.env['FIRN_TEST_SEED']);
  return Number.isInteger(given) && given > 0 ? given >>> 0 || 1 : Date.now() % 0x7fffffff || 1;
}

/** Integers from 0 to below `limit`, the same ones for the same seed (a positive integer below 2^32). */
export function randomIntegers(seed: number): (limit: number) => number {
  // Small seeds would begin with small numbers.
  let state = Math.imul(seed, 0x9e3779b1) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** A copy of `items` in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const next = randomIntegers(seed);
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = next(i + 1);
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}
