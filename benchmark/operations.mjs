// What is measured: each operation, what it needs beforehand, and how many times it is called.
//
// `prepare` may be slow, it is not measured. It gets the side (`store`, `another()`), the number of calls to come, the
// size of records and the size of the stock, and returns `call(n)`, which does nothing but call: all that it hands over
// has been made.

import { batch, decision, delivery, entry, request } from "./records.mjs";

/** Of how many items a batch and a thread are. */
const ITEMS = 20;

/** The share of the stock that has an external id. */
const NAMED = 0.1;

const stocked = (n) => `stock-${n}`;

/** Calls `call` with 0 … `count - 1`, `inFlight` of them at a time. */
export async function all(count, call, inFlight = 200) {
  let next = 0;
  const worker = async () => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, worker));
}

/** Fills an empty store with what reads read: `stock` records of `bytes` bytes. */
export async function fill(store, { bytes, stock }) {
  await store.ensureSchema();
  const item = (n) => (n < ITEMS ? { batchId: "stock", batchIndex: n } : {});
  await all(stock, (n) => store.create(request(stocked(n), bytes, item(n))));
  await all(stock * NAMED, (n) => store.setExternalId(stocked(n), `x-${stocked(n)}`));
  await all(ITEMS, (n) => store.appendTimeline(entry(stocked(n), "stock")));
  await store.createBatch(batch("stock"));
  await store.createNotifyDelivery(delivery("stock"));
}

let last = 0;

/** `count` ids that nobody has had before. */
function ids(count) {
  last += 1;
  return Array.from({ length: count }, (_, n) => `new-${process.pid}-${last}-${n}`);
}

/** `count` ids of the stock, not in its order. */
const stock = (count, size) => Array.from({ length: count }, (_, n) => stocked((n * 7919) % size));

/** The same arguments each time. */
const same = (method, ...args) => ({
  prepare: ({ store }) => {
    return () => store[method](...args);
  },
});

/** Each time what `of` makes of a new id. */
const making = (method, of) => ({
  prepare({ store, count, bytes }) {
    const records = ids(count).map((id) => of(id, bytes));
    return (n) => store[method](records[n]);
  },
});

/** Each time another one of the stock, by what `of` makes of its id. */
const reading = (method, of = (id) => id, share = 1) => ({
  prepare({ store, count, stock: size }) {
    const names = stock(count, size * share).map(of);
    return (n) => store[method](names[n]);
  },
});

/** Each time another new record, that has been made beforehand; with its id and what `of` makes of that. */
const changing = (method, made, makes, of = (id) => `x-${id}`) => ({
  async prepare({ store, count, bytes }) {
    const names = ids(count);
    const values = names.map(of);
    await all(count, (n) => store[made](makes(names[n], bytes)));
    return (n) => store[method](names[n], values[n]);
  },
});

/** One approval from the engine's request to the end, as a server makes it. */
async function approve(store, record, externalId, result) {
  const { id, token } = record;
  await store.findByToken(token);
  await store.create(record);
  await store.setExternalId(id, externalId);
  await store.get(id);
  await store.list({ status: "pending", limit: 50 });
  await store.get(id);
  await store.resolve(id, result);
  await store.get(id);
}

/** `calls`: how many of 2.2 KB with 64 in flight, so that each takes a few tenths of a second; see plan.mjs. */
export const OPERATIONS = {
  create: { calls: 2000, ...making("create", request) },
  get: { calls: 5000, ...reading("get") },
  findByToken: { calls: 4000, ...reading("findByToken", (id) => `token-of-${id}`) },
  findByExternalId: { calls: 4000, ...reading("findByExternalId", (id) => `x-${id}`, NAMED) },
  setExternalId: { calls: 2000, ...changing("setExternalId", "create", request) },
  resolve: { calls: 2000, ...changing("resolve", "create", request, decision) },
  "list of 50": { calls: 200, ...same("list", { status: "pending", limit: 50 }) },
  "list of 10,000": { calls: 64, ...same("list", { limit: 10_000 }) },
  count: { calls: 10_000, ...same("count", { status: "pending" }) },
  createBatch: { calls: 4000, ...making("createBatch", batch) },
  getBatch: { calls: 5000, ...same("getBatch", "stock") },
  setBatchExternalId: { calls: 3000, ...changing("setBatchExternalId", "createBatch", batch) },
  listByBatch: { calls: 400, ...same("listByBatch", "stock") },
  appendTimeline: { calls: 4000, ...making("appendTimeline", (id) => entry(id, `thread-of-${id}`)) },
  timeline: { calls: 1200, ...same("timeline", "stock") },
  createNotifyDelivery: { calls: 4000, ...making("createNotifyDelivery", delivery) },
  getNotifyDelivery: { calls: 5000, ...same("getNotifyDelivery", "stock") },
  setNotifyDeliveryExternalId: {
    calls: 3000,
    ...changing("setNotifyDeliveryExternalId", "createNotifyDelivery", delivery),
  },

  /** On a store that is current, by an instance that does not know it yet: the JavaScript version asks once. */
  ensureSchema: {
    calls: 3000,
    prepare: ({ another, count }) => {
      const stores = Array.from({ length: count }, another);
      return (n) => stores[n].ensureSchema();
    },
  },

  "whole approval": {
    calls: 200,
    prepare({ store, count, bytes }) {
      const records = ids(count).map((id) => request(id, bytes));
      const results = records.map(({ id }) => decision(id));
      return (n) => approve(store, records[n], `x-${records[n].id}`, results[n]);
    },
  },

  /** A page behind a cursor; `options`: the cursor and the page's size. Only for the scale. */
  page: {
    prepare: ({ store, limit, cursor }) => {
      return () => store.list({ status: "pending", limit, ...(cursor && { cursor }) });
    },
  },
};
