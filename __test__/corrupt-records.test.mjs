// CONTRACT section 5, corrupt records: lists go on without them and warn once; who needs the record
// is told its id, never its content.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { refuses } from "./support/assertions.mjs";
import { fill, idsOf, pages, series } from "./support/inbox.mjs";
import { batch, decision, delivery, entry, request } from "./support/records.mjs";
import { snapshot, withStores } from "./support/store.mjs";

const { db, store } = await withStores();

const SECRET = "salary-of-Ada";
const CORRUPT = [
  `{"id":"r","message":"${SECRET}"`,
  `{"id":"r","message":"${SECRET}"}}`,
  `{"id":"r"}{"message":"${SECRET}"}`,
  `{"id":"r","message":"${SECRET}",}`,
  `{'id':'r','message':'${SECRET}'}`,
  `{"id":"r","message":"${SECRET}\n"}`,
  `{"id":"r","message":"${SECRET}","n":01}`,
  `{"id":"r","message":"${SECRET}","n":NaN}`,
  `{"id":"r","message":"\\x${SECRET}"}`,
  `\ufeff{"id":"r","message":"${SECRET}"}`,
  `["${SECRET}"]`,
  `"${SECRET}"`,
  `${SECRET}`,
  "null",
  "5",
  "true",
  " ",
];

/** What `process.emitWarning` has reported so far. */
const warnings = [];
process.on("warning", (warning) => warnings.push(warning));

/** Warnings are delivered on a later tick. */
const delivered = () => new Promise((resolve) => setImmediate(resolve));

function assertDiscreet(error, id) {
  assert.ok(error.message.includes(id), `${error.message} does not name ${id}`);
  assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(SECRET), "the error shows content");
  return error;
}

for (const text of CORRUPT) {
  const name = JSON.stringify(text.replace(SECRET, "…"));

  test(`${name} is refused by whoever needs that one request, naming the id`, async () => {
    const { state, keys } = store();
    await state.create(request({ id: "r-17", token: "t", batchId: "b", batchIndex: 0 }));
    await state.setExternalId("r-17", "x");
    await db.set(keys.request("r-17"), text);
    const before = await snapshot(db, keys.prefix);
    const calls = [
      state.get("r-17"),
      state.findByToken("t"),
      state.findByExternalId("x"),
      state.listByBatch("b"),
      state.resolve("r-17", decision("r-17")),
      state.setExternalId("r-17", "y"),
      state.setExternalId("r-17", "y", "inbox"),
    ];
    await Promise.all(calls.map(async (call) => assertDiscreet(await refuses(call, "CORRUPT_RECORD"), "r-17")));
    assertDiscreet(await refuses(state.create(request({ id: "r-17" }))), "r-17");
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });

  test(`${name} is refused by whoever needs that batch or delivery, naming the id`, async () => {
    const { state, keys } = store();
    await state.ensureSchema();
    await db.mset(keys.batch("b-17"), text, keys.delivery("d-17"), text);
    const before = await snapshot(db, keys.prefix);
    for (const [id, read, write] of [
      ["b-17", "getBatch", "setBatchExternalId"],
      ["d-17", "getNotifyDelivery", "setNotifyDeliveryExternalId"],
    ]) {
      assertDiscreet(await refuses(state[read](id), "CORRUPT_RECORD"), id);
      assertDiscreet(await refuses(state[write](id, "x"), "CORRUPT_RECORD"), id);
    }
    assertDiscreet(await refuses(state.createBatch(batch({ id: "b-17" }))), "b-17");
    assertDiscreet(await refuses(state.createNotifyDelivery(delivery({ id: "d-17" }))), "d-17");
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });

  test(`${name} is skipped by list and timeline, which go on`, async () => {
    const { state, keys } = store();
    await fill(db, keys, series(5));
    for (const id of ["a", "b", "c"]) await state.appendTimeline(entry({ id }));
    await db.mset(keys.request("r0004"), text, keys.request("r0002"), text, keys.entry("b"), text);
    assert.deepEqual((await pages(state, { limit: 1 })).flatMap(idsOf), ["r0003", "r0001", "r0000"]);
    assert.deepEqual(idsOf((await state.list({ status: "pending", namespace: "global" })).items), [
      "r0003",
      "r0001",
      "r0000",
    ]);
    assert.deepEqual(idsOf(await state.timeline("thread")), ["a", "c"]);
    assert.equal(await state.count(), 5);
  });
}

test("list and timeline report each corrupt key once through process.emitWarning, without its content", async () => {
  const { state, keys } = store();
  await fill(db, keys, series(4));
  await state.appendTimeline(entry({ id: "event" }));
  await db.mset(keys.request("r0001"), CORRUPT[0], keys.request("r0002"), CORRUPT[1], keys.entry("event"), CORRUPT[2]);
  await delivered();
  warnings.length = 0;
  for (let i = 0; i < 3; i++) {
    await state.list();
    await state.list({ status: "pending", limit: 1 });
    await state.timeline("thread");
  }
  await delivered();
  for (const key of [keys.request("r0001"), keys.request("r0002"), keys.entry("event")]) {
    assert.equal(warnings.filter((warning) => warning.message.includes(key)).length, 1, key);
  }
  assert.equal(warnings.length, 3);
  assert.ok(!inspect(warnings, { depth: 9 }).includes(SECRET));
});

test("bytes that are no UTF-8 inside a text disturb nobody else", async () => {
  const { state, keys } = store();
  await fill(db, keys, series(3));
  const text = JSON.stringify({
    ...request({ id: "r0001" }),
    status: "pending",
    createdAt: "2026-01-01T00:00:00.001Z",
  });
  const [before, after] = text.split("May I");
  await db.set(
    keys.request("r0001"),
    Buffer.concat([Buffer.from(before), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from(after)]),
  );
  const { items } = await state.list();
  assert.deepEqual(idsOf(items), ["r0002", "r0001", "r0000"]);
  assert.deepEqual(items[1], await state.get("r0001"), "read as ioredis would: with replacement characters");
  assert.ok(items[1].message.startsWith("\ufffd"));
});

test("an index that points to a missing record is null", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  await db.mset(keys.token("t"), "nobody", keys.externalId("x"), "nobody", keys.token("empty"), "");
  await db.set(keys.request("void"), "");
  await db.set(keys.token("v"), "void");
  assert.equal(await state.findByToken("t"), null);
  assert.equal(await state.findByExternalId("x"), null);
  assert.equal(await state.findByToken("empty"), null);
  assert.equal(await state.findByToken("v"), null);
  assert.equal(await state.get("void"), null);
});

test("an empty string in place of a request reads as missing, and a request can be created there", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  await db.set(keys.request("r"), "");
  await refuses(state.resolve("r", decision("r")), "UNKNOWN_REQUEST");
  await refuses(state.setExternalId("r", "x"), "UNKNOWN_REQUEST");
  await state.create(request({ id: "r" }));
  assert.equal((await state.get("r")).id, "r");
});

test("a key of another type in place of a record rejects with the server's words", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  await db.lpush(keys.request("r"), "x");
  await db.lpush(keys.batch("b"), "x");
  await db.lpush(keys.delivery("d"), "x");
  await db.lpush(keys.token("t"), "x");
  await db.lpush(keys.thread("h"), "x");
  const calls = [state.getBatch("b"), state.getNotifyDelivery("d"), state.findByToken("t"), state.timeline("h")];
  await Promise.all(calls.map((call) => refuses(call, "WRONGTYPE", /^WRONGTYPE Operation against a key/)));
  await refuses(state.resolve("r", decision("r")), "WRONGTYPE");
});
