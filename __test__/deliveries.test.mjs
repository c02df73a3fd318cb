// CONTRACT section 5, notify deliveries.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { delivery } from "./support/records.mjs";
import { snapshot, withStores } from "./support/store.mjs";

const { db, store } = await withStores();

async function withDelivery(fields) {
  const it = store();
  const record = delivery(fields);
  await it.state.createNotifyDelivery(record);
  return { ...it, record, id: record.id };
}

test("a delivery comes back as it was created, stamped by the clock of the process", async () => {
  const before = Date.now();
  const { state, id, record, keys } = await withDelivery();
  const found = await state.getNotifyDelivery(id);
  const time = Date.parse(found.createdAt);
  assert.ok(time >= before && time <= Date.now());
  assert.deepEqual(found, { ...record, createdAt: new Date(time).toISOString() });
  sound(await violations(db, keys.prefix));
});

test("an unknown delivery is null, and so is an empty string", async () => {
  const { state, keys } = store();
  assert.equal(await state.getNotifyDelivery("nobody"), null);
  await db.set(keys.delivery("d"), "");
  assert.equal(await state.getNotifyDelivery("d"), null);
});

for (const [name, meanwhile] of [
  ["unchanged", () => {}],
  ["given an external id", (state, id) => state.setNotifyDeliveryExternalId(id, "x")],
]) {
  test(`createNotifyDelivery again on a delivery that is ${name} succeeds and writes nothing`, async () => {
    const { state, keys, record, id } = await withDelivery();
    await meanwhile(state, id);
    const before = await snapshot(db, keys.prefix);
    await state.createNotifyDelivery({ ...record, unknown: 1 });
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const field of ["channel", "message", "groupId"]) {
  test(`createNotifyDelivery with an id that exists and another ${field} is refused and changes nothing`, async () => {
    const { state, keys, record, id } = await withDelivery();
    const before = await snapshot(db, keys.prefix);
    const message = `Notify delivery "${id}" already exists`;
    await refuses(state.createNotifyDelivery({ ...record, [field]: "other" }), "DELIVERY_EXISTS", message);
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

test("setNotifyDeliveryExternalId sets the field and its index; that of a replaced value stays", async () => {
  const { state, id, keys } = await withDelivery();
  await state.setNotifyDeliveryExternalId(id, "one");
  await state.setNotifyDeliveryExternalId(id, "two");
  assert.equal((await state.getNotifyDelivery(id)).externalId, "two");
  assert.equal(await db.get(keys.deliveryExternalId("one")), id);
  assert.equal(await db.get(keys.deliveryExternalId("two")), id);
  sound(await violations(db, keys.prefix));
});

test("setNotifyDeliveryExternalId on an unknown delivery is refused and stores nothing", async () => {
  const { state, keys } = await withDelivery();
  const before = await snapshot(db, keys.prefix);
  await refuses(
    state.setNotifyDeliveryExternalId("nobody", "x"),
    "UNKNOWN_DELIVERY",
    'Unknown notify delivery "nobody"',
  );
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("an undefined external id stores nothing, the same value changes nothing", async () => {
  const { state, keys, id } = await withDelivery();
  await state.setNotifyDeliveryExternalId(id, "x");
  const before = await snapshot(db, keys.prefix);
  await state.setNotifyDeliveryExternalId(id, undefined);
  await state.setNotifyDeliveryExternalId(id, "x");
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("unknown fields and untouched bytes stay", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  await db.set(keys.delivery("d"), '{"x":1.0,"id":"d","message":"\\u0041","createdAt":"d","y":[ ]}');
  await state.setNotifyDeliveryExternalId("d", "e");
  assert.equal(
    await db.get(keys.delivery("d")),
    '{"x":1.0,"id":"d","message":"\\u0041","externalId":"e","createdAt":"d","y":[ ]}',
  );
});

for (const key of ["delivery", "index"]) {
  test(`all or nothing: the ${key} key of another type rejects and nothing is written`, async () => {
    const { state, keys, id } = await withDelivery();
    const name = key === "delivery" ? keys.delivery(id) : keys.deliveryExternalId("x");
    await db.del(name);
    await db.rpush(name, "a");
    const before = await snapshot(db, keys.prefix);
    await refuses(state.setNotifyDeliveryExternalId(id, "x"), "WRONGTYPE");
    if (key === "delivery") await refuses(state.createNotifyDelivery(delivery({ id })), "WRONGTYPE");
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

test("createNotifyDelivery refuses a lone surrogate in the id and stores nothing", async () => {
  const { state, keys } = await withDelivery();
  const before = await snapshot(db, keys.prefix);
  await refuses(state.createNotifyDelivery(delivery({ id: "\udc00" })), "INVALID_ARGUMENT", /id/);
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});
