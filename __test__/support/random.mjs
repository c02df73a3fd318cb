// Random numbers that a seed brings back: set HITL_SEED to the seed that a failed test names.

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
export function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed, new in each run unless the environment sets it, and its numbers. */
export function seeded() {
  const seed = Number(process.env.HITL_SEED ?? Date.now() % 1_000_000);
  const random = generator(seed);
  return {
    seed,
    random,
    /** A whole number from 0 to `n` - 1. */
    below: (n) => Math.floor(random() * n),
    /** One of these. */
    pick: (values) => values[Math.floor(random() * values.length)],
  };
}
