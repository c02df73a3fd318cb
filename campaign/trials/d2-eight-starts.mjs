// D2: eight replicas start at once on a store of an old layout, and work as soon as each of them can.

import { setTimeout as pause } from "node:timers/promises";
import { JavascriptVersion } from "../../__test__/support/javascript-version.mjs";
import { OldStore, oldRecords } from "../../__test__/support/old-store.mjs";
import { decision, request } from "../../__test__/support/records.mjs";
import { checkStore } from "../support/sound.mjs";

const REPLICAS = 8;
const RECORDS = 400;
const MAX_SKEW_MS = 5;

/** Requests that each replica creates, every second of which it decides, besides its share of the old ones. */
const CREATED = 6;

/** Creates requests and decides old and new ones. */
async function work(writer, name, pending) {
  for (let n = 0; n < CREATED; n++) {
    const made = request({ id: `${name}-${n}`, namespace: n % 3 ? "finance" : undefined });
    await writer.create(made);
    if (n % 2) await writer.resolve(made.id, decision(made.id));
    const old = pending[n];
    if (old) await writer.resolve(old.id, decision(old.id));
  }
}

/** What `differences` has to say, in the two words that count. */
const kindOf = (difference) =>
  /does not belong|one too many/.test(difference) ? "an index has a phantom entry" : "an index has lost an entry";

export const trial = {
  id: "D2",
  title: "Eight replicas start at once on an old store, and work meanwhile",
  promise: "the indexes are those that the records imply: no entry lost, no phantom",
  unit: "starts",
  full: 500,
  shard: 125,
  short: 6,
  javascript: { full: 100, short: 6, breaks: true },
  async run({ first, count, chance, open, server, fault, did }) {
    const redis = await server();
    const db = redis.client();
    const clients = Array.from({ length: REPLICAS + 1 }, () => redis.client());
    const records = oldRecords(RECORDS).filter(({ createdAt }) => createdAt !== "some day");
    const pending = records.filter(({ status }) => status === "pending");
    for (let n = first; n < first + count; n++) {
      const layout = 1 + (n % 2);
      const tableName = `d2_${n}`;
      await db.flushdb();
      const old = await new OldStore(db, tableName, layout).build(records, { dirt: false });
      const shares = Array.from({ length: REPLICAS + 1 }, (_, k) =>
        pending.filter((_, at) => at % (REPLICAS + 1) === k),
      );
      const replicas = clients.slice(0, REPLICAS).map(async (client, k) => {
        await pause(chance.random() * MAX_SKEW_MS);
        const state = open(client, tableName);
        await state.ensureSchema();
        await work(state, `new-${k}`, shares[k]);
      });
      // A replica of the JavaScript version has been at work all along; layout 1 it could not write to.
      const before = new JavascriptVersion(clients[REPLICAS], tableName);
      if (layout === 2) replicas.push(work(before, "before", shares[REPLICAS]));
      await Promise.all(replicas);
      for (const difference of await old.differences(await old.expected())) {
        fault(kindOf(difference), `start ${n}, layout ${layout}: ${difference}`);
      }
      await checkStore(fault, db, tableName);
      did();
    }
  },
};
