// Retention: `purge` deletes what was resolved before a date, with everything that belongs to it, and nothing else.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import RedisMock from "ioredis-mock";
import { IoredisState } from "../index.js";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { JavascriptVersion } from "./support/javascript-version.mjs";
import { batch, decision, delivery, entry, request } from "./support/records.mjs";
import { keysUnder, snapshot, withStores } from "./support/store.mjs";
import { each, numbered } from "./support/writes.mjs";

const { server, db, store } = await withStores();

const OLD = Date.parse("2024-01-01T00:00:00.000Z");
const DATE = new Date("2025-01-01T00:00:00.000Z");
const NOTHING = { requests: 0, batches: 0, timelineEntries: 0, deliveries: 0, more: false };

mock.timers.enable({ apis: ["Date"], now: OLD });

/** Runs `work` at this time of the process's clock, which is otherwise that of long ago. */
async function at(time, work) {
  mock.timers.setTime(Number(time));
  try {
    return await work();
  } finally {
    mock.timers.setTime(OLD);
  }
}

async function resolved(state, overrides) {
  const record = request(overrides);
  await state.create(record);
  await state.resolve(record.id, decision(record.id));
  return record;
}

/** What is left besides the ledger. */
const left = async (keys) => (await keysUnder(db, `${keys.prefix}:`)).filter((key) => key !== keys.migrations);

test("a resolved request goes with its indexes, external ids, marker, batch, timelines and deliveries", async () => {
  const { state, keys } = store();
  await state.createBatch(batch({ id: "run" }));
  await state.setBatchExternalId("run", "b-1");
  await state.setBatchExternalId("run", "b-2", "inbox");
  for (const [id, batchIndex] of [
    ["one", 0],
    ["two", 1],
  ]) {
    await resolved(state, { id, namespace: "finance", batchId: "run", batchIndex });
    await state.setExternalId(id, `x-${id}`);
    await state.setExternalId(id, `y-${id}`, "inbox");
    await state.appendTimeline(entry({ id: `e-${id}`, threadId: id }));
    await state.createNotifyDelivery(delivery({ id: `d-${id}`, groupId: id }));
    await state.setNotifyDeliveryExternalId(`d-${id}`, `n-${id}`);
  }
  for (let n = 0; n < 100; n++) await state.appendTimeline(entry({ id: `e-${n}`, threadId: "run" }));
  await state.createNotifyDelivery(delivery({ id: "d-run", groupId: "run" }));
  const expected = { requests: 2, batches: 1, timelineEntries: 102, deliveries: 3, more: false };
  const before = await snapshot(db, keys.prefix);
  assert.deepEqual(await state.purge({ resolvedBefore: DATE, dryRun: true }), expected);
  assert.deepEqual(await snapshot(db, keys.prefix), before, "a dry run changes nothing");
  assert.deepEqual(await state.purge({ resolvedBefore: DATE }), expected);
  assert.deepEqual(await left(keys), []);
  assert.deepEqual(await state.purge({ resolvedBefore: DATE }), NOTHING);
});

test("a thread of any length goes with its request, in one purge", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  const ids = Array.from({ length: 5000 }, (_, n) => `e-${n}`);
  for (const id of ["long", "short"]) await resolved(state, { id });
  await each(ids, async (id) => {
    await db.set(keys.entry(id), JSON.stringify(entry({ id, threadId: "long" })));
    await db.zadd(keys.thread("long"), 1, id);
  });
  // Of this one only the places in the thread are left.
  await each(ids, (id) => db.zadd(keys.thread("short"), 1, `gone-${id}`));
  const purged = await state.purge({ resolvedBefore: DATE });
  assert.deepEqual(purged, { ...NOTHING, requests: 2, timelineEntries: 5000 });
  assert.deepEqual(await left(keys), []);
});

