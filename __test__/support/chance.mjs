// The chance that tests of races and crashes run on. Printed once a file: `HITL_SEED` replays it.

import { seeded } from "./random.mjs";

export const { seed, random, between, shuffled } = seeded();
console.log(`# HITL_SEED=${seed}`);
