// CONTRACT section 2: what the module exports and what its constructor accepts.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as imported from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { request } from "./support/records.mjs";
import { freePort, Redis5, Redis6 } from "./support/redis.mjs";
import { keysOf, keysUnder, withStores } from "./support/store.mjs";

const { IoredisState } = imported;
const { server, client, db, store } = await withStores();

const METHODS = [
  "ensureSchema",
  "create",
  "get",
  "findByExternalId",
  "findByToken",
  "setExternalId",
  "resolve",
  "list",
  "count",
  "createBatch",
  "getBatch",
  "setBatchExternalId",
  "listByBatch",
  "appendTimeline",
  "timeline",
  "createNotifyDelivery",
  "getNotifyDelivery",
  "setNotifyDeliveryExternalId",
  "purge",
  "verify",
];

test("import and require give the same class and constants, and nothing else", () => {
  const required = createRequire(import.meta.url)("../index.js");
  const { default: whole, ...exported } = imported;
  const names = ["DEFAULT_PREFIX", "DEFAULT_TABLE", "IoredisState", "SCHEMA_VERSION"];
  assert.deepEqual(Object.keys(required).sort(), names);
  for (const name of names) assert.equal(exported[name], required[name], name);
  assert.equal(whole, required);
});

test("the constants are those of layout 3", () => {
  assert.equal(imported.DEFAULT_TABLE, "hitl.human_requests");
  assert.equal(imported.DEFAULT_PREFIX, "hitl:human_requests");
  assert.equal(imported.SCHEMA_VERSION, 3);
});

test("the class has the twenty methods", () => {
  for (const method of METHODS) assert.equal(typeof IoredisState.prototype[method], "function", method);
  assert.equal(METHODS.length, 20);
});

test("every method returns a promise of the caller's realm, also without arguments", async () => {
  const { state } = store();
  const calls = METHODS.map((method) => state[method]());
  for (const call of calls) assert.equal(Object.getPrototypeOf(call), Promise.prototype);
  await Promise.allSettled(calls);
});

for (const tableName of [
  "1a",
  "",
  "a.b.c",
  "a.",
  ".a",
  "a..b",
  "a-b",
  "a b",
  "a\n",
  "ä",
  "a:b",
  "a;b",
  "{a}",
  "a.1",
  5,
  {},
]) {
  test(`the table name ${JSON.stringify(tableName)} is refused synchronously`, () => {
    assert.throws(
      () => new IoredisState(client, { tableName }),
      (error) => error instanceof Error && error.message === `Invalid table name "${String(tableName)}"`,
    );
  });
}

test("the error of a bad table name has its code", () => {
  assert.throws(() => new IoredisState(client, { tableName: "a b" }), { code: "INVALID_TABLE_NAME" });
});

for (const [tableName, prefix] of [
  ["a.b", "a:b"],
  ["a", "a"],
  ["_", "_"],
  ["A9_.z_0", "A9_:z_0"],
  [undefined, "hitl:human_requests"],
]) {
  test(`the table name ${tableName} means the prefix ${prefix}`, async () => {
    await new IoredisState(client, { tableName }).ensureSchema();
    assert.equal(await db.exists(keysOf(prefix).migrations), 1);
  });
}

test("options may be absent or empty", async () => {
  for (const state of [new IoredisState(client), new IoredisState(client, {}), new IoredisState(client, undefined)]) {
    assert.equal(await state.count(), 0);
  }
});

for (const [name, bad] of [
  ["nothing", undefined],
  ["null", null],
  ["the URL of something else", "http://127.0.0.1:6379"],
  ["settings of something else", { hostname: "127.0.0.1", timeout: 6379 }],
  ["a client of another package", { sendCommand() {}, connect() {}, isOpen: true }],
]) {
  test(`${name} in place of an ioredis client is refused synchronously`, () => {
    assert.throws(() => new IoredisState(bad), Error);
  });
}

test("a Cluster without a hash tag in the prefix is refused", () => {
  const cluster = new Redis5.Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true });
  assert.throws(() => new IoredisState(cluster), /Cluster|hash tag/);
  cluster.disconnect();
});

test("the constructor does no I/O", async () => {
  const lazy = server.client({ lazyConnect: true });
  const nowhere = server.client({ port: await freePort(), lazyConnect: true });
  const before = await db.client("LIST");
  new IoredisState(lazy);
  new IoredisState(nowhere);
  assert.equal(lazy.status, "wait");
  assert.equal(nowhere.status, "wait");
  const count = (list) => list.trim().split("\n").length;
  assert.equal(count(await db.client("LIST")), count(before));
});

for (const [version, Library] of [
  [5, Redis5],
  [6, Redis6],
]) {
  test(`a client of ioredis ${version} is served`, async () => {
    const { state } = store({ client: server.client({}, Library) });
    const record = request();
    assert.equal(await state.create(record), undefined);
    assert.equal((await state.get(record.id)).id, record.id);
  });

  test(`a lazy client of ioredis ${version} is served`, async () => {
    const { state } = store({ client: server.client({ lazyConnect: true }, Library) });
    assert.equal(await state.get("x"), null);
  });

  test(`a client of ioredis ${version} on a Unix socket is served`, async () => {
    const { state } = store({ client: server.client({ path: server.socket }, Library) });
    assert.equal(await state.count(), 0);
  });

  test(`the database of a client of ioredis ${version} is used`, async () => {
    const { state, keys } = store({ client: server.client({ db: 7 }, Library) });
    const record = request();
    await state.create(record);
    assert.deepEqual(await keysUnder(db, keys.prefix), []);
    const seven = server.client({ db: 7 });
    assert.equal(await seven.exists(keys.request(record.id)), 1);
  });
}

test("the first operation makes sure of the schema by itself", async () => {
  const { state, keys } = store();
  await state.get("x");
  assert.deepEqual((await db.smembers(keys.migrations)).sort(), [
    "001-initial",
    "002-sorted-indexes",
    "003-namespace-indexes",
  ]);
});

test("ensureSchema is idempotent and has no result", async () => {
  const { state, keys } = store();
  assert.equal(await state.ensureSchema(), undefined);
  assert.equal(await state.ensureSchema(), undefined);
  assert.deepEqual(await keysUnder(db, keys.prefix), [keys.migrations]);
});

test("an explicit ensureSchema asks the server each time: a ledger that was lost is back", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  await db.del(keys.migrations);
  await state.ensureSchema();
  assert.equal(await db.scard(keys.migrations), 3);
});

test("operations that have no result answer undefined", async () => {
  const { state } = store();
  const record = request();
  assert.equal(await state.create(record), undefined);
  assert.equal(await state.setExternalId(record.id, "ts-1"), undefined);
  assert.equal(await state.resolve(record.id, { type: "TIMED_OUT", id: record.id, externalRef: "x" }), undefined);
});

test("several instances on one client share the store", async () => {
  const { state, tableName } = store();
  const other = new IoredisState(client, { tableName });
  const record = request();
  const created = state.create(record);
  assert.equal((await other.get(record.id)).id, record.id, "issued behind create, takes effect behind it");
  await created;
  await refuses(other.setExternalId("nobody", "x"), "UNKNOWN_REQUEST");
});
