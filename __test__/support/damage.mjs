// A store with one of everything, and the ways in which it can be damaged: what the JavaScript version's faults leave
// behind (B1 to B17 of the reliability report), and what operators do.

import { decision, entry, request } from "./records.mjs";

/** Fills a store: requests `p` and `r` of every kind of index, a batch, a thread and a delivery. */
export async function furnish(state) {
  await state.createBatch({ id: "run", channel: "slack" });
  await state.setBatchExternalId("run", "batch-message");
  for (const [id, batchIndex] of [
    ["p", 0],
    ["r", 1],
  ]) {
    await state.create(request({ id, namespace: "team", batchId: "run", batchIndex }));
    await state.setExternalId(id, `x-${id}`);
    await state.setExternalId(id, `y-${id}`, "inbox");
  }
  await state.create(request({ id: "q" }));
  await state.resolve("r", decision("r"));
  for (const id of ["e1", "e2"]) await state.appendTimeline(entry({ id, threadId: "talk" }));
  await state.appendTimeline(entry({ id: "f1", threadId: "other" }));
  await state.createNotifyDelivery({ id: "d", channel: "email", message: "Done", groupId: "g" });
  await state.setNotifyDeliveryExternalId("d", "mail");
}

const createdAt = async (db, k, id) => Date.parse(JSON.parse(await db.get(k.request(id))).createdAt);

const edit = async (db, key, change) => db.set(key, JSON.stringify(change(JSON.parse(await db.get(key)))));

/**
 * Damage that has one right answer: what is done, and which findings it makes (kind → how many). `atLeast`: two ways may
 * lead to the same fault, whichever is met first.
 */
export const DAMAGES = [
  {
    name: "B10: an index is gone, as after a crash of migration 002",
    damage: (db, k) => db.del(k.status("pending")),
    findings: { "missing-entry": 2 },
  },
  {
    name: "B4, B13: a request is in no index",
    async damage(db, k) {
      for (const key of [k.all, k.status("pending"), k.namespace("team"), k.namespaceStatus("team", "pending")]) {
        await db.zrem(key, "p");
      }
    },
    findings: { unindexed: 1 },
  },
  {
    name: "B11: an entry is missing among all, in its namespace and in its batch",
    async damage(db, k) {
      for (const key of [k.all, k.namespace("team"), k.batchItems("run")]) await db.zrem(key, "r");
    },
    findings: { "missing-entry": 3 },
  },
  {
    name: "B12: phantom pending entries in a namespace's index",
    damage: async (db, k) => db.zadd(k.namespaceStatus("team", "pending"), await createdAt(db, k, "r"), "r"),
    findings: { "phantom-pending": 1 },
  },
  {
    name: "a resolved request is in both status indexes",
    damage: async (db, k) => db.zadd(k.status("pending"), await createdAt(db, k, "r"), "r"),
    findings: { "both-statuses": 1 },
  },
  {
    name: "a pending request is in its namespace's index of resolved ones",
    damage: (db, k) => db.zadd(k.namespaceStatus("team", "resolved"), 5, "p"),
    findings: { "phantom-resolved": 1 },
  },
  {
    name: "B14: entries of requests that do not exist, in every index",
    async damage(db, k) {
      const indexes = [k.all, k.status("pending"), k.status("resolved"), k.namespace("team"), k.namespace("gone")];
      indexes.push(k.namespaceStatus("team", "pending"), k.batchItems("run"), k.batchItems("none"), k.thread("talk"));
      for (const key of indexes) await db.zadd(key, 7, "nobody");
    },
    findings: { "orphan-entry": 9 },
  },
  {
    name: "scores of 0, as JavaScript's resolve leaves them",
    async damage(db, k) {
      for (const key of [k.status("resolved"), k.namespaceStatus("team", "resolved")]) await db.zadd(key, 0, "r");
      await db.zadd(k.batchItems("run"), 9, "p");
      await db.zadd(k.thread("talk"), 9, "e1");
    },
    findings: { "wrong-score": 4 },
  },
  {
    name: "B7: an id that was created anew in another namespace and batch",
    async damage(db, k) {
      await db.zadd(k.namespace("old"), 1, "p");
      await db.zadd(k.namespaceStatus("old", "pending"), 1, "p");
      await db.zadd(k.batchItems("old"), 1, "p");
      await db.zadd(k.thread("talk"), 1, "f1");
    },
    findings: { "foreign-entry": 4 },
  },
  {
    name: "B1: a resolved request that a stale copy has put back to pending",
    damage: (db, k) =>
      edit(db, k.request("r"), ({ result, resolvedAt, ...record }) => ({ ...record, status: "pending" })),
    findings: { "undone-decision": 1 },
  },
  {
    name: "B6: a resume token leads to a request that does not exist",
    damage: (db, k) => db.set(k.token("token-of-p"), "nobody"),
    findings: { "dangling-token": 1 },
    atLeast: true,
  },
  {
    name: "resume tokens that lead nowhere, or to a request that has another one",
    async damage(db, k) {
      await db.set(k.token("lost"), "nobody");
      await db.set(k.token("strange"), "p");
    },
    findings: { "dangling-token": 2 },
  },
  {
    name: "a resume token leads to a request that has another one, while its own one waits",
    damage: (db, k) => db.set(k.token("token-of-p"), "q"),
    findings: { "dangling-token": 1 },
    atLeast: true,
  },
  {
    name: "a resume token is missing",
    damage: (db, k) => db.del(k.token("token-of-p")),
    findings: { "missing-token": 1 },
  },
  {
    name: "B5: external ids that are in no index",
    damage: (db, k) => db.del(k.externalId("x-p"), k.externalId("y-r"), k.batchExternalId("batch-message")),
    findings: { "missing-external-id": 3 },
  },
  {
    name: "the external id of a delivery is in no index",
    damage: (db, k) => db.del(k.deliveryExternalId("mail")),
    findings: { "missing-external-id": 1 },
  },
  {
    name: "external ids that lead to records that do not exist",
    async damage(db, k) {
      for (const key of [k.externalId("lost"), k.batchExternalId("lost"), k.deliveryExternalId("lost")]) {
        await db.set(key, "nobody");
      }
    },
    findings: { "dangling-external-id": 3 },
  },
  {
    name: "a timeline entry is in no thread",
    damage: (db, k) => db.zrem(k.thread("talk"), "e2"),
    findings: { "missing-entry": 1 },
  },
];

