// The writing methods, each as one write to a record of its own: what tests of faults sweep over.

import assert from "node:assert/strict";
import { asJson, batch, decision, delivery, entry, request } from "./records.mjs";

/** Ids of one length, so that each call of a method has as many bytes as the next one. */
export const numbered = (n) => `n${String(n).padStart(6, "0")}`;

const request0 = (id) => request({ id });
const item0 = (id) => request({ id, batchId: `b-${id}`, batchIndex: 3 });
const entry0 = (id) => entry({ id: `e-${id}`, threadId: `thread-${id}` });

/** Leaves the record in an order of keys that no version writes, so that changing it takes several steps. */
async function reorder(db, key) {
  const record = JSON.parse(await db.get(key));
  await db.set(key, JSON.stringify(Object.fromEntries(Object.entries(record).reverse())));
}

/** The keys that `create` writes. */
const requestKeys = (k, id) => [
  k.request(id),
  k.token(`token-of-${id}`),
  k.all,
  k.status("pending"),
  k.namespace("global"),
  k.namespaceStatus("global", "pending"),
];

const known = async (promise) => (await promise) !== null;

/**
 * Each write: `prepare` makes what it needs, `call` is the call under test, `took` says what the store
 * holds (`false`: nothing of it; anything but exactly the whole of it fails), and `again` is the code
 * with which the same call is refused once it has taken effect, if it is. `several`: more than one
 * round trip. `keys` names every key that the call reads or writes. `prepare` gets a plain client and
 * the keys of the store for what only they can do.
 */
const PLAIN_WRITES = [
  {
    name: "create",
    prepare: () => {},
    keys: requestKeys,
    call: (state, id) => state.create(request0(id)),
    took: (state, id) => known(state.get(id)),
  },
  {
    name: "create of a batch item",
    prepare: () => {},
    keys: (k, id) => [...requestKeys(k, id), k.batchItems(`b-${id}`)],
    call: (state, id) => state.create(item0(id)),
    async took(state, id) {
      const items = await state.listByBatch(`b-${id}`);
      assert.equal(items.length === 1, await known(state.get(id)), `${id}: the batch and the record disagree`);
      return items.length === 1;
    },
  },
  {
    name: "setExternalId",
    prepare: (state, id) => state.create(request0(id)),
    keys: (k, id) => [k.request(id), k.externalId(`x-${id}`)],
    call: (state, id) => state.setExternalId(id, `x-${id}`),
    async took(state, id) {
      const { externalId, externalIds } = await state.get(id);
      assert.deepEqual(externalIds, externalId && { slack: externalId });
      assert.equal((await state.findByExternalId(`x-${id}`))?.externalId, externalId);
      return externalId === `x-${id}`;
    },
  },
  {
    name: "setExternalId of another plugin",
    prepare: (state, id) => state.create(request0(id)).then(() => state.setExternalId(id, `first-${id}`)),
    keys: (k, id) => [k.request(id), k.externalId(`x-${id}`)],
    call: (state, id) => state.setExternalId(id, `x-${id}`, "inbox"),
    async took(state, id) {
      const { externalId, externalIds } = await state.get(id);
      assert.equal(externalId, `first-${id}`);
      assert.equal(externalIds.slack, externalId);
      assert.equal((await state.findByExternalId(`x-${id}`))?.externalIds.inbox, externalIds.inbox);
      return externalIds.inbox === `x-${id}`;
    },
  },
  {
    name: "resolve",
    prepare: (state, id) => state.create(request0(id)),
    keys: (k, id) => [
      k.request(id),
      k.marker(id),
      ...["pending", "resolved"].flatMap((status) => [k.status(status), k.namespaceStatus("global", status)]),
    ],
    call: (state, id) => state.resolve(id, decision(id)),
    async took(state, id) {
      const { status, result, resolvedAt } = await state.get(id);
      assert.equal(resolvedAt !== undefined, status === "resolved");
      assert.deepEqual(result, status === "resolved" ? decision(id) : undefined);
      return status === "resolved";
    },
    again: "ALREADY_RESOLVED",
  },
  {
    name: "createBatch",
    prepare: () => {},
    keys: (k, id) => [k.batch(id)],
    call: (state, id) => state.createBatch(batch({ id })),
    took: (state, id) => known(state.getBatch(id)),
  },
  {
    name: "setBatchExternalId",
    prepare: (state, id) => state.createBatch(batch({ id })),
    keys: (k, id) => [k.batch(id), k.batchExternalId(`x-${id}`)],
    call: (state, id) => state.setBatchExternalId(id, `x-${id}`),
    took: async (state, id) => (await state.getBatch(id)).externalId === `x-${id}`,
  },
  {
    name: "appendTimeline",
    prepare: () => {},
    keys: (k, id) => [k.entry(`e-${id}`), k.thread(`thread-${id}`)],
    call: (state, id) => state.appendTimeline(entry0(id)),
    async took(state, id) {
      const entries = await state.timeline(`thread-${id}`);
      if (entries.length > 0) assert.deepEqual(asJson(entries), [entry0(id)]);
      return entries.length === 1;
    },
  },
  {
    name: "createNotifyDelivery",
    prepare: () => {},
    keys: (k, id) => [k.delivery(id)],
    call: (state, id) => state.createNotifyDelivery(delivery({ id })),
    took: (state, id) => known(state.getNotifyDelivery(id)),
  },
  {
    name: "setNotifyDeliveryExternalId",
    prepare: (state, id) => state.createNotifyDelivery(delivery({ id })),
    keys: (k, id) => [k.delivery(id), k.deliveryExternalId(`x-${id}`)],
    call: (state, id) => state.setNotifyDeliveryExternalId(id, `x-${id}`),
    took: async (state, id) => (await state.getNotifyDelivery(id)).externalId === `x-${id}`,
  },
];

/** The two updates of records that are not in the writing order: read, splice, compare and set. */
const LEGACY_WRITES = PLAIN_WRITES.filter(({ name }) => name === "setExternalId" || name === "resolve").map(
  (write) => ({
    ...write,
    name: `${write.name} on a record in another order`,
    several: true,
    async prepare(state, id, db, keys) {
      await write.prepare(state, id);
      await reorder(db, keys.request(id));
    },
  }),
);

export const WRITES = [...PLAIN_WRITES, ...LEGACY_WRITES];

/** Runs `work` on each of `items`, `width` of them at a time. */
export async function each(items, work, width = 256) {
  for (let i = 0; i < items.length; i += width) {
    await Promise.all(items.slice(i, i + width).map((item, j) => work(item, i + j)));
  }
}
