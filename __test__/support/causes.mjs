// How stores come to be damaged: each fault of the JavaScript version, let happen as it happens to its replicas.

import assert from "node:assert/strict";
import { overIoredis } from "../../benchmark/commands.mjs";
import { buildLayout1, buildLayout2 } from "./javascript-version.mjs";
import { oldRecords } from "./old-store.mjs";
import { decision, entry, request } from "./records.mjs";
import { cutAfter, full, interrupted, migrate, mortal } from "./unlucky-replicas.mjs";

const soon = (ms) => new Date(Date.now() + ms).toISOString();
const denial = (id) => decision(id, { actionId: "deny" });

/**
 * Each cause: its `name`; `cause(scene)`, which lets it happen; what `verify` finds, by kind, `null` where that hangs on
 * where somebody died; and the kinds that are `left`, because only a person can decide. `after(scene)`: what must be so
 * afterwards. `isWhole`: it takes the whole store, and the migrations with it. The others use ids of their own.
 *
 * B2, B3, B9, B16 and B18 leave nothing behind in a store that could be told from what is right.
 */
export const CAUSES = [
  {
    name: "B1: a stale copy puts a resolved request back to pending, and the winner's mark has the decision",
    async cause({ state, javascript }) {
      await state.create(request({ id: "b1" }));
      const stale = await javascript.readForExternalId("b1");
      await state.resolve("b1", decision("b1"));
      await javascript.writeExternalId(stale, "late-b1");
    },
    found: { "undone-decision": 1 },
    async after({ db, keys }) {
      const record = JSON.parse(await db.get(keys.request("b1")));
      assert.deepEqual(record.result, decision("b1"));
      assert.equal(record.externalId, "late-b1");
    },
  },
  {
    name: "B1: the same, and nobody knows what the decision was",
    async cause({ javascript }) {
      await javascript.create(request({ id: "b1-unknown" }));
      const stale = await javascript.readForExternalId("b1-unknown");
      await javascript.resolve("b1-unknown", decision("b1-unknown"));
      await javascript.writeExternalId(stale, "late-b1-unknown");
    },
    found: { "undone-decision": 1 },
    left: ["undone-decision"],
    async after({ state }) {
      assert.equal((await state.get("b1-unknown")).status, "resolved");
    },
  },
  {
    name: "B1: the same, and a second decision contradicts the first",
    async cause({ state, javascript }) {
      await state.create(request({ id: "b1-twice" }));
      const stale = await javascript.readForExternalId("b1-twice");
      await state.resolve("b1-twice", decision("b1-twice"));
      await javascript.writeExternalId(stale, "late-b1-twice");
      await javascript.resolve("b1-twice", denial("b1-twice"), soon(5));
    },
    found: { "contradicted-decision": 1, "wrong-score": 2 },
    left: ["contradicted-decision"],
  },
  {
    name: "B4: a create at maxmemory reports success and stores nothing",
    isWhole: true,
    async cause({ state, db, javascript }) {
      await state.ensureSchema();
      await full(db, () => javascript.create(request({ id: "b4" })));
    },
    async after({ state }) {
      assert.equal(await state.get("b4"), null);
    },
  },
  {
    name: "B4: a create is cut off in the middle",
    async cause(scene) {
      for (let bytes = 480; bytes < 1000; bytes += 40) {
        await cutAfter(bytes, scene, (javascript) => javascript.create(request({ id: `b4-${bytes}` })));
      }
    },
    found: null,
  },
  {
    name: "B5: two external ids at once: the record loses one, the index has both",
    async cause({ javascript }) {
      await javascript.create(request({ id: "b5" }));
      const copies = [await javascript.readForExternalId("b5"), await javascript.readForExternalId("b5")];
      await javascript.writeExternalId(copies[0], "one-b5", "inbox");
      await javascript.writeExternalId(copies[1], "two-b5", "line");
    },
    async after({ state }) {
      for (const name of ["one-b5", "two-b5"]) assert.equal((await state.findByExternalId(name)).id, "b5");
    },
  },
  {
    name: "B5: setting an external id is cut off in the middle",
    async cause(scene) {
      for (let bytes = 440; bytes < 560; bytes += 20) {
        await scene.javascript.create(request({ id: `b5-${bytes}` }));
        const record = await scene.javascript.readForExternalId(`b5-${bytes}`);
        await cutAfter(bytes, scene, (javascript) => javascript.writeExternalId(record, `x-b5-${bytes}`));
      }
    },
    found: null,
  },
  {
    name: "B6: two live requests for one token",
    async cause({ javascript }) {
      for (const id of ["b6-one", "b6-two"]) await javascript.create(request({ id, token: "b6" }));
    },
    found: { "shared-token": 1 },
    left: ["shared-token"],
  },
  {
    name: "B7: a resolved request is created once more",
    async cause({ javascript }) {
      await javascript.create(request({ id: "b7" }));
      await javascript.resolve("b7", decision("b7"));
      await javascript.create(request({ id: "b7" }), soon(5));
    },
    found: { "undone-decision": 1 },
    left: ["undone-decision"],
  },
  {
    name: "B7: the same in another namespace, and the winner's mark has the decision",
    async cause({ state, javascript }) {
      await state.create(request({ id: "b7-marked", namespace: "old" }));
      await state.resolve("b7-marked", decision("b7-marked"));
      await javascript.create(request({ id: "b7-marked", namespace: "new" }), soon(5));
    },
    found: { "foreign-entry": 2, "undone-decision": 1 },
    left: ["undone-decision"],
  },
  {
    name: "B8: what cjson has made of a record stays, and its indexes are right",
    async cause({ javascript }) {
      await javascript.create(request({ id: "b8", actions: [], context: { list: [], number: 9007199254740991 } }));
      await javascript.resolve("b8", decision("b8"));
    },
    async after({ state }) {
      const { status, actions, context } = await state.get("b8");
      assert.equal(status, "resolved");
      assert.deepEqual(actions, [{ id: "approve" }]);
      assert.deepEqual(context.list, {});
    },
  },
  ...[30, 75, 140].map((life) => ({
    name: `B10: migration 002 dies after ${life} commands, and its successor takes it for done`,
    isWhole: true,
    async cause({ db, keys, tableName }) {
      await buildLayout1(db, tableName, oldRecords(40));
      await assert.rejects(migrate(mortal(db, life), keys), /dead/);
      await migrate(overIoredis(db), keys);
    },
    found: null,
  })),
  {
    name: "B11: a slow replica's migration 002 deletes what a fast one has rebuilt",
    isWhole: true,
    async cause({ db, keys, tableName, javascript }) {
      await buildLayout1(db, tableName, oldRecords(40));
      const slow = interrupted(db, "del", "before", async () => {
        await migrate(overIoredis(db), keys);
        await javascript.create(request({ id: "b11" }));
      });
      await migrate(slow, keys);
    },
    found: { "missing-entry": 1 },
  },
  {
    name: "B12: a request is resolved in the middle of migration 003",
    isWhole: true,
    async cause({ db, keys, tableName, javascript }) {
      const records = oldRecords(40);
      await buildLayout2(db, tableName, records);
      const { id } = records.findLast(({ status, namespace }) => status === "pending" && namespace);
      await migrate(
        interrupted(db, "zrange", "after", () => javascript.resolve(id, decision(id))),
        keys,
      );
    },
    found: { "phantom-pending": 1 },
  },
  {
    name: "B13: migration 002 at maxmemory deletes an index and cannot fill it",
    isWhole: true,
    async cause({ db, keys, tableName }) {
      await buildLayout1(db, tableName, oldRecords(40));
      await full(db, () => assert.rejects(migrate(overIoredis(db), keys), /OOM/));
      await migrate(overIoredis(db), keys);
    },
    found: null,
  },
  {
    name: "B14: a record is gone, and the indexes still have its id",
    async cause({ db, keys, javascript }) {
      await javascript.create(request({ id: "b14" }));
      await db.del(keys.request("b14"));
    },
    found: { "dangling-token": 1, "orphan-entry": 4 },
  },
  {
    name: "B15: a record is no JSON",
    async cause({ db, keys, javascript }) {
      await javascript.create(request({ id: "b15" }));
      await db.set(keys.request("b15"), '{"id":"b15"');
    },
    found: { "corrupt-record": 1 },
    left: ["corrupt-record"],
  },
  {
    name: "B17: a namespace has the name of another one's index",
    async cause({ javascript }) {
      await javascript.create(request({ id: "b17", namespace: "b17" }));
      await javascript.create(request({ id: "b17-other", namespace: "b17:status:pending" }));
    },
    async after({ state }) {
      const { items } = await state.list({ namespace: "b17", status: "pending" });
      assert.deepEqual(
        items.map(({ id }) => id),
        ["b17"],
      );
    },
  },
  {
    name: "B17: a thread has the name of an entry, and its own entry is nowhere",
    async cause({ javascript }) {
      await javascript.appendTimeline(entry({ id: "b17-x", threadId: "b17" }));
      await javascript.appendTimeline(entry({ id: "b17-y", threadId: "entry:b17-x" }));
    },
    found: { "wrong-type": 1 },
    left: ["wrong-type"],
  },
  {
    name: "B17: an external id of a batch overwrites the items of another one",
    async cause({ javascript }) {
      await javascript.create(request({ id: "b17-item", batchId: "ext:b17-z", batchIndex: 0 }));
      await javascript.createBatch({ id: "b17-batch", channel: "slack" });
      await javascript.setBatchExternalId("b17-batch", "b17-z");
    },
    found: { "wrong-type": 1 },
    left: ["wrong-type"],
  },
  {
    name: "under a keyPrefix, resolve writes beside the store and leaves its index as it was",
    keyPrefix: "tenant[*]:",
    async cause({ javascript }) {
      await javascript.create(request({ id: "prefixed", namespace: "team" }));
      await javascript.resolve("prefixed", decision("prefixed"));
    },
    found: { "missing-entry": 1, "phantom-pending": 1, "unprefixed-entry": 1 },
    async after({ db, tableName }) {
      assert.deepEqual(await db.keys(`${tableName}:*`), []);
    },
  },
];