test("what is pending, too young or of others stays as it is, byte for byte", async () => {
  const { state, keys } = store();
  await state.create(request({ id: "pending", batchId: "run", batchIndex: 0 }));
  await state.createBatch(batch({ id: "run" }));
  await at(DATE, () => resolved(state, { id: "young" }));
  // Created long ago, decided just now.
  await state.create(request({ id: "late" }));
  await at(DATE, () => state.resolve("late", decision("late")));
  await state.appendTimeline(entry({ threadId: "elsewhere" }));
  await state.createNotifyDelivery(delivery({ groupId: "finance" }));
  await state.createNotifyDelivery(delivery({ groupId: "pending" }));
  await state.createNotifyDelivery(delivery({ groupId: "run" }));
  const before = await snapshot(db, keys.prefix);
  await resolved(state, { id: "gone", batchId: "run", batchIndex: 1 });
  assert.deepEqual(await state.purge({ resolvedBefore: DATE }), { ...NOTHING, requests: 1 });
  assert.deepEqual(await snapshot(db, keys.prefix), before);
  sound(await violations(db, keys.prefix));
  // The date itself is not before the date.
  assert.deepEqual(await state.purge({ resolvedBefore: new Date(Number(DATE) + 1), dryRun: true }), {
    ...NOTHING,
    requests: 2,
  });
});

test("a token and external ids that lead to somebody else by now stay with them", async () => {
  const { state, keys } = store();
  const old = await resolved(state, { id: "old", token: "t" });
  await state.setExternalId("old", "x");
  await state.create(request({ id: "new", token: "t" }));
  await state.setExternalId("new", "x");
  await state.purge({ resolvedBefore: DATE });
  assert.equal(await state.get(old.id), null);
  assert.equal((await state.findByToken("t")).id, "new");
  assert.equal((await state.findByExternalId("x")).id, "new");
  sound(await violations(db, keys.prefix));
});

test("a limit is kept, `more` says whether it held something back, and the oldest go first", async () => {
  const { state } = store();
  for (let n = 0; n < 75; n++) {
    mock.timers.setTime(OLD + n);
    await resolved(state, { id: numbered(n) });
  }
  mock.timers.setTime(OLD);
  const purge = (limit) => state.purge({ resolvedBefore: DATE, limit });
  assert.deepEqual(await state.purge({ resolvedBefore: DATE, limit: 40, dryRun: true }), {
    ...NOTHING,
    requests: 40,
    more: true,
  });
  assert.deepEqual(await purge(1), { ...NOTHING, requests: 1, more: true });
  assert.equal(await state.get(numbered(0)), null);
  assert.deepEqual(await purge(64), { ...NOTHING, requests: 64, more: true });
  assert.deepEqual(await purge(10), { ...NOTHING, requests: 10, more: false });
  assert.deepEqual(await purge(10), NOTHING);
});

test("requests that are kept do not hide those behind them", async () => {
  const { state, keys } = store();
  for (let n = 0; n < 200; n++) {
    mock.timers.setTime(OLD + n);
    await state.create(request({ id: numbered(n) }));
    const isKept = n % 50 !== 49;
    mock.timers.setTime(isKept ? Number(DATE) : OLD + n);
    await state.resolve(numbered(n), decision(numbered(n)));
  }
  mock.timers.setTime(OLD);
  assert.deepEqual(await state.purge({ resolvedBefore: DATE }), { ...NOTHING, requests: 4 });
  sound(await violations(db, keys.prefix));
});

test("what JavaScript has decided goes as well; what it has put back to pending only with a witness who knows when", async () => {
  const { state, keys } = store();
  const javascript = new JavascriptVersion(db, keys.prefix);
  const long = new Date(OLD).toISOString();
  await state.ensureSchema();
  await javascript.create(request({ id: "theirs", context: { list: [] } }), long);
  await javascript.resolve("theirs", decision("theirs"), long);
  for (const id of ["marked", "unmarked"]) {
    await state.create(request({ id }));
    const stale = await javascript.readForExternalId(id);
    await at(OLD + 1, () => state.resolve(id, decision(id)));
    await javascript.writeExternalId(stale, `late-${id}`);
  }
  await db.del(keys.marker("unmarked"));
  const kept = await snapshot(db, keys.request("unmarked"));
  assert.deepEqual(await state.purge({ resolvedBefore: DATE }), { ...NOTHING, requests: 2 });
  assert.deepEqual(await snapshot(db, keys.request("unmarked")), kept);
  assert.equal((await state.get("unmarked")).status, "resolved");
  assert.equal(await state.get("marked"), null);
});

