// CONTRACT section 5: a catalogue of values over every parameter of every method. Reads answer; writes
// succeed, or reject with an error that names the field, and then the server has not been changed by
// a single command. Nothing throws synchronously.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { BAD_VALUES } from "./support/bad-values.mjs";
import { violations } from "./support/invariants.mjs";
import { batch, decision, delivery, entry, request } from "./support/records.mjs";
import { withStores } from "./support/store.mjs";

const { db, client, store } = await withStores();

test("the catalogue has at least a hundred values", () => {
  assert.ok(BAD_VALUES.length >= 100, `${BAD_VALUES.length}`);
});

/** Calls, and fails if that throws at once. Returns the verdict of the promise. */
async function call(run) {
  let promise;
  try {
    promise = run();
  } catch (error) {
    return assert.fail(`thrown synchronously: ${error.stack}`);
  }
  assert.ok(promise instanceof Promise, "no promise");
  return promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
}

/** How often the data on the server has been changed since it was started. */
async function changes() {
  return Number(/rdb_changes_since_last_save:(\d+)/.exec(await db.info("persistence"))[1]);
}

/** A store that holds one of everything, on a server that holds nothing else. */
async function arranged() {
  await db.flushall();
  const it = store();
  await it.state.create(request({ id: "r", token: "t" }));
  await it.state.createBatch(batch({ id: "b" }));
  await it.state.createNotifyDelivery(delivery({ id: "d" }));
  await it.state.appendTimeline(entry({ id: "e", threadId: "h" }));
  return it;
}

const isNull = (value) => assert.equal(value, null);
const isEmpty = (value) => assert.deepEqual(value, []);
const isPage = (value) => assert.ok(Array.isArray(value.items) && value.items.length <= 1);
const isCount = (value) => assert.ok(value === 0 || value === 1);

/** A filter that throws when it is read is an exception of the caller, not a shape. */
function unreadable(error) {
  if (!/revoked/.test(error.message)) throw error;
  return { items: [] };
}

/** @param {number | { items: [] }} answer */
const countOf = (answer) => (typeof answer === "number" ? answer : 0);

const READS = {
  "get(id)": [(s, x) => s.get(x), isNull],
  "findByExternalId(externalId)": [(s, x) => s.findByExternalId(x), isNull],
  "findByToken(token)": [(s, x) => s.findByToken(x), isNull],
  "getBatch(id)": [(s, x) => s.getBatch(x), isNull],
  "listByBatch(batchId)": [(s, x) => s.listByBatch(x), isEmpty],
  "timeline(threadId)": [(s, x) => s.timeline(x), isEmpty],
  "getNotifyDelivery(id)": [(s, x) => s.getNotifyDelivery(x), isNull],
  "list(filter)": [(s, x) => s.list(x).catch(unreadable), isPage],
  "list({ status })": [(s, x) => s.list({ status: x }), isPage],
  "list({ namespace })": [(s, x) => s.list({ namespace: x }), isPage],
  "list({ limit })": [(s, x) => s.list({ limit: x }), isPage],
  "count(filter)": [(s, x) => s.count(x).catch(unreadable).then(countOf), isCount],
  "count({ status })": [(s, x) => s.count({ status: x }), isCount],
  "count({ namespace })": [(s, x) => s.count({ namespace: x }), isCount],
};

// Texts that meet another kind of key, as section 5 has it: the server says so.
const MEETS = { "timeline(threadId)": ["entry:e"], "listByBatch(batchId)": ["ext:bx"] };

for (const [name, [read, check]] of Object.entries(READS)) {
  test(`${name} answers whatever it is given, and changes nothing`, async () => {
    const { state } = await arranged();
    const before = await changes();
    const wrong = [];
    for (const [label, value] of BAD_VALUES) {
      if (MEETS[name]?.includes(value)) continue;
      const verdict = await call(() => read(state, value));
      try {
        if (verdict.error) throw verdict.error;
        check(verdict.value);
      } catch (error) {
        wrong.push(`${label}: ${error.message}`);
      }
    }
    assert.deepEqual(wrong, []);
    assert.equal(await changes(), before);
  });
}

