// E3: a store goes from this package to the JavaScript version and back, some of them after a migration of ours.
//
// The JavaScript version is a visitor in it; there is nothing to ask of it alone.

import { OldStore, oldRecords } from "../../__test__/support/old-store.mjs";
import { sideOf } from "../sides.mjs";
import { Office } from "../support/office.mjs";
import { checkStore } from "../support/sound.mjs";

/** Who works on the store, one after the other. */
const VISITORS = ["native", "javascript", "native", "javascript", "native"];

const RECORDS = 40;

export const trial = {
  id: "E3",
  title: "Downgrades: every operation on one store by either version in turns",
  promise: "each finds all that the others have left, and the store is sound after each",
  unit: "stores",
  full: 200,
  shard: 100,
  short: 3,
  async run(trial) {
    const { count, first, published, server, fault, did } = trial;
    const redis = await server();
    const db = redis.client();
    const clients = VISITORS.map(() => redis.client());
    const opens = { native: await sideOf("native"), javascript: await sideOf("javascript", published) };
    for (let n = first; n < first + count; n++) {
      const tableName = `e3_${n}`;
      const office = new Office(trial);
      const layout = n % 3;
      if (layout > 0) {
        const records = oldRecords(RECORDS).filter(({ createdAt, namespace }) => createdAt !== "some day" && namespace);
        await new OldStore(db, tableName, layout).build(records, { dirt: false });
        for (const record of records) office.requests.set(record.id, record);
      }
      for (const [turn, side] of VISITORS.entries()) {
        const visitor = `${side}-${turn}`;
        const state = opens[side](clients[turn], tableName);
        await state.ensureSchema();
        await office.look(state, visitor);
        await office.work(state, visitor);
        await office.look(state, visitor);
        await checkStore(fault, db, tableName, "the store is not sound", visitor);
      }
      await db.flushdb();
      did();
    }
  },
};
