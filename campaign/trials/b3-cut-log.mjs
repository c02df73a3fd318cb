// B3: the log of the server ends at any byte, as after a crash of the machine, and the server starts from it.

import { violations } from "../../__test__/support/invariants.mjs";
import { keysOf } from "../../__test__/support/layout.mjs";
import { each, numbered, WRITES } from "../../__test__/support/writes.mjs";
import { logOf, restartFrom } from "../support/log.mjs";

const TABLE = "b3";
const SERVERS = 3;

/** Writes side by side, before those that are swept. */
const BESIDE = 60;

/** From this byte to the next one in the sweep. */
const STRIDE = 7;

/** A mixed run. Resolves to the log, where its schema was complete, and where its last writes, one of each kind, begin. */
async function record({ chance, open, server }) {
  const redis = await server({ persistence: "always" });
  const db = redis.client();
  const state = open(redis.client(), TABLE);
  const sizeNow = async () => (await logOf(redis)).length;
  await state.ensureSchema();
  const schema = await sizeNow();
  const perform = async (write, n) => {
    await write.prepare(state, numbered(n), db, keysOf(TABLE));
    await write.call(state, numbered(n));
  };
  await each(
    Array.from({ length: BESIDE }, () => chance.pick(WRITES)),
    perform,
    8,
  );
  const last = await sizeNow();
  for (const [n, write] of chance.shuffled(WRITES).entries()) await perform(write, BESIDE + n);
  const log = await logOf(redis);
  await redis.stop();
  return { log, schema, last };
}

/** Where to cut: over the last writes byte by byte, in strides, as far as the half of the cuts reaches; then anywhere. */
function cutsOf({ log, last }, { chance, count }) {
  const sweep = [];
  for (let at = last + chance.below(STRIDE); at < log.length; at += STRIDE) sweep.push(at);
  const swept = chance.shuffled(sweep).slice(0, Math.ceil(count / 2));
  return [...swept, ...Array.from({ length: count - swept.length }, () => chance.between(0, log.length))];
}

export const trial = {
  id: "B3",
  title: "The server's log ends at any byte",
  promise: "a server that starts from it holds each write whole, or nothing of it",
  unit: "cuts",
  full: 10_000,
  shard: 1250,
  short: 30,
  javascript: { full: 250, short: 30, breaks: true },
  async run(trial) {
    const { server, fault, did } = trial;
    const { log, schema, ...run } = await record(trial);
    const cuts = cutsOf({ log, ...run }, trial);
    const servers = await Promise.all(Array.from({ length: SERVERS }, () => server({ persistence: "always" })));
    const work = async (redis) => {
      for (let at = cuts.pop(); at !== undefined; at = cuts.pop()) {
        await restartFrom(redis, log.subarray(0, at));
        const db = redis.client({ path: redis.socket });
        const found = await violations(db, TABLE, { ledger: at >= schema });
        if (found.length > 0) fault("half of a write is there", `cut at ${at} of ${log.length}: ${found.join("; ")}`);
        db.disconnect();
        did();
      }
    };
    await Promise.all(servers.map(work));
  },
};
