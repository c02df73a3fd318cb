// CONTRACT section 5, batches.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { batch, decision, request } from "./support/records.mjs";
import { snapshot, withStores } from "./support/store.mjs";

const { db, store } = await withStores();

async function withBatch(fields) {
  const it = store();
  const record = batch(fields);
  await it.state.createBatch(record);
  return { ...it, record, id: record.id };
}

test("a batch comes back as it was created, stamped by the clock of the process", async () => {
  const before = Date.now();
  const { state, id, record, keys } = await withBatch({ context: { a: [] } });
  const found = await state.getBatch(id);
  const time = Date.parse(found.createdAt);
  assert.ok(time >= before && time <= Date.now());
  assert.deepEqual(found, { ...record, createdAt: new Date(time).toISOString() });
  sound(await violations(db, keys.prefix));
});

test("an unknown batch is null", async () => {
  assert.equal(await store().state.getBatch("nobody"), null);
});

test("an empty string in place of a batch reads as missing", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  await db.set(keys.batch("b"), "");
  assert.equal(await state.getBatch("b"), null);
  await refuses(state.setBatchExternalId("b", "x"), "UNKNOWN_BATCH");
  await state.createBatch(batch({ id: "b" }));
  assert.equal((await state.getBatch("b")).id, "b");
});

