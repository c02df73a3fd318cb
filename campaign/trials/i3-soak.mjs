// I3: hours of work while the server is restarted, frozen, killed, and made to forget its scripts, each once a minute.
//
// The JavaScript version rejects what is under way at each of these; other trials count that.

import { setTimeout as pause } from "node:timers/promises";
import { load, missing, PATIENT } from "../../__test__/support/load.mjs";
import { checkStore } from "../support/sound.mjs";

/** How long the server is frozen, as a share of a minute. */
const FROZEN = 1 / 30;

/** How long calls may still take once nothing goes wrong any more; one that takes longer hangs. */
const PATIENCE_MS = 60_000;

/** What happens in each minute, in an order of its own. */
const EVENTS = {
  restart: (redis) => redis.restart(),
  async freeze(redis, minute) {
    redis.signal("SIGSTOP");
    await pause(minute * FROZEN);
    redis.signal("SIGCONT");
  },
  forget: (_, __, db) => db.script("FLUSH"),
  async kill(redis) {
    await redis.kill();
    await redis.restart();
  },
};

const p99 = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)];

export const trial = {
  id: "I3",
  title: "Hours of work on a server that is restarted, frozen, killed, and forgets its scripts, each once a minute",
  promise: "nothing that was acknowledged is lost, no call fails or hangs, and the store is sound",
  unit: "minutes",
  full: 180,
  shard: 5,
  short: 0.1,
  async run({ count, chance, open, server, fault, sample, tally, did }) {
    const redis = await server({ persistence: "always" });
    const db = redis.client({ ...PATIENT, path: redis.socket });
    const minute = 60_000 * Math.min(1, count);
    const kinds = Object.keys(EVENTS);
    let times = [];
    const busy = load(() => redis.client(PATIENT), "soak", {
      ...{ clients: 2, atOnce: 8, pace: 20, onAnswer: (time) => times.push(time) },
    });
    for (let left = count; left > 0; left -= 1) {
      for (const kind of chance.shuffled(kinds)) {
        await pause((minute * (1 + chance.random())) / (2 * kinds.length));
        await EVENTS[kind](redis, minute, db);
        tally(kind);
        await pause(minute / (4 * kinds.length));
      }
      // What is under way now counts for the next minute.
      if (count >= 1) sample("p99 of a minute's calls, ms", p99(times));
      times = [];
      await busy.more(1);
    }
    const finished = busy.finish();
    const done = await Promise.race([finished, pause(PATIENCE_MS, null, { ref: false })]);
    if (done === null) return fault("calls hang", `${PATIENCE_MS} ms after the last event`);
    for (const failure of busy.failures) fault("a call was rejected", failure);
    for (const lost of await missing(open(db, "soak"), done)) fault("acknowledged and not there", lost);
    await checkStore(fault, db, "soak");
    return did(count);
  },
};
