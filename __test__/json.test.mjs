// CONTRACT section 4, writing: the stored bytes are those of `JSON.stringify` of the known fields in
// the writing order, after each of the writers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses } from "./support/assertions.mjs";
import { asJson, batch, decision, delivery, entry, request, stored, tenMegabytes, VALUES } from "./support/records.mjs";
import { snapshot, withStores } from "./support/store.mjs";

const { db, store } = await withStores();

/** The stored text of a record, and the record that it must be the text of. */
async function assertStored(db, key, kind, expected) {
  const text = await db.get(key);
  const { createdAt, resolvedAt } = JSON.parse(text);
  const stamped = { createdAt, ...(resolvedAt && { resolvedAt }), ...expected };
  // Compared by ===: an assertion message for ten million characters helps nobody.
  const wanted = stored(kind, stamped);
  if (text.length < 10_000) assert.equal(text, wanted);
  else assert.ok(text === wanted, "the stored bytes differ");
}

/** Creates, gives external ids, resolves: the bytes after each step. */
async function wholeLife({ state, db, keys }, record, result) {
  const key = keys.request(record.id);
  await state.create(record);
  const created = { ...record, status: "pending" };
  await assertStored(db, key, "request", created);
  await state.setExternalId(record.id, "1700000000.1");
  const sent = { ...created, externalId: "1700000000.1", externalIds: { slack: "1700000000.1" } };
  await assertStored(db, key, "request", sent);
  await state.setExternalId(record.id, "inbox-1", "inbox");
  const sentTwice = { ...sent, externalIds: { ...sent.externalIds, inbox: "inbox-1" } };
  await assertStored(db, key, "request", sentTwice);
  await state.resolve(record.id, result);
  const resolved = { ...sentTwice, status: "resolved", result };
  await assertStored(db, key, "request", resolved);
  await state.setExternalId(record.id, "1700000000.2");
  const last = { ...resolved, externalId: "1700000000.2", externalIds: { slack: "1700000000.2", inbox: "inbox-1" } };
  await assertStored(db, key, "request", last);
  assert.deepEqual(await state.get(record.id), JSON.parse(await db.get(key)));
}

for (const [name, value] of VALUES) {
  test(`${name}: stored byte for byte and read deep-equal, from create to resolve`, async () => {
    const it = store();
    const record = request({ context: { value, after: 1 }, batchId: "b", batchIndex: 0 });
    await wholeLife(it, record, decision(record.id, { feedbacks: { value } }));
    assert.equal({}.polluted, undefined);
  });
}

test("10 MB: stored byte for byte and read deep-equal, from create to resolve", async () => {
  const record = request({ context: { text: tenMegabytes() } });
  await wholeLife(store(), record, decision(record.id));
});

test("without context or message: absent fields are left out", async () => {
  const record = request({ context: undefined, message: undefined });
  await wholeLife(store(), record, decision(record.id));
});

test("text and numbers where text is expected keep their JSON", async () => {
  const record = request({ message: 5, channel: 6, actions: null, context: null });
  const it = store();
  await it.state.create(record);
  await assertStored(db, it.keys.request(record.id), "request", { ...record, status: "pending" });
});

test("fields are written in the order of section 4, whatever the order of the input", async () => {
  const { state, keys } = store();
  const record = request({ batchId: "b", batchIndex: 2 });
  await state.create(Object.fromEntries(Object.entries(record).reverse()));
  await assertStored(db, keys.request(record.id), "request", { ...record, status: "pending" });
});

test("new keys of externalIds are appended in call order, integer-like ones as well", async () => {
  const { state, keys } = store();
  const record = request();
  await state.create(record);
  for (const plugin of ["z", "10", "a", "9", "__proto__", "z"])
    await state.setExternalId(record.id, `at-${plugin}`, plugin);
  const text = await db.get(keys.request(record.id));
  const ids = '{"z":"at-z","10":"at-10","a":"at-a","9":"at-9","__proto__":"at-__proto__"}';
  assert.ok(text.includes(`"status":"pending","externalIds":${ids},"createdAt":`), text);
  assert.equal((await state.get(record.id)).externalIds.__proto__, "at-__proto__");
});

