// Calls take effect in the order in which they are made on one client, awaited or not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { sound } from "./support/assertions.mjs";
import { shuffled } from "./support/chance.mjs";
import { violations } from "./support/invariants.mjs";
import { buildLayout1 } from "./support/javascript-version.mjs";
import { keysOf } from "./support/layout.mjs";
import { monitored } from "./support/monitor.mjs";
import { withProxy } from "./support/proxy.mjs";
import { decision, request, unique } from "./support/records.mjs";
import { Redis5, Redis6, withRedis } from "./support/redis.mjs";
import { each, numbered } from "./support/writes.mjs";

const LIBRARIES = { "ioredis 5": Redis5, "ioredis 6": Redis6 };
const PAIRS = 500;

const server = await withRedis();
const db = server.client();
const freshTable = () => unique("order").replace("-", "_");

/** Sets and reads one external id again and again, without waiting: each read sees the value set before it. */
async function setsAndReads(stateOf, id) {
  const calls = [];
  for (let n = 0; n < PAIRS; n++) {
    stateOf(2 * n).setExternalId(id, `x${n}`);
    calls.push(stateOf(2 * n + 1).get(id));
  }
  for (const [n, record] of (await Promise.all(calls)).entries()) {
    assert.equal(record.externalId, `x${n}`, `read number ${n}`);
  }
}

/** Leaves the record as Lua's cjson might: in another order of keys. */
async function reorder(key) {
  const record = JSON.parse(await db.get(key));
  await db.set(key, JSON.stringify(Object.fromEntries(shuffled(Object.entries(record)))));
}

for (const [name, Library] of Object.entries(LIBRARIES)) {
  test(`1,000 un-awaited calls in a row take effect in their order (${name})`, async () => {
    const state = new IoredisState(server.client({}, Library), { tableName: freshTable() });
    await state.create(request({ id: "one" }));
    await setsAndReads(() => state, "one");
  });

  test(`1,000 un-awaited calls right at the start, before connection and schema, take effect in their order (${name})`, async () => {
    const state = new IoredisState(server.client({}, Library), { tableName: freshTable() });
    const created = state.create(request({ id: "one" }));
    await setsAndReads(() => state, "one");
    await created;
  });

  test(`1,000 un-awaited calls on instances that share a client take effect in their order (${name})`, async () => {
    const client = server.client({}, Library);
    const tableName = freshTable();
    const states = Array.from({ length: 5 }, () => new IoredisState(client, { tableName }));
    const created = states[0].create(request({ id: "one" }));
    // Each instance has yet to make sure of the schema when its first call comes.
    await setsAndReads((n) => states[n % states.length], "one");
    await created;
  });
}

test("calls that need several round trips keep their place among 1,000 others", async () => {
  const tableName = freshTable();
  const state = new IoredisState(server.client(), { tableName });
  await state.create(request({ id: "one" }));
  await reorder(keysOf(tableName).request("one"));
  await setsAndReads(() => state, "one");
});

test("a whole life of a record in another order of keys, un-awaited: each call sees what was called before it", async () => {
  const tableName = freshTable();
  const client = server.client();
  const [a, b] = [new IoredisState(client, { tableName }), new IoredisState(client, { tableName })];
  const keys = keysOf(tableName);
  const ids = Array.from({ length: 100 }, (_, n) => numbered(n));
  await each(ids, (id) => a.create(request({ id })));
  await each(ids, (id) => reorder(keys.request(id)));
  const lives = ids.map((id) => [
    a.get(id),
    b.setExternalId(id, `slack-${id}`),
    a.get(id),
    a.findByExternalId(`slack-${id}`),
    b.resolve(id, decision(id)),
    a.get(id),
    a.setExternalId(id, `inbox-${id}`, "inbox"),
    b.get(id),
  ]);
  for (const life of lives) {
    const [fresh, , sent, found, , decided, , last] = await Promise.all(life);
    assert.deepEqual([fresh.status, fresh.externalId], ["pending", undefined]);
    assert.deepEqual([sent.status, sent.externalId], ["pending", `slack-${sent.id}`]);
    assert.deepEqual(found, sent);
    assert.deepEqual([decided.status, decided.externalIds.inbox], ["resolved", undefined]);
    assert.equal(last.externalIds.inbox, `inbox-${last.id}`);
  }
  assert.equal(await a.count({ status: "resolved" }), 100);
  sound(await violations(db, keys.prefix));
});