test("corrupt, undated and missing records are left to verify", async () => {
  const { state, keys } = store();
  for (const id of ["corrupt", "undated", "missing"]) await resolved(state, { id });
  await db.set(keys.request("corrupt"), "{");
  await db.set(keys.request("undated"), '{"id":"undated","status":"resolved"}');
  await db.del(keys.request("missing"));
  const before = await snapshot(db, keys.prefix);
  assert.deepEqual(await state.purge({ resolvedBefore: DATE }), NOTHING);
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("an entry that was written again into another thread stays there", async () => {
  const { state, keys } = store();
  await resolved(state, { id: "r" });
  await state.appendTimeline(entry({ id: "moved", threadId: "elsewhere" }));
  await db.zadd(keys.thread("r"), 1, "moved", 2, "missing");
  assert.equal((await state.purge({ resolvedBefore: DATE })).timelineEntries, 0);
  assert.equal((await state.timeline("elsewhere")).length, 1);
  sound(await violations(db, keys.prefix));
});

test("ids that share keys with parts of the layout harm nobody", async () => {
  const { state, keys } = store();
  await state.appendTimeline(entry({ id: "x", threadId: "other" }));
  await resolved(state, { id: "entry:x", token: "" });
  assert.deepEqual(await state.purge({ resolvedBefore: DATE }), { ...NOTHING, requests: 1 });
  assert.equal((await state.timeline("other")).length, 1);
  sound(await violations(db, keys.prefix));
});

test("an id that is created anew while it is purged: there is either the whole new request or the whole old one", async () => {
  const { state, tableName, keys } = store();
  const other = new IoredisState(server.client(), { tableName });
  const javascript = new JavascriptVersion(server.client(), keys.prefix);
  for (let n = 0; n < 40; n++) {
    const ids = Array.from({ length: 20 }, (_, i) => numbered(20 * n + i));
    await each(ids, (id) => resolved(state, { id }));
    const again = (id, i) => (i % 2 ? javascript : other).create(request({ id, message: "again" })).catch((e) => e);
    await Promise.all([state.purge({ resolvedBefore: DATE }), ...ids.map(again)]);
    for (const [i, id] of ids.entries()) {
      // Not by `get`, which takes what JavaScript overwrites for a decision undone, and restores it.
      const record = JSON.parse(await db.get(keys.request(id)));
      // JavaScript overwrites whatever is there; ours refuses while the old one lives.
      if (i % 2) assert.equal(record.message, "again");
      if (record?.message === "again") assert.equal(await db.zscore(keys.status("pending"), id), String(OLD));
    }
    await state.purge({ resolvedBefore: DATE });
  }
});

test("purged by two at once while others decide and create: nothing pending goes, nothing is half gone", async () => {
  const { state, tableName, keys } = store();
  const other = new IoredisState(server.client(), { tableName });
  const ids = Array.from({ length: 300 }, (_, n) => numbered(n));
  await each(ids, (id, n) => resolved(state, { id, batchId: `b${n % 7}`, batchIndex: n }));
  await each(Array.from({ length: 7 }), (_, n) => state.createBatch(batch({ id: `b${n}` })));
  const live = Array.from({ length: 200 }, (_, n) => `live-${n}`);
  const [one, two] = await Promise.all([
    state.purge({ resolvedBefore: DATE }),
    other.purge({ resolvedBefore: DATE }),
    each(live, async (id, n) => {
      await other.create(request({ id, batchId: `c${n % 7}`, batchIndex: n }));
      await other.setExternalId(id, `x-${id}`);
    }),
  ]);
  assert.equal(one.requests + two.requests, 300);
  assert.equal(one.batches + two.batches, 7);
  assert.equal(await state.count(), 200);
  sound(await violations(db, keys.prefix));
});

test("calls made while it runs are answered between its steps", async () => {
  const { state } = store();
  await each(
    Array.from({ length: 600 }, (_, n) => numbered(n)),
    (id) => resolved(state, { id }),
  );
  const order = [];
  const purged = state.purge({ resolvedBefore: DATE }).then(() => order.push("purged"));
  await state.create(request({ id: "new" })).then(() => order.push("created"));
  await purged;
  assert.deepEqual(order, ["created", "purged"]);
});

test("a key of another type stops it with the server's words, and nothing of that request is gone", async () => {
  const { state, keys } = store();
  await resolved(state, { id: "r" });
  await db.del(keys.namespace("global"));
  await db.set(keys.namespace("global"), "no set");
  const before = await snapshot(db, keys.prefix);
  await refuses(state.purge({ resolvedBefore: DATE }), "WRONGTYPE");
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("a server that is full can be purged", async (context) => {
  const { state, keys } = store();
  await resolved(state, { id: "r" });
  await db.config("SET", "maxmemory", 1);
  context.after(() => db.config("SET", "maxmemory", 0));
  await refuses(state.create(request()), "OOM");
  assert.equal((await state.purge({ resolvedBefore: DATE })).requests, 1);
  await db.config("SET", "maxmemory", 0);
  assert.deepEqual(await left(keys), []);
});

for (const [name, options, message] of [
  ["nothing", undefined, /options/],
  ["null", null, /options/],
  ["no date", {}, /resolvedBefore/],
  ["a text", { resolvedBefore: "2025-01-01" }, /resolvedBefore/],
  ["a number", { resolvedBefore: 0 }, /resolvedBefore/],
  ["no valid date", { resolvedBefore: new Date(Number.NaN) }, /resolvedBefore/],
  ["a limit of 0", { resolvedBefore: DATE, limit: 0 }, /limit/],
  ["a limit that is not whole", { resolvedBefore: DATE, limit: 1.5 }, /limit/],
  ["a limit that is no number", { resolvedBefore: DATE, limit: "5" }, /limit/],
  ["dryRun that is no boolean", { resolvedBefore: DATE, dryRun: 1 }, /dryRun/],
]) {
  test(`${name}: refused with a TypeError`, async () => {
    const { state, keys } = store();
    const error = await refuses(state.purge(options), "INVALID_ARGUMENT", message);
    assert.ok(error instanceof TypeError);
    assert.deepEqual(await keysUnder(db, keys.prefix), []);
  });
}

test("a client's keyPrefix is in front of everything", async () => {
  const { state, keys } = store({ client: server.client({ keyPrefix: "tenant[1]:" }) });
  await resolved(state, { id: "r" });
  await state.createNotifyDelivery(delivery({ groupId: "r" }));
  await state.appendTimeline(entry({ threadId: "r" }));
  assert.deepEqual(await state.purge({ resolvedBefore: DATE }), {
    requests: 1,
    batches: 0,
    timelineEntries: 1,
    deliveries: 1,
    more: false,
  });
  assert.deepEqual(await left(keys), []);
});

test("on ioredis-mock it does the same", async () => {
  const redis = new RedisMock({ port: 21_000 });
  const state = new IoredisState(redis);
  await state.createBatch(batch({ id: "run" }));
  await resolved(state, { id: "r", batchId: "run", batchIndex: 0 });
  await state.setExternalId("r", "x");
  await state.appendTimeline(entry({ threadId: "r" }));
  await state.createNotifyDelivery(delivery({ groupId: "run" }));
  const expected = { requests: 1, batches: 1, timelineEntries: 1, deliveries: 1, more: false };
  assert.deepEqual(await state.purge({ resolvedBefore: DATE, dryRun: true }), expected);
  assert.deepEqual(await state.purge({ resolvedBefore: DATE }), expected);
  assert.deepEqual(await redis.keys("*"), ["hitl:human_requests:meta:migrations"]);
});
