// CONTRACT section 5, create.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { decision, pending, request } from "./support/records.mjs";
import { snapshot, withStores } from "./support/store.mjs";

const { server, db, store } = await withStores();

test("create stores a pending request, stamped by the clock of the process", async () => {
  const { state, keys } = store();
  const record = request();
  const before = Date.now();
  await state.create(record);
  const found = await state.get(record.id);
  const time = Date.parse(found.createdAt);
  assert.ok(time >= before && time <= Date.now());
  assert.equal(found.createdAt, new Date(time).toISOString());
  assert.deepEqual(found, pending(record, found.createdAt));
  sound(await violations(db, keys.prefix));
});

for (const [name, fields, indexed] of [
  ["both batchId and batchIndex", { batchId: "b", batchIndex: 0 }, true],
  ["batchId alone", { batchId: "b" }, false],
  ["batchIndex alone", { batchIndex: 0 }, false],
]) {
  test(`the batch index has the request ${indexed ? "" : "only with both fields: not "}with ${name}`, async () => {
    const { state, keys } = store();
    await state.create(request(fields));
    assert.equal(await db.exists(keys.batchItems("b")), indexed ? 1 : 0);
  });
}

for (const [name, meanwhile] of [
  ["unchanged", () => {}],
  ["given an external id", (state, { id }) => state.setExternalId(id, "ts")],
  ["resolved", (state, { id }) => state.resolve(id, decision(id))],
  [
    "resolved and given an external id",
    async (state, { id }) => {
      await state.resolve(id, decision(id));
      await state.setExternalId(id, "ts");
    },
  ],
]) {
  test(`a retry of create on a request that is ${name} succeeds and writes nothing`, async () => {
    const { state, keys } = store();
    const record = request({ batchId: "b", batchIndex: 1 });
    await state.create(record);
    await meanwhile(state, record);
    const before = await snapshot(db, keys.prefix);
    await state.create(record);
    await state.create({ ...record, unknown: "field" });
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const [field, value] of Object.entries({
  token: "another",
  channel: "email",
  namespace: "other",
  message: "Another message",
  actions: [],
  context: { amount: 12.6 },
  batchId: "b2",
  batchIndex: 2,
})) {
  for (const [name, changed] of [
    ["another", { [field]: value }],
    ["no", { [field]: undefined }],
  ]) {
    if (field === "token" && name === "no") continue;
    test(`create with an id that exists and ${name} ${field} is refused and changes nothing`, async () => {
      const { state, keys } = store();
      const record = request({ batchId: "b", batchIndex: 1 });
      await state.create(record);
      const before = await snapshot(db, keys.prefix);
      await refuses(
        state.create({ ...record, ...changed }),
        "REQUEST_EXISTS",
        `Human request "${record.id}" already exists`,
      );
      assert.deepEqual(await snapshot(db, keys.prefix), before);
    });
  }
}

test("fields are compared as JSON text: a context in another key order is another context", async () => {
  const { state } = store();
  const record = request({ context: { a: 1, b: 2 } });
  await state.create(record);
  await state.create({ ...record, context: { a: 1, b: 2, c: undefined } });
  await refuses(state.create({ ...record, context: { b: 2, a: 1 } }), "REQUEST_EXISTS");
});

const item = { batchId: "b", batchIndex: 0 };
for (const [name, ownerFields, newcomerFields] of [
  ["neither is a batch item", {}, {}],
  ["both are batch items", item, { ...item, batchIndex: 1 }],
]) {
  test(`a token whose owner is pending is refused where ${name}`, async () => {
    const { state, keys } = store();
    const owner = request({ token: "secret-token", ...ownerFields });
    await state.create(owner);
    const before = await snapshot(db, keys.prefix);
    const error = await refuses(
      state.create(request({ token: "secret-token", ...newcomerFields })),
      "TOKEN_TAKEN",
      `Resume token already belongs to human request "${owner.id}"`,
    );
    assert.ok(!`${error.stack}`.includes("secret-token"));
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const [name, arrange, ownerFields, newcomerFields] of [
  ["decided", (state, id) => state.resolve(id, decision(id)), {}, {}],
  ["gone", (_, id, keys) => db.del(keys.request(id)), {}, {}],
  ["an empty string", (_, id, keys) => db.set(keys.request(id), ""), {}, {}],
  ["a batch item, and the newcomer is not", () => {}, item, {}],
  ["no batch item, and the newcomer is one", () => {}, {}, item],
]) {
  test(`the newcomer takes the token over where the owner is ${name}`, async () => {
    const { state, keys } = store();
    const owner = request({ token: "t", ...ownerFields });
    await state.create(owner);
    await arrange(state, owner.id, keys);
    const newcomer = request({ token: "t", ...newcomerFields });
    await state.create(newcomer);
    assert.equal((await state.findByToken("t")).id, newcomer.id);
  });
}

/** The keys that `create` writes. */
const writtenKeys = (keys, record) => ({
  request: keys.request(record.id),
  token: keys.token(record.token),
  all: keys.all,
  status: keys.status("pending"),
  namespace: keys.namespace("global"),
  namespaceStatus: keys.namespaceStatus("global", "pending"),
  batchItems: keys.batchItems("b"),
});

for (const key of ["request", "token", "all", "status", "namespace", "namespaceStatus", "batchItems"]) {
  test(`all or nothing: a ${key} key of another type rejects create and nothing is written`, async () => {
    const { state, keys } = store();
    await state.ensureSchema();
    const record = request({ batchId: "b", batchIndex: 0 });
    await db.hset(writtenKeys(keys, record)[key], "a", "b");
    const before = await snapshot(db, keys.prefix);
    await refuses(state.create(record), "WRONGTYPE", /^WRONGTYPE Operation against/);
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const key of ["request", "token", "all", "status", "namespace", "namespaceStatus", "batchItems", "marker"]) {
  test(`all or nothing: a user who may not touch the ${key} key creates nothing`, async () => {
    const { state, keys, tableName } = store();
    await state.ensureSchema();
    const record = request({ batchId: "b", batchIndex: 0 });
    const every = { ...writtenKeys(keys, record), marker: keys.marker(record.id), ledger: keys.migrations };
    const user = `all-but-${key}`;
    const allowed = Object.keys(every).filter((name) => name !== key);
    await db.acl("SETUSER", user, "on", ">secret", "+@all", ...allowed.map((name) => `~${every[name]}`));
    const restricted = store({ client: server.client({ username: user, password: "secret" }), tableName }).state;
    const before = await snapshot(db, keys.prefix);
    await refuses(restricted.create(record), /^(NOPERM|ERR)$/);
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const namespace of [
  "",
  " ",
  "a b",
  "a:b",
  "a:status:pending",
  "é",
  "a/b",
  "a\0",
  "a\n",
  "x".repeat(129),
  "{a}",
  {},
  [],
]) {
  test(`create refuses the namespace ${JSON.stringify(namespace).slice(0, 30)}`, async () => {
    const { state, keys } = store();
    await state.ensureSchema();
    const before = await snapshot(db, keys.prefix);
    await refuses(state.create(request({ namespace })), "INVALID_ARGUMENT", /namespace/);
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const namespace of ["a", "A-Z_0.9", "-", "..", "x".repeat(128), "__proto__"]) {
  test(`create accepts the namespace ${namespace.slice(0, 12)}`, async () => {
    const { state, keys } = store();
    await state.create(request({ namespace }));
    assert.equal(await db.zcard(keys.namespaceStatus(namespace, "pending")), 1);
    assert.equal(await state.count({ namespace }), 1);
  });
}

for (const namespace of [undefined, null]) {
  test(`a namespace that is ${namespace} is stored as given and indexed under global`, async () => {
    const { state, keys } = store();
    const record = request({ namespace });
    await state.create(record);
    const text = await db.get(keys.request(record.id));
    assert.equal(text.includes('"namespace"'), namespace === null);
    assert.equal(await db.zcard(keys.namespace("global")), 1);
    assert.equal((await state.get(record.id)).namespace, "global");
    assert.equal((await state.list({ namespace: "global", status: "pending" })).items.length, 1);
  });
}

for (const batchIndex of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "NaN", "x", {}]) {
  test(`a batchIndex of ${String(batchIndex)} rejects`, async () => {
    const { state, keys } = store();
    await state.ensureSchema();
    const before = await snapshot(db, keys.prefix);
    await refuses(state.create(request({ batchId: "b", batchIndex })), "INVALID_ARGUMENT", /batchIndex/);
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const field of ["id", "token"]) {
  for (const value of [undefined, null, 5, {}, [], true, Symbol("x"), 10n, "\ud800", "a\udfff"]) {
    test(`create refuses ${typeof value} ${JSON.stringify(String(value))} as ${field} and stores nothing`, async () => {
      const { state, keys } = store();
      await state.ensureSchema();
      const before = await snapshot(db, keys.prefix);
      await refuses(state.create({ ...request({ id: "x" }), [field]: value }), "INVALID_ARGUMENT", new RegExp(field));
      assert.deepEqual(await snapshot(db, keys.prefix), before);
    });
  }
}
