// What is measured: each operation, what it needs beforehand, and how many times it is run.
//
// `prepare` may be slow: it is not measured. It gets the store under test, the number of calls to come, and the size
// of records. `call(store, n)` makes call number n.

import { batch, decision, delivery, entry, request } from "./records.mjs";

/** Records that reads are made of. */
export const STOCK = 10_000;

const stock = (n) => `stock-${n % STOCK}`;

let last = 0;

/** Ids that nobody has had before, from `fresh(n)` of the same preparation. */
function series(name) {
  last += 1;
  const prefix = `${name}-${process.pid}-${last}`;
  return (n) => `${prefix}-${n}`;
}

/** Waits for `count` calls, 200 at a time. */
export async function all(count, call) {
  for (let from = 0; from < count; from += 200) {
    await Promise.all(Array.from({ length: Math.min(200, count - from) }, (_, n) => call(from + n)));
  }
}

/** Fills an empty store with what reads read. */
export async function fill(store, bytes) {
  await store.ensureSchema();
  await all(STOCK, (n) => store.create(request(stock(n), bytes, n < 20 ? { batchId: "batch", batchIndex: n } : {})));
  await all(STOCK / 10, (n) => store.setExternalId(stock(n), `ext-${stock(n)}`));
  await all(20, (n) => store.appendTimeline(entry(`stock-${n}`, "thread")));
  await store.createBatch(batch("stock"));
  await store.createNotifyDelivery(delivery("stock"));
}

/** A run of calls on records of its own, made beforehand. */
const onFresh = (name, make, call) => ({
  async prepare(store, count, bytes) {
    this.id = series(name);
    await all(count, (n) => make(store, this.id(n), bytes));
  },
  call(store, n) {
    return call(store, this.id(n));
  },
});

/** A run of calls that each make something new. */
const making = (name, make) => ({
  prepare(_store, _count, bytes) {
    this.id = series(name);
    this.bytes = bytes;
  },
  call(store, n) {
    return make(store, this.id(n), this.bytes);
  },
});

const reading = (call) => ({ prepare() {}, call });

const create = (store, id, bytes) => store.create(request(id, bytes));

/**
 * `calls`: how many for each 64 in flight; fewer with one. `isShown`: in the README's table, with its bounds in the
 * order of `MEASURES`.
 */
export const OPERATIONS = {
  create: { calls: 4000, bounds: [0.35, 3.0, 1.2, 1.4], ...making("create", create) },
  get: { calls: 8000, bounds: [0.6, 1.7, 1.0, 1.1], ...reading((store, n) => store.get(stock(n * 7))) },
  findByToken: {
    calls: 6000,
    bounds: [0.45, 2.0, 1.4, 1.2],
    ...reading((store, n) => store.findByToken(`token-of-${stock(n * 7)}`)),
  },
  findByExternalId: {
    calls: 6000,
    bounds: [0.45, 2.0, 1.4, 1.2],
    ...reading((store, n) => store.findByExternalId(`ext-${stock(n % (STOCK / 10))}`)),
  },
  setExternalId: {
    calls: 4000,
    bounds: [0.1, 4.0, 1.7, 1.4],
    ...onFresh("named", create, (store, id) => store.setExternalId(id, `x-${id}`)),
  },
  resolve: {
    calls: 4000,
    bounds: [0.35, 2.0, 1.2, 0.6],
    ...onFresh("decided", create, (store, id) => store.resolve(id, decision(id))),
  },
  "list of 50": {
    calls: 400,
    bounds: [0.75, 1.3, 1.1, 1.1],
    ...reading((store) => store.list({ status: "pending", limit: 50 })),
  },
  "list of 10,000": {
    calls: 4,
    bounds: [0.7, 1.4, 1.2, 1.1],
    ...reading((store) => store.list({ limit: 10_000 })),
  },
  count: { calls: 10_000, bounds: [0.4, 2.0, 1.0, 1.1], ...reading((store) => store.count({ status: "pending" })) },
  createBatch: { calls: 4000, ...making("batch", (store, id) => store.createBatch(batch(id))) },
  getBatch: { calls: 6000, ...reading((store) => store.getBatch("stock")) },
  setBatchExternalId: {
    calls: 3000,
    ...onFresh(
      "batches",
      (store, id) => store.createBatch(batch(id)),
      (store, id) => store.setBatchExternalId(id, `x-${id}`),
    ),
  },
  listByBatch: { calls: 600, ...reading((store) => store.listByBatch("batch")) },
  appendTimeline: {
    calls: 6000,
    bounds: [0.35, 2.5, 1.2, 1.1],
    ...making("entry", (store, id) => store.appendTimeline(entry(id, `thread-of-${id}`))),
  },
  timeline: { calls: 1500, ...reading((store) => store.timeline("thread")) },
  createNotifyDelivery: {
    calls: 4000,
    ...making("delivery", (store, id) => store.createNotifyDelivery(delivery(id))),
  },
  getNotifyDelivery: { calls: 6000, ...reading((store) => store.getNotifyDelivery("stock")) },
  setNotifyDeliveryExternalId: {
    calls: 3000,
    ...onFresh(
      "deliveries",
      (store, id) => store.createNotifyDelivery(delivery(id)),
      (store, id) => store.setNotifyDeliveryExternalId(id, `x-${id}`),
    ),
  },
  "whole approval": {
    calls: 600,
    bounds: [0.65, 1.5, 1.2, 1.1],
    ...making("approval", async (store, id, bytes) => {
      const record = request(id, bytes);
      await store.findByToken(record.token);
      await store.create(record);
      await store.setExternalId(id, `x-${id}`);
      await store.get(id);
      await store.list({ status: "pending", limit: 50 });
      await store.get(id);
      await store.resolve(id, decision(id));
      await store.get(id);
    }),
  },
};
