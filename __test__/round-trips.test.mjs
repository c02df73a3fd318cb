// CONTRACT section 5: what each method costs in round trips once the connection and the schema are up,
// counted by a proxy between the store and the server, not timed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { withProxy } from "./support/proxy.mjs";
import { batch, decision, delivery, entry, request } from "./support/records.mjs";
import { Redis5, Redis6 } from "./support/redis.mjs";
import { withStores } from "./support/store.mjs";

const { server, db, store } = await withStores();
const proxy = await withProxy(server);

/** A store behind the proxy, connected, with a request, a batch, a delivery and a thread in it. */
async function connected(Library = Redis5) {
  const it = store({ client: server.client({ port: proxy.port, connectionName: "app" }, Library) });
  const { state } = it;
  await state.ensureSchema();
  await state.create(request({ id: "r", token: "t", batchId: "b", batchIndex: 0 }));
  await state.setExternalId("r", "x");
  await state.createBatch(batch({ id: "b" }));
  await state.createNotifyDelivery(delivery({ id: "d" }));
  await state.appendTimeline(entry({ id: "e", threadId: "h" }));
  return it;
}

/** One call of each method, and how many round trips it may take. */
const CALLS = [
  ["ensureSchema on a current store", 1, (s) => s.ensureSchema()],
  ["create", 1, (s) => s.create(request({ id: "new" }))],
  ["create of a batch item", 1, (s) => s.create(request({ id: "item", batchId: "b", batchIndex: 1 }))],
  ["create again", 1, (s) => s.create(request({ id: "r", token: "t", batchId: "b", batchIndex: 0 }))],
  ["get", 1, (s) => s.get("r")],
  ["get of nobody", 1, (s) => s.get("nobody")],
  ["findByExternalId", 1, (s) => s.findByExternalId("x")],
  ["findByExternalId of nobody", 1, (s) => s.findByExternalId("nobody")],
  ["findByToken", 1, (s) => s.findByToken("t")],
  ["setExternalId", 1, (s) => s.setExternalId("r", "y")],
  ["setExternalId of a plugin", 1, (s) => s.setExternalId("r", "z", "inbox")],
  ["resolve", 1, (s) => s.resolve("r", decision("r"))],
  ["resolve of a resolved request", 1, (s) => s.resolve("r", decision("r")).catch(() => {})],
  ["setExternalId on a resolved request", 1, (s) => s.setExternalId("r", "w")],
  ["list", 2, (s) => s.list()],
  ["list with filter and limit", 2, (s) => s.list({ status: "pending", namespace: "global", limit: 1 })],
  ["count", 1, (s) => s.count({ status: "pending" })],
  ["createBatch", 1, (s) => s.createBatch(batch({ id: "b2" }))],
  ["getBatch", 1, (s) => s.getBatch("b")],
  ["setBatchExternalId", 1, (s) => s.setBatchExternalId("b", "bx")],
  ["listByBatch", 2, (s) => s.listByBatch("b")],
  ["appendTimeline", 1, (s) => s.appendTimeline(entry({ id: "e2", threadId: "h" }))],
  ["timeline", 2, (s) => s.timeline("h")],
  ["createNotifyDelivery", 1, (s) => s.createNotifyDelivery(delivery({ id: "d2" }))],
  ["getNotifyDelivery", 1, (s) => s.getNotifyDelivery("d")],
  ["setNotifyDeliveryExternalId", 1, (s) => s.setNotifyDeliveryExternalId("d", "dx")],
];

for (const [version, Library] of [
  [5, Redis5],
  [6, Redis6],
]) {
  test(`one round trip per method once connected, two at most for lists (ioredis ${version})`, async () => {
    const { state } = await connected(Library);
    const over = [];
    for (const [name, allowed, call] of CALLS) {
      const { turns, commands, connections } = await proxy.measure(() => call(state));
      assert.ok(turns >= 1, `${name} was not seen by the proxy`);
      if (turns > allowed || connections > 0) over.push(`${name}: ${turns} instead of ${allowed} (${commands})`);
    }
    assert.deepEqual(over, []);
  });
}

test("the second page of a list takes two round trips at most", async () => {
  const { state } = await connected();
  for (let i = 0; i < 5; i++) await state.create(request());
  const { nextCursor } = await state.list({ limit: 2 });
  const { turns, value } = await proxy.measure(() => state.list({ limit: 2, cursor: nextCursor }));
  assert.equal(value.items.length, 2);
  assert.ok(turns <= 2, `${turns} round trips`);
});