test("list({ cursor }) answers, or says that the cursor is invalid", async () => {
  const { state } = await arranged();
  for (const [label, value] of BAD_VALUES) {
    const verdict = await call(() => state.list({ cursor: value }));
    if (verdict.error) assert.equal(verdict.error.code, "INVALID_CURSOR", `${label}: ${verdict.error.stack}`);
    else isPage(verdict.value);
  }
});

/** What may go wrong in a write: the field, and what the error must be. */
const namesField = (field) => (error) =>
  error.code === "INVALID_ARGUMENT" && new RegExp(field, "i").test(error.message);
const isUnknown = (error) => /^UNKNOWN_/.test(error.code);
/** V8's own refusals, and what the caller's own functions throw. */
const isStringify = (error) =>
  /BigInt|circular structure|revoked|threw|Cannot convert|toJSON/i.test(error.message) && error.code === undefined;

/** Writes that take a record: one field of it is the bad value. */
const record = (make, field, write) => [(s, x) => write(s, { ...make(), [field]: x }), field];

const WRITES = {
  "create(record)": [(s, x) => s.create(x), "record|id|token"],
  "createBatch(record)": [(s, x) => s.createBatch(x), "record|id"],
  "appendTimeline(entry)": [(s, x) => s.appendTimeline(x), "entry|id|threadId|createdAt"],
  "createNotifyDelivery(record)": [(s, x) => s.createNotifyDelivery(x), "record|id"],
  ...Object.fromEntries(
    ["id", "token", "channel", "namespace", "message", "actions", "context"].map((field) => [
      `create({ ${field} })`,
      record(request, field, (s, r) => s.create(r)),
    ]),
  ),
  "create({ batchId })": [(s, x) => s.create(request({ batchId: x, batchIndex: 0 })), "batchId"],
  "create({ batchIndex })": [(s, x) => s.create(request({ batchId: "b", batchIndex: x })), "batchIndex"],
  ...Object.fromEntries(
    ["id", "channel", "message", "actions", "context"].map((field) => [
      `createBatch({ ${field} })`,
      record(batch, field, (s, r) => s.createBatch(r)),
    ]),
  ),
  ...Object.fromEntries(
    ["id", "threadId", "message", "detail", "createdAt"].map((field) => [
      `appendTimeline({ ${field} })`,
      record(entry, field, (s, r) => s.appendTimeline(r)),
    ]),
  ),
  ...Object.fromEntries(
    ["id", "channel", "message", "groupId"].map((field) => [
      `createNotifyDelivery({ ${field} })`,
      record(delivery, field, (s, r) => s.createNotifyDelivery(r)),
    ]),
  ),
  "setExternalId(id)": [(s, x) => s.setExternalId(x, "v"), "id"],
  "setExternalId(, externalId)": [(s, x) => s.setExternalId("r", x), "externalId"],
  "setExternalId(, , pluginId)": [(s, x) => s.setExternalId("r", "v", x), "pluginId"],
  "setBatchExternalId(id)": [(s, x) => s.setBatchExternalId(x, "v"), "id"],
  "setBatchExternalId(, externalId)": [(s, x) => s.setBatchExternalId("b", x), "externalId"],
  "setBatchExternalId(, , pluginId)": [(s, x) => s.setBatchExternalId("b", "v", x), "pluginId"],
  "setNotifyDeliveryExternalId(id)": [(s, x) => s.setNotifyDeliveryExternalId(x, "v"), "id"],
  "setNotifyDeliveryExternalId(, externalId)": [(s, x) => s.setNotifyDeliveryExternalId("d", x), "externalId"],
  "resolve(id)": [(s, x) => s.resolve(x, decision("r")), "id"],
  "resolve(, result)": [(s, x) => s.resolve("r", x), "result"],
};

/** Fields that lead to keys: lone surrogates in them are refused. */
const IS_KEY = /\b(id|token|batchId|threadId|externalId|pluginId|namespace)\b/;
/** What `create` may not be given at all, and what may not be missing elsewhere. */
const ONLY_TEXT = /^create\(\{ (id|token) \}\)$/;
/** Parameters under which a conflict with what is there already is the right answer. */
const CONFLICTS = /^(WRONGTYPE|ALREADY_RESOLVED|ENTRY_EXISTS|REQUEST_EXISTS|BATCH_EXISTS|DELIVERY_EXISTS|TOKEN_TAKEN)$/;

