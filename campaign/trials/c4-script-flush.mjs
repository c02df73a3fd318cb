// C4: the server forgets its scripts every few milliseconds, under load.

import { setTimeout as pause } from "node:timers/promises";
import { load, missing, PATIENT } from "../../__test__/support/load.mjs";
import { IoredisState } from "../../index.js";
import { checkStore } from "../support/sound.mjs";

const EVERY_MS = 5;

/** Flushes that one store lives through: what is in it is compared with everything that was acknowledged. */
const A_STORE = 200;

export const trial = {
  id: "C4",
  title: "SCRIPT FLUSH every 5 ms at full load",
  promise: "no caller sees NOSCRIPT, and nothing is lost",
  unit: "flushes",
  full: 12_000,
  shard: 12_000,
  short: 200,
  javascript: { full: 1000, short: 200 },
  async run({ count, open, server, fault, tally, did }) {
    const redis = await server();
    const db = redis.client();
    const clients = Array.from({ length: 2 }, () => redis.client(PATIENT));
    for (let left = count; left > 0; left -= A_STORE) {
      let next = 0;
      const table = `c4_${left}`;
      const busy = load(() => clients[next++], table, { open, clients: clients.length });
      for (let n = 0; n < Math.min(left, A_STORE); n++) {
        await pause(EVERY_MS);
        await db.script("FLUSH");
        did();
      }
      const done = await busy.finish();
      for (const text of busy.failures) fault(/NOSCRIPT/.test(text) ? "a caller sees NOSCRIPT" : "a call fails", text);
      for (const text of await missing(new IoredisState(db, { tableName: table }), done))
        fault("a write is lost", text);
      await checkStore(fault, db, table, "the store is not sound");
      tally("acknowledged writes", busy.acknowledged);
      await db.flushall();
    }
  },
};
