// D4: the server runs out of memory at every step of a migration.

import { verdict } from "../../__test__/support/assertions.mjs";
import { OldStore, oldRecords } from "../../__test__/support/old-store.mjs";
import { migrations } from "../support/kills.mjs";

/** More than a chunk, so that there are steps in the middle of something. */
const RECORDS = { native: 1200, javascript: 60 };

async function stage(trial, redis, layout) {
  const tableName = `d4_${layout}`;
  const old = new OldStore(redis.client(), tableName, layout);
  await old.build(oldRecords(RECORDS[trial.side]), { dirt: false });
  const expected = await old.expected();
  const refused = await migrations(trial, redis, tableName);
  return { old, expected, refused, tableName, ...(await refused.whole()) };
}

export const trial = {
  id: "D4",
  title: "Migrations on a server without memory, from each step on",
  promise: "no index is ever smaller than before, and the migration ends once there is memory",
  unit: "steps",
  full: 200,
  shard: 100,
  short: 16,
  javascript: { full: 60, short: 20, breaks: true },
  async run(trial) {
    const { first, count, chance, open, server, fault, did, tally } = trial;
    const redis = await server();
    const scenes = [await stage(trial, redis, 1), await stage(trial, redis, 2)];
    for (let n = first; n < first + count; n++) {
      const { old, expected, refused, tableName, steps } = scenes[n % 2];
      const nth = Math.floor(n / 2);
      // Every step once, then chance.
      const step = nth < steps && trial.side === "native" ? nth : chance.below(steps);
      await old.reset();
      const where = `step ${step} of ${steps}, layout ${old.layout}`;
      const { error } = await refused.withoutMemory(step);
      if (error && !/OOM/.test(error.message)) fault("the refusal is not the server's", `${where}: ${error.message}`);
      tally(error ? "refused" : "done by then");
      const [missed] = await old.missed(expected);
      if (missed) fault("an index is smaller than before", `${where}: ${missed}`);
      const again = await verdict(open(redis.client(), tableName).ensureSchema());
      if (again.error) fault("it does not end when there is memory", `${where}: ${again.error.message}`);
      const [difference] = await old.differences(expected);
      if (difference) fault("it ends with an index that is not whole", `${where}: ${difference}`);
      did();
    }
  },
};
