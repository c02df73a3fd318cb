// The chance that tests of races and crashes run on. Printed once a file: `HITL_SEED` replays it.

import { generator } from "./random.mjs";

export const seed = Number(process.env.HITL_SEED ?? Math.floor(Math.random() * 2 ** 32));
console.log(`# HITL_SEED=${seed}`);

/** A number from 0 up to, not including, 1. */
export const random = generator(seed);

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