/** The same for what only a person can decide: it is listed, and stays as it is. */
export const DOUBTS = [
  {
    name: "B15: a corrupt request",
    damage: (db, k) => db.set(k.request("q"), '{"id":'),
    listed: (k) => ({ kind: "corrupt-record", key: k.request("q"), id: "q" }),
  },
  {
    name: "a corrupt batch",
    damage: (db, k) => db.set(k.batch("run"), "[]"),
    listed: (k) => ({ kind: "corrupt-record", key: k.batch("run"), id: "run" }),
  },
  {
    name: "a corrupt timeline entry",
    damage: (db, k) => db.set(k.entry("e1"), "null"),
    listed: (k) => ({ kind: "corrupt-record", key: k.entry("e1"), id: "e1" }),
  },
  {
    name: "a record under the key of another id",
    damage: (db, k) => db.copy(k.request("q"), k.request("copy")),
    listed: (k) => ({ kind: "misplaced-record", key: k.request("copy"), id: "copy" }),
  },
  {
    name: "a request of no known status",
    damage: (db, k) => edit(db, k.request("q"), (record) => ({ ...record, status: "done" })),
    listed: (k) => ({ kind: "unknown-status", key: k.request("q"), id: "q" }),
  },
  {
    name: "B1: an undone decision of which nobody knows what it was",
    async damage(db, k) {
      await edit(db, k.request("r"), ({ result, resolvedAt, ...record }) => ({ ...record, status: "pending" }));
      await db.del(k.marker("r"));
    },
    listed: (k) => ({ kind: "undone-decision", key: k.request("r"), id: "r" }),
  },
  {
    name: "B7: an id that JavaScript has created anew after its decision",
    async damage(db, k) {
      const created = (record) => ({ ...record, status: "pending", createdAt: new Date(Date.now() + 5).toISOString() });
      await edit(db, k.request("r"), ({ result, resolvedAt, ...record }) => created(record));
      await db.zadd(k.status("pending"), 1, "r");
    },
    listed: (k) => ({ kind: "undone-decision", key: k.request("r"), id: "r" }),
  },
  {
    name: "B6: two pending requests with one resume token",
    damage: (db, k) => edit(db, k.request("q"), (record) => ({ ...record, token: "token-of-other" })),
    async prepare(state, db, k) {
      await state.create(request({ id: "other" }));
      await db.del(k.token("token-of-q"));
    },
    listed: (k) => ({ kind: "shared-token", key: k.token("…"), id: "q" }),
  },
  {
    name: "B17: a key of another type",
    damage: async (db, k) => {
      await db.del(k.namespace("team"));
      await db.set(k.namespace("team"), "no set");
    },
    listed: (k) => ({ kind: "wrong-type", key: k.namespace("team") }),
    found: 3,
  },
  {
    name: "a timeline entry whose date nobody can read, in no thread",
    async damage(db, k) {
      await edit(db, k.entry("f1"), (record) => ({ ...record, createdAt: "some day" }));
      await db.zrem(k.thread("other"), "f1");
    },
    listed: (k) => ({ kind: "missing-entry", key: k.thread("other"), id: "f1" }),
  },
];
