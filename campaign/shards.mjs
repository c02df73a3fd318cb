// The campaign in pieces: each is a share of one trial on one side, with a seed of its own, and can be run alone.

import { createHash } from "node:crypto";

/** The sides that a trial can be asked of. */
export const SIDES = ["native", "javascript"];

const seedOf = (name) => createHash("sha256").update(name).digest().readUInt32LE();

/** The shards of a trial on a side; none where that side is not asked. `full`: how many in all. */
function shardsOf(trial, side, seed) {
  const full = side === "native" ? trial.full : (trial.javascript?.full ?? 0);
  const number = Math.ceil(full / trial.shard);
  return Array.from({ length: number }, (_, n) => {
    const name = `${trial.id}-${side}-${n + 1}`;
    const first = n * trial.shard;
    const count = Math.min(trial.shard, full - first);
    const shard = { name, id: trial.id, side, number: n + 1, first, count };
    return { ...shard, seed: seedOf(`${seed} ${name}`), alone: trial.alone };
  });
}

/** The one shard that `npm test` runs. */
export function shortShard(trial, side, seed) {
  const count = side === "native" ? trial.short : trial.javascript.short;
  return { name: `${trial.id}-${side}-short`, id: trial.id, side, number: 0, first: 0, count, seed };
}

/** All shards, the first ones of every trial first: whenever the campaign is cut off, each has been tried. */
export function plan(trials, { seed, sides = SIDES }) {
  const shards = trials.flatMap((trial) => sides.flatMap((side) => shardsOf(trial, side, seed)));
  return shards.sort((a, b) => a.number - b.number);
}