for (const [name, [write, field]] of Object.entries(WRITES)) {
  test(`${name} succeeds, or names the field and changes nothing`, async () => {
    const { state, keys } = await arranged();
    const wrong = [];
    let accepted = 0;
    for (const [label, value, kind] of BAD_VALUES) {
      const before = await changes();
      const { error } = await call(() => write(state, value));
      if (!error) {
        accepted += 1;
        if (kind === "surrogate" && IS_KEY.test(name) && !name.includes("(record)")) wrong.push(`${label}: accepted`);
        if (kind === "other" && ONLY_TEXT.test(name)) wrong.push(`${label}: accepted`);
        continue;
      }
      const fine = [namesField(field), isUnknown, isStringify, (e) => CONFLICTS.test(e.code)].some((is) => is(error));
      if (!fine) wrong.push(`${label}: ${error.code} ${error.message}`);
      if ((await changes()) !== before) wrong.push(`${label}: rejected (${error.message}), but something was stored`);
    }
    assert.deepEqual(wrong, []);
    if (!/\((record|entry)\)|resolve\(id\)|ExternalId\(id\)/.test(name))
      assert.ok(accepted > 0, "nothing was accepted");
    if (/^create\(\{ (id|token|channel|message|actions|context) \}\)$/.test(name)) {
      assert.deepEqual(await violations(db, keys.prefix), []);
    }
  });
}

for (const [name, set] of [
  ["external id", (state, value) => state.setExternalId("r", value)],
  ["plugin id", (state, value) => state.setExternalId("r", "v", value)],
  ["external id, on a resolved request", (state, value) => state.setExternalId("done", value)],
]) {
  test(`setExternalId never rejects over the type of the ${name}`, async () => {
    const { state } = await arranged();
    await state.create(request({ id: "done" }));
    await state.resolve("done", decision("done"));
    const rejected = [];
    for (const [label, value, kind] of BAD_VALUES) {
      const { error } = await call(() => set(state, value));
      const hasSurrogate = kind === "surrogate" || label === "a toString with a lone surrogate";
      if (hasSurrogate !== Boolean(error)) rejected.push(`${label}: ${error?.message ?? "accepted"}`);
    }
    assert.deepEqual(rejected, []);
    assert.equal((await state.get("r")).status, "pending");
    assert.equal((await state.get("done")).status, "resolved");
  });
}

test("a record whose getter or whose proxy throws rejects with that error", async () => {
  const { state } = await arranged();
  const before = await changes();
  const boom = new RangeError("boom");
  const thrower = {
    get() {
      throw boom;
    },
  };
  for (const run of [
    () => state.create(new Proxy({}, thrower)),
    () => state.createBatch(new Proxy({}, thrower)),
    () => state.appendTimeline(new Proxy({}, thrower)),
    () => state.createNotifyDelivery(new Proxy({}, thrower)),
    () => state.resolve("r", new Proxy({}, thrower)),
  ]) {
    assert.equal((await call(run)).error, boom);
  }
  assert.equal(await changes(), before);
});

test("a filter whose getter throws makes a rejection, not an exception", async () => {
  const { state } = await arranged();
  const filter = Object.defineProperty({}, "status", {
    get() {
      throw new RangeError("boom");
    },
  });
  await call(() => state.list(filter));
  await call(() => state.count(filter));
});

test("nesting beyond V8's stack is V8's own RangeError, or is stored whole", async () => {
  const { state } = await arranged();
  let deep = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  const before = await changes();
  const { error } = await call(() => state.create(request({ id: "deep", context: { deep } })));
  if (error) {
    assert.ok(error instanceof RangeError, error.message);
    assert.equal(await changes(), before);
  } else {
    assert.equal((await state.get("deep")).id, "deep");
  }
});

test("a method that is called without its object, or on another one, rejects", async () => {
  for (const name of ["get", "create", "list", "ensureSchema"]) {
    const method = IoredisState.prototype[name];
    for (const self of [undefined, null, {}, client]) {
      const { error } = await call(() => method.call(self, "x"));
      assert.ok(error instanceof Error, name);
    }
  }
});

test("more arguments than a method has are no matter", async () => {
  const { state } = await arranged();
  assert.equal((await state.get("r", () => {}, {})).id, "r");
});

test("nothing of all this has polluted anything", () => {
  assert.equal({}.polluted, undefined);
  assert.deepEqual(Object.keys(Object.prototype), []);
});