test("an instance whose store has yet to be migrated does not let later calls of another one pass it", async () => {
  const [old, current] = [freshTable(), freshTable()];
  const records = Array.from({ length: 300 }, (_, n) => ({
    ...request({ id: numbered(n) }),
    status: "pending",
    createdAt: new Date(1.7e12 + n).toISOString(),
  }));
  await buildLayout1(db, old, records);
  const client = server.client();
  const here = new IoredisState(client, { tableName: current });
  await here.ensureSchema();
  const there = new IoredisState(client, { tableName: old });
  const { commands } = await monitored(server, () =>
    Promise.all([
      here.create(request({ id: "first" })),
      there.create(request({ id: "second" })),
      here.create(request({ id: "third" })),
      there.create(request({ id: "fourth" })),
    ]),
  );
  const made = commands
    .filter(({ name, words }) => name === "SET" && /:req:(first|second|third|fourth)$/.test(words[1]))
    .map(({ words }) => words[1].split(":").at(-1));
  assert.deepEqual(made, ["first", "second", "third", "fourth"]);
});

test("calls keep their order when the connection breaks in the middle of 1,000 of them", async () => {
  const proxy = await withProxy(server);
  const client = server.client({ port: proxy.port, maxRetriesPerRequest: null, retryStrategy: () => 1 });
  const state = new IoredisState(client, { tableName: freshTable() });
  await state.create(request({ id: "one" }));
  for (const [n, cut] of ["cutRequestAfter", "cutReplyAfter", "cutRequestAfter", "cutReplyAfter"].entries()) {
    await state.get("one");
    const fault = proxy[cut](n < 2 ? 20_000 : 50_000);
    const reads = [];
    for (let i = 0; i < PAIRS; i++) {
      state.setExternalId("one", `${n}-${numbered(i)}`);
      reads.push(state.get("one"));
    }
    // A read that is sent again may see later writes of the caller, never fewer than were called before it.
    for (const [i, record] of (await Promise.all(reads)).entries()) {
      assert.ok(record.externalId >= `${n}-${numbered(i)}`, `read ${i} saw ${record.externalId}`);
    }
    assert.equal((await state.get("one")).externalId, `${n}-${numbered(PAIRS - 1)}`);
    assert.ok(fault.happened, "the connection was not cut");
  }
});

test("calls made while the server is away take effect in their order when it is back", async () => {
  const away = await withRedis({ persistence: "always" });
  const client = away.client({ maxRetriesPerRequest: null, retryStrategy: () => 5 });
  const state = new IoredisState(client, { tableName: freshTable() });
  await state.create(request({ id: "one" }));
  await away.kill();
  const work = setsAndReads(() => state, "one");
  await away.restart();
  await work;
});

test("10,000 calls in flight at once are all answered, in one order of creation", async () => {
  const tableName = freshTable();
  const state = new IoredisState(server.client(), { tableName });
  const ids = Array.from({ length: 10_000 }, (_, n) => numbered(n));
  const calls = ids.map((id) => state.create(request({ id })));
  await Promise.all(calls);
  assert.equal(await state.count({ status: "pending" }), 10_000);
  await Promise.all(ids.map((id) => state.resolve(id, decision(id))));
  assert.equal(await state.count({ status: "resolved" }), 10_000);
  const records = await Promise.all(ids.map((id) => state.get(id)));
  assert.deepEqual(
    records.map(({ id, result }) => [id, result.id]),
    ids.map((id) => [id, id]),
  );
  const times = records.map(({ createdAt }) => createdAt);
  assert.deepEqual(times, [...times].sort(), "createdAt is the time of the call");
  sound(await violations(db, keysOf(tableName).prefix));
});