for (const [name, value] of VALUES) {
  test(`${name}: the bytes of batches, deliveries and timeline entries`, async () => {
    const { state, keys } = store();
    const group = batch({ context: { value } });
    await state.createBatch(group);
    await assertStored(db, keys.batch(group.id), "batch", group);
    await state.setBatchExternalId(group.id, "bx");
    const sent = { ...group, externalId: "bx", externalIds: { slack: "bx" } };
    await assertStored(db, keys.batch(group.id), "batch", sent);
    await state.setBatchExternalId(group.id, "by", "inbox");
    sent.externalIds.inbox = "by";
    await assertStored(db, keys.batch(group.id), "batch", sent);
    assert.deepEqual((await state.getBatch(group.id)).context, asJson(group.context));

    const event = entry({ detail: { value } });
    await state.appendTimeline(event);
    assert.equal(await db.get(keys.entry(event.id)), stored("entry", event));
    assert.deepEqual(await state.timeline(event.threadId), [asJson(event)]);

    const sending = delivery({ message: JSON.stringify(value) });
    await state.createNotifyDelivery(sending);
    await assertStored(db, keys.delivery(sending.id), "delivery", sending);
    await state.setNotifyDeliveryExternalId(sending.id, "dx");
    await assertStored(db, keys.delivery(sending.id), "delivery", { ...sending, externalId: "dx" });
  });
}

test("batches and entries without their optional fields", async () => {
  const { state, keys } = store();
  await state.createBatch({ id: "b", channel: "slack" });
  await assertStored(db, keys.batch("b"), "batch", { id: "b", channel: "slack" });
  const event = entry();
  await state.appendTimeline(event);
  assert.equal(await db.get(keys.entry(event.id)), stored("entry", event));
});

test("unknown input fields are not stored", async () => {
  const { state, keys } = store();
  const extra = {
    status: "resolved",
    result: 1,
    externalId: "x",
    externalIds: {},
    resolvedAt: "x",
    more: true,
    toJSON: () => 1,
  };
  const [asked, group, event, sending] = [request(), batch(), entry(), delivery()];
  await state.create({ ...asked, createdAt: "x", ...extra });
  await assertStored(db, keys.request(asked.id), "request", { ...asked, status: "pending" });
  await state.createBatch({ ...group, createdAt: "x", ...extra });
  await assertStored(db, keys.batch(group.id), "batch", group);
  await state.appendTimeline({ ...event, ...extra });
  assert.equal(await db.get(keys.entry(event.id)), stored("entry", event));
  await state.createNotifyDelivery({ ...sending, createdAt: "x", ...extra });
  await assertStored(db, keys.delivery(sending.id), "delivery", sending);
});

test("undefined, functions, NaN, dates, boxed values, sparse arrays and toJSON are what V8 makes of them", async () => {
  const it = store();
  const context = {
    gone: undefined,
    also: () => {},
    symbol: Symbol("x"),
    nan: Number.NaN,
    infinite: Number.POSITIVE_INFINITY,
    date: new Date(0),
    noDate: new Date(Number.NaN).getTime(),
    boxed: [new Number(3), new String("s"), new Boolean(false)],
    array: [undefined, () => {}, Symbol("y"), , 1],
    map: new Map([[1, 2]]),
    bytes: new Uint8Array([1, 2]),
    json: { toJSON: (key) => ({ key }) },
    get getter() {
      return "got";
    },
    [Symbol("key")]: 1,
  };
  const record = request({ context });
  await wholeLife(it, record, decision(record.id, { feedbacks: context }));
});

const cycle = {};
cycle.self = cycle;
const thrown = new RangeError("from toJSON");
const failing = {
  toJSON() {
    throw thrown;
  },
};
const WRITERS = {
  create: (state, value) => state.create(request({ context: { value } })),
  createActions: (state, value) => state.create(request({ actions: [value] })),
  createBatch: (state, value) => state.createBatch(batch({ context: { value } })),
  appendTimeline: (state, value) => state.appendTimeline(entry({ detail: { value } })),
  createNotifyDelivery: (state, value) => state.createNotifyDelivery(delivery({ message: [value] })),
  resolve: (state, value) => state.resolve("there", decision("there", { feedbacks: { value } })),
};

for (const [writer, write] of Object.entries(WRITERS)) {
  for (const [name, value, check] of [
    ["a BigInt", 1n, (e) => assert.ok(e instanceof TypeError && /BigInt/.test(e.message))],
    [
      "a cycle",
      cycle,
      (e) => assert.ok(e instanceof TypeError && /^Converting circular structure to JSON/.test(e.message)),
    ],
    ["a toJSON that throws", failing, (e) => assert.equal(e, thrown)],
  ]) {
    test(`${writer}: ${name} rejects with V8's own error and stores nothing`, async () => {
      const { state, keys } = store();
      await state.create(request({ id: "there" }));
      const before = await snapshot(db, keys.prefix);
      check(await refuses(write(state, value)));
      assert.deepEqual(await snapshot(db, keys.prefix), before);
    });
  }
}

test("the caller may change a record as soon as the method has returned", async () => {
  const { state, keys } = store();
  const record = request();
  const was = structuredClone(record);
  const created = state.create(record);
  record.context.amount = 13;
  record.message = "changed";
  await created;
  await assertStored(db, keys.request(was.id), "request", { ...was, status: "pending" });
});
