// D6: a store that is current is left alone, whatever else its ledger says.
//
// There is no minimum version: by the contract, members of the ledger that a version does not know mean nothing to it.

import { isDeepStrictEqual } from "node:util";
import { keysOf, snapshot } from "../../__test__/support/layout.mjs";
import { monitored } from "../../__test__/support/monitor.mjs";
import { OldStore, oldRecords } from "../../__test__/support/old-store.mjs";

const RECORDS = 60;
const REPLICAS = 4;

/** What versions to come, and others, may have entered. */
const STRANGERS = [
  ...["004-of-the-future", "999", "min-version:99.0.0", "003-namespace-indexes:unfinished", "002", "", " ", "\0", "é"],
  ...["003-namespace-indexes ", "__proto__", "a:b", "{}", "x".repeat(10_000), "002-sorted-indexes:finished"],
];

/** What a connection begins with, and the question for the ledger. */
const HARMLESS = /^(auth|client|hello|info|ping|readonly|script|select|smembers)$/i;

export const trial = {
  id: "D6",
  title: "Schema checks of current stores, with strangers in the ledger",
  promise: "one question each and not a single write; what is unknown in the ledger stays and means nothing",
  unit: "checks",
  full: 2000,
  shard: 2000,
  short: 80,
  javascript: { full: 400, short: 80 },
  async run({ count, chance, open, server, fault, did }) {
    const redis = await server();
    const db = redis.client();
    const clients = Array.from({ length: REPLICAS }, () => redis.client());
    for (let n = 0; n < count; n += 2 * REPLICAS) {
      const tableName = `d6_${n}`;
      const { migrations } = keysOf(tableName);
      const layout = chance.pick([1, 2, "none"]);
      if (layout !== "none") await new OldStore(db, tableName, layout).build(oldRecords(RECORDS), { dirt: false });
      const strangers = chance.shuffled(STRANGERS).slice(0, chance.between(0, 5));
      const first = open(clients[0], tableName);
      await first.ensureSchema();
      if (strangers.length > 0) await db.sadd(migrations, ...strangers);
      const before = await snapshot(db, `${tableName}:`);
      const { commands } = await monitored(redis, async () => {
        const states = clients.map((client) => open(client, tableName));
        await Promise.all([...states, ...states].map((state) => state.ensureSchema()));
        await first.count();
      });
      const where = `a store of layout ${layout} with ${JSON.stringify(strangers).slice(0, 200)}`;
      const others = commands.filter(({ name }) => !HARMLESS.test(name) && name !== "ZCARD");
      for (const { name } of others) fault("a check does more than ask", `${where}: ${name}`);
      const questions = commands.filter(({ name }) => name === "SMEMBERS").length;
      if (questions > 2 * REPLICAS) fault("a check asks more than once", `${where}: ${questions}`);
      if (!isDeepStrictEqual(await snapshot(db, `${tableName}:`), before)) fault("a current store is changed", where);
      await db.flushdb();
      did(2 * REPLICAS);
    }
  },
};
