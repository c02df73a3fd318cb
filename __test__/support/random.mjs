// Chance that can be repeated: `HITL_SEED` replays a run.

const seed = Number(process.env.HITL_SEED ?? Math.floor(Math.random() * 2 ** 32));
console.log(`# HITL_SEED=${seed}`);

let state = seed >>> 0;

/** A number from 0 up to, not including, 1 (mulberry32). */
export function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

/** A whole number from `low` to `high`, both included. */
export const between = (low, high) => low + Math.floor(random() * (high - low + 1));

/** The items in another order. */
export function shuffled(items) {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = between(0, i);
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}