for (const [name, meanwhile] of [
  ["unchanged", () => {}],
  ["given an external id", (state, id) => state.setBatchExternalId(id, "x")],
]) {
  test(`createBatch again on a batch that is ${name} succeeds and writes nothing`, async () => {
    const { state, keys, record, id } = await withBatch();
    await meanwhile(state, id);
    const before = await snapshot(db, keys.prefix);
    await state.createBatch({ ...record, unknown: 1 });
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const [field, value] of Object.entries({ channel: "email", message: "other", actions: [], context: { a: 1 } })) {
  test(`createBatch with an id that exists and another ${field} is refused and changes nothing`, async () => {
    const { state, keys, record, id } = await withBatch();
    const before = await snapshot(db, keys.prefix);
    await refuses(state.createBatch({ ...record, [field]: value }), "BATCH_EXISTS", `Batch "${id}" already exists`);
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

test("setBatchExternalId: the plugin id or the channel is the key", async () => {
  const { state, id, keys } = await withBatch({ channel: "slack" });
  await state.setBatchExternalId(id, "ts");
  await state.setBatchExternalId(id, "in", "inbox");
  await state.setBatchExternalId(id, "ts2", "slack");
  const { externalId, externalIds } = await state.getBatch(id);
  assert.deepEqual({ externalId, externalIds }, { externalId: "ts2", externalIds: { slack: "ts2", inbox: "in" } });
  for (const value of ["ts", "in", "ts2"]) assert.equal(await db.get(keys.batchExternalId(value)), id);
  sound(await violations(db, keys.prefix));
});

test("setBatchExternalId on an unknown batch is refused and stores nothing", async () => {
  const { state, keys } = await withBatch();
  const before = await snapshot(db, keys.prefix);
  await refuses(state.setBatchExternalId("nobody", "x"), "UNKNOWN_BATCH", 'Unknown batch "nobody"');
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("setBatchExternalId: an undefined external id stores nothing, the same value changes nothing", async () => {
  const { state, keys, id } = await withBatch();
  await state.setBatchExternalId(id, "x");
  const before = await snapshot(db, keys.prefix);
  await state.setBatchExternalId(id, undefined);
  await state.setBatchExternalId(id, "x");
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

for (const [name, before, plugin, after] of [
  [
    "external ids first",
    '{"externalIds":{"slack":"o","x":"1"},"id":"b","channel":"slack","createdAt":"d"}',
    "x",
    '{"externalIds":{"slack":"o","x":"e"},"id":"b","channel":"slack","createdAt":"d"}',
  ],
  [
    "the channel elsewhere",
    '{"x":1,"id":"b","channel":"slack","createdAt":"d"}',
    "slack",
    '{"x":1,"id":"b","channel":"slack","externalId":"e","externalIds":{"slack":"e"},"createdAt":"d"}',
  ],
  [
    "the channel in another spelling",
    '{"id":"b","channel":"sl\\u0061ck","createdAt":"d"}',
    "slack",
    '{"id":"b","channel":"sl\\u0061ck","externalId":"e","externalIds":{"slack":"e"},"createdAt":"d"}',
  ],
]) {
  test(`setBatchExternalId on a batch with ${name}`, async () => {
    const { state, keys } = store();
    await state.ensureSchema();
    await db.set(keys.batch("b"), before);
    await state.setBatchExternalId("b", "e", plugin);
    assert.equal(await db.get(keys.batch("b")), after);
  });
}

test("setBatchExternalId keeps unknown fields and untouched bytes", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  await db.set(keys.batch("b"), '{"x":1.0,"id":"b","channel":"c","actions":null,"createdAt":"d","y":[ ]}');
  await state.setBatchExternalId("b", "e");
  assert.equal(
    await db.get(keys.batch("b")),
    '{"x":1.0,"id":"b","channel":"c","actions":null,"externalId":"e","externalIds":{"c":"e"},"createdAt":"d","y":[ ]}',
  );
});

for (const key of ["batch", "index"]) {
  test(`all or nothing: a ${key} key of another type rejects and nothing is written`, async () => {
    const { state, keys, id } = await withBatch();
    const name = key === "batch" ? keys.batch(id) : keys.batchExternalId("x");
    await db.del(name);
    await db.rpush(name, "a");
    const before = await snapshot(db, keys.prefix);
    await refuses(state.setBatchExternalId(id, "x"), "WRONGTYPE");
    if (key === "batch") await refuses(state.createBatch(batch({ id })), "WRONGTYPE");
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

test("listByBatch: by batchIndex, ties by id ascending in bytes", async () => {
  const { state } = store();
  const items = [
    ["z", -1],
    ["\u{1f600}", 2],
    ["\uffff", 2],
    ["a", 10],
    ["b", 2],
    ["B", 2],
    ["half", 1.5],
    ["zero", 0],
  ];
  for (const [id, batchIndex] of items) await state.create(request({ id, batchId: "b", batchIndex }));
  await state.create(request({ id: "other", batchId: "c", batchIndex: 0 }));
  const order = (await state.listByBatch("b")).map((record) => record.id);
  assert.deepEqual(order, ["z", "zero", "half", "B", "b", "\uffff", "\u{1f600}", "a"]);
});

test("listByBatch shows what the records say now", async () => {
  const { state } = store();
  for (let i = 0; i < 3; i++) await state.create(request({ id: `i${i}`, batchId: "b", batchIndex: i }));
  await state.resolve("i1", decision("i1"));
  await state.setExternalId("i2", "x");
  const items = await state.listByBatch("b");
  assert.deepEqual(
    items.map((item) => item.status),
    ["pending", "resolved", "pending"],
  );
  assert.deepEqual(items[1], await state.get("i1"));
  assert.deepEqual(items[2], await state.get("i2"));
});

test("listByBatch of an unknown batch is empty", async () => {
  assert.deepEqual(await store().state.listByBatch("nobody"), []);
});

test("listByBatch leaves out ids whose record is gone", async () => {
  const { state, keys } = store();
  for (let i = 0; i < 3; i++) await state.create(request({ id: `i${i}`, batchId: "b", batchIndex: i }));
  await db.del(keys.request("i0"));
  await db.set(keys.request("i1"), "");
  assert.deepEqual(
    (await state.listByBatch("b")).map((item) => item.id),
    ["i2"],
  );
});

test("listByBatch of 2,500 items, in order", async () => {
  const { state } = store();
  await Promise.all(
    Array.from({ length: 2500 }, (_, i) => state.create(request({ id: `i${i}`, batchId: "b", batchIndex: 2500 - i }))),
  );
  const order = (await state.listByBatch("b")).map((item) => item.batchIndex);
  assert.deepEqual(
    order,
    Array.from({ length: 2500 }, (_, i) => i + 1),
  );
});

test("createBatch refuses a lone surrogate in the id and stores nothing", async () => {
  const { state, keys } = await withBatch();
  const before = await snapshot(db, keys.prefix);
  await refuses(state.createBatch(batch({ id: "\ud800" })), "INVALID_ARGUMENT", /id/);
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("an id that is no text: the key is String(id), JSON keeps the value", async () => {
  const { state, keys } = store();
  await state.createBatch(batch({ id: 5 }));
  assert.equal(JSON.parse(await db.get(keys.batch("5"))).id, 5);
  assert.equal((await state.getBatch(5)).id, 5);
  assert.equal((await state.getBatch("5")).id, 5);
});