test("a full page of 50 takes two round trips at most", async () => {
  const { state } = await connected();
  await Promise.all(Array.from({ length: 60 }, () => state.create(request())));
  const { turns, value } = await proxy.measure(() => state.list({ status: "pending" }));
  assert.equal(value.items.length, 50);
  assert.ok(turns <= 2, `${turns} round trips`);
});

test("1,000 items of a list, a batch and a thread take two round trips at most", async () => {
  const { state } = await connected();
  const numbers = Array.from({ length: 1000 }, (_, i) => i);
  await Promise.all(numbers.map((batchIndex) => state.create(request({ batchId: "all", batchIndex }))));
  await Promise.all(numbers.map(() => state.appendTimeline(entry({ threadId: "long" }))));
  for (const [name, read] of [
    ["list", () => state.list({ limit: 1000 }).then((page) => page.items)],
    ["listByBatch", () => state.listByBatch("all")],
    ["timeline", () => state.timeline("long")],
  ]) {
    const { turns, value, commands } = await proxy.measure(read);
    assert.equal(value.length, 1000);
    assert.ok(turns <= 2, `${name}: ${turns} round trips (${commands})`);
  }
});

test("the schema check of a fresh instance on a current store takes one round trip", async () => {
  const { state, client, tableName } = await connected();
  const usual = (await proxy.measure(() => state.get("r"))).turns;
  const fresh = new IoredisState(client, { tableName });
  const first = (await proxy.measure(() => fresh.get("r"))).turns;
  assert.ok(first <= usual + 1, `${first} round trips for the first call, ${usual} for the next ones`);
  assert.equal((await proxy.measure(() => fresh.get("r"))).turns, usual);
});

test("ten calls on a fresh instance share one schema check", async () => {
  const { client, tableName } = await connected();
  const fresh = new IoredisState(client, { tableName });
  const { commands } = await proxy.measure(() => Promise.all(Array.from({ length: 10 }, () => fresh.count())));
  assert.equal(commands.filter((name) => name === "ZCARD").length, 10);
  assert.equal(commands.filter((name) => name === "SMEMBERS").length, 1, commands.join(" "));
});

for (const [name, change] of [
  [
    "a record of layout 2",
    (keys) =>
      db.set(
        keys.request("old"),
        '{"id":"old","token":"o","channel":"slack","message":"m","status":"pending","createdAt":"2026-01-01T00:00:00.000Z"}',
      ),
  ],
  [
    "a record in another order",
    (keys) =>
      db.set(
        keys.request("old"),
        '{"status":"pending","createdAt":"2026-01-01T00:00:00.000Z","channel":"slack","id":"old"}',
      ),
  ],
  [
    "a record with white space",
    (keys) =>
      db.set(
        keys.request("old"),
        '{ "id": "old", "channel": "slack", "status": "pending", "createdAt": "2026-01-01T00:00:00.000Z" }',
      ),
  ],
]) {
  test(`changing ${name} takes three round trips at most`, async () => {
    const { state, keys } = await connected();
    await change(keys);
    const set = await proxy.measure(() => state.setExternalId("old", "ox"));
    assert.ok(set.turns <= 3, `setExternalId: ${set.turns} round trips (${set.commands})`);
    const decided = await proxy.measure(() => state.resolve("old", decision("old")));
    assert.ok(decided.turns <= 3, `resolve: ${decided.turns} round trips (${decided.commands})`);
  });
}

test("a record of 1 MB is changed in one round trip", async () => {
  const { state } = await connected();
  await state.create(request({ id: "big", context: { text: "x".repeat(1_000_000) } }));
  assert.equal((await proxy.measure(() => state.setExternalId("big", "bx1"))).turns, 1);
  assert.equal((await proxy.measure(() => state.resolve("big", decision("big")))).turns, 1);
});

test("1,000 un-awaited reads share round trips", async () => {
  const { state } = await connected();
  const { turns } = await proxy.measure(() => Promise.all(Array.from({ length: 1000 }, () => state.get("r"))));
  assert.ok(turns < 250, `${turns} round trips for 1,000 calls`);
});

test("the store's connection is named after the caller's", async () => {
  await connected();
  assert.ok(proxy.store.every((link) => link.name === "app:hitl"));
  const names = (await db.client("LIST")).match(/name=\S*hitl/g);
  assert.ok(names.includes("name=app:hitl"));
});
