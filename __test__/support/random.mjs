// Random numbers that a seed brings back: set HITL_SEED to the seed that a failed test names.

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The choices that follow from a seed. */
export function chanceOf(seed) {
  const random = generator(seed);
  const below = (n) => Math.floor(random() * n);
  const between = (low, high) => low + below(high - low + 1);
  return {
    seed,
    /** A number from 0 up to, not including, 1. */
    random,
    /** A whole number from 0 to `n` - 1. */
    below,
    /** A whole number from `low` to `high`, both included. */
    between,
    /** One of these. */
    pick: (values) => values[below(values.length)],
    /** The items in another order. */
    shuffled(items) {
      const result = [...items];
      for (let i = result.length - 1; i > 0; i--) {
        const j = between(0, i);
        [result[i], result[j]] = [result[j], result[i]];
      }
      return result;
    },
  };
}

/** The choices of a seed that is new in each run, unless the environment sets it. */
export const seeded = () => chanceOf(Number(process.env.HITL_SEED ?? Math.floor(Math.random() * 2 ** 32)));
