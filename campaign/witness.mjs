// What a trial gets: what it must do, what it does it with, and whom it tells what it sees.

import { chanceOf } from "../__test__/support/random.mjs";
import { startRedis } from "../__test__/support/redis.mjs";

/** Of the faults of one kind, so many are told in full. */
const EXAMPLES = 3;

/** Longest text of an example, in UTF-16 units. */
const LONGEST = 1000;

/** The witness of one shard. `trial` is what the trial's `run` gets, to be taken apart at will. */
export function witness({ side, first, count, seed }, open, published) {
  const report = { done: 0, faults: {}, examples: [], tallies: {}, samples: {} };
  const cleanups = [];
  const atEnd = (cleanup) => cleanups.push(cleanup);

  const trial = {
    side,
    /** How many trials to do. */
    count,
    /** How many of the campaign's trials are those of the shards before this one: for trials that take turns. */
    first,
    /** The choices that follow from the shard's seed: see `chanceOf` of the tests. */
    chance: chanceOf(seed),
    /** A store of the side under test: `open(client, tableName)`. */
    open,
    /** The module of the published package, if one was given: for processes that open stores themselves (`sideOf`). */
    published,

    /** A server as `startRedis` of the tests starts it; stopped at the end. */
    async server(options) {
      const server = await startRedis(options);
      atEnd(() => server.stop());
      return server;
    },

    /** Runs `cleanup` when the trial is over, the last one first. */
    atEnd,

    /** So many more trials are done. */
    did(number = 1) {
      report.done += number;
    },

    /** The promise was broken. `kind`: the same words for the same fault; `detail`: what happened to what. */
    fault(kind, detail = "") {
      report.faults[kind] = (report.faults[kind] ?? 0) + 1;
      if (report.faults[kind] <= EXAMPLES) report.examples.push(`${kind}: ${detail}`.slice(0, LONGEST));
    },

    /** Counts what is worth telling and no fault. */
    tally(name, number = 1) {
      report.tallies[name] = (report.tallies[name] ?? 0) + number;
    },

    /** A measured value, of which the median and the worst are told. The name says the unit: "recovery, ms". */
    sample(name, value) {
      report.samples[name] ??= [];
      report.samples[name].push(value);
    },
  };

  return {
    trial,
    report,
    async end() {
      for (const cleanup of cleanups.reverse()) await cleanup();
    },
  };
}
