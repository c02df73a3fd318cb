// D5: a store of layout 1 with a million requests is brought to layout 3 while others use the server.

import { keysOf } from "../../__test__/support/layout.mjs";
import { held, helper } from "../support/held.mjs";
import { fillLarge, idOf, PENDING_EVERY, START, TEAMS, teamOf } from "../support/large-store.mjs";

const TABLE = "d5";
const SHARD = 1_000_000;

/** How many entries are looked at one by one. */
const SAMPLE = 2000;

/** The longest that one script may hold the server, and that others may wait, in ms. */
const LIMIT = 25;
const WAIT = 50;

export const trial = {
  id: "D5",
  title: "A million requests migrated from layout 1 while others use the server",
  promise:
    "every index has every request, no script holds the server above 25 ms, others' p99 is below 50 ms, nobody meets BUSY",
  unit: "requests",
  full: 5 * SHARD,
  shard: SHARD,
  short: 5000,
  alone: true,
  async run(trial) {
    const { count, chance, server, fault, did, sample } = trial;
    const redis = await server();
    const db = redis.client();
    const keys = keysOf(TABLE);
    await fillLarge(db, TABLE, { count, layout: 1 });
    const maintainer = await helper(trial, "maintainer.mjs", [redis.port, TABLE]);
    const { said } = await held(trial, redis, { limit: LIMIT, waits: WAIT }, () => maintainer.do("ensureSchema"));

    const pending = Math.ceil(count / PENDING_EVERY);
    const sizes = [
      [keys.all, count],
      [keys.status("pending"), pending],
      [keys.status("resolved"), count - pending],
    ];
    for (let n = 0; n < TEAMS; n++) sizes.push([keys.namespace(teamOf(n)), count / TEAMS]);
    for (const [key, size] of sizes) {
      const found = await db.zcard(key);
      if (found !== size) fault("an index has another number of requests", `${key}: ${found}, not ${size}`);
    }
    for (let i = 0; i < SAMPLE; i++) {
      const n = chance.below(count);
      const status = n % PENDING_EVERY === 0 ? "pending" : "resolved";
      const places = [
        keys.all,
        keys.status(status),
        keys.namespace(teamOf(n)),
        keys.namespaceStatus(teamOf(n), status),
      ];
      for (const key of places) {
        const score = await db.zscore(key, idOf(n));
        if (score !== String(START + n)) fault("an entry is not where its record says", `${key} ${idOf(n)}: ${score}`);
      }
    }
    const left = (await db.smembers(keys.migrations)).length;
    if (left !== 3) fault("the ledger is not that of layout 3", left);
    sample("the migration, s", said.seconds);
    did(count);
  },
};
