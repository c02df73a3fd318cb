// CONTRACT section 5, beside JS writers: both versions work on one store, and what a JS replica
// undoes is seen and restored.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses, sound } from "./support/assertions.mjs";
import { idsOf } from "./support/inbox.mjs";
import { violations } from "./support/invariants.mjs";
import { JavascriptVersion } from "./support/javascript-version.mjs";
import { asJson, batch, decision, delivery, entry, request, stored, VALUES } from "./support/records.mjs";
import { withStores } from "./support/store.mjs";

const { server, db, store } = await withStores();

function both(options) {
  const it = store(options);
  return { ...it, javascript: new JavascriptVersion(server.client(), it.keys.prefix) };
}

const JSON_SAFE = VALUES.filter(([name]) => !/nesting|wide/.test(name));

test("what either version stores is byte-equal, and either reads it", async () => {
  const { state, javascript, keys } = both();
  for (const [name, value] of JSON_SAFE) {
    const ours = request({ context: { value } });
    const theirs = { ...ours, id: `${ours.id}-js`, token: `${ours.token}-js` };
    await state.create(ours);
    const { createdAt } = await state.get(ours.id);
    await javascript.create(theirs, createdAt);
    for (const [plugin, externalId] of [
      [undefined, "x"],
      ["inbox", "y"],
      ["slack", "z"],
    ]) {
      await state.setExternalId(ours.id, `${ours.id}${externalId}`, plugin);
      await javascript.setExternalId(theirs.id, `${ours.id}${externalId}`, plugin);
    }
    const [a, b] = await db.mget(keys.request(ours.id), keys.request(theirs.id));
    assert.equal(a.replace(ours.id, theirs.id).replace(ours.token, theirs.token), b, name);
    assert.deepEqual(await javascript.get(ours.id), await state.get(ours.id), name);
    assert.deepEqual(await javascript.get(theirs.id), await state.get(theirs.id), name);
  }
});

test("batches, entries and deliveries of either version are byte-equal", async () => {
  const { state, javascript, keys } = both();
  const [group, sending, event] = [batch({ id: "b" }), delivery({ id: "d" }), entry({ id: "e", detail: { a: [] } })];
  await state.createBatch(group);
  await state.setBatchExternalId("b", "x");
  await state.createNotifyDelivery(sending);
  await state.setNotifyDeliveryExternalId("d", "y");
  await state.appendTimeline(event);
  const names = [keys.batch("b"), keys.delivery("d"), keys.entry("e")];
  const ours = await db.mget(names);
  await db.del(...names);
  await javascript.createBatch(group, JSON.parse(ours[0]).createdAt);
  await javascript.setBatchExternalId("b", "x");
  await javascript.createNotifyDelivery(sending, JSON.parse(ours[1]).createdAt);
  await javascript.setNotifyDeliveryExternalId("d", "y");
  await javascript.appendTimeline(event);
  assert.deepEqual(await db.mget(names), ours);
});

test("a retry of create finds what JS stored", async () => {
  const { state, javascript } = both();
  const record = request();
  await javascript.create(record);
  await state.create(record);
  await refuses(state.create({ ...record, message: "other" }), "REQUEST_EXISTS");
  await refuses(state.create(request({ token: record.token })), "TOKEN_TAKEN");
});

test("requests that JS created are resolved by us, and the other way round", async () => {
  const { state, javascript, keys } = both();
  const [theirs, ours] = [request({ id: "theirs" }), request({ id: "ours" })];
  await state.ensureSchema();
  await javascript.create(theirs);
  await state.create(ours);
  await state.resolve("theirs", decision("theirs"));
  await javascript.resolve("ours", decision("ours"));
  await assert.rejects(javascript.resolve("theirs", decision("theirs")), /is already resolved/);
  await refuses(state.resolve("ours", decision("ours")), "ALREADY_RESOLVED");
  assert.equal((await javascript.get("theirs")).status, "resolved");
  assert.deepEqual((await state.get("ours")).result, decision("ours"));
  sound(await violations(db, keys.prefix));
});

test("an external id on a record that JS resolved through cjson changes nothing else of it", async () => {
  const { state, javascript, keys } = both();
  await state.ensureSchema();
  await javascript.create(request({ id: "r", context: { list: [1, 2], url: "https://a/b", n: 12345678901 } }));
  await javascript.resolve("r", decision("r"));
  const before = JSON.parse(await db.get(keys.request("r")));
  await state.setExternalId("r", "x");
  await state.setExternalId("r", "y", "inbox");
  const after = await db.get(keys.request("r"));
  assert.deepEqual(JSON.parse(after), { ...before, externalId: "x", externalIds: { slack: "x", inbox: "y" } });
  assert.ok(after.includes("https:\\/\\/a\\/b"), "cjson's own spelling stays");
  sound(await violations(db, keys.prefix));
});

/**
 * A JS replica reads the record for `setExternalId`, we resolve, and it writes its stale copy back:
 * the record says pending again.
 */
async function undone({ marker = true, namespace = "team" } = {}) {
  const it = both();
  const record = request({ id: "r", namespace, batchId: "b", batchIndex: 0 });
  await it.state.create(record);
  const stale = await it.javascript.readForExternalId("r");
  await it.state.resolve("r", decision("r"));
  const resolved = await it.state.get("r");
  await it.javascript.writeExternalId(stale, "late");
  assert.equal((await it.javascript.get("r")).status, "pending", "the replica has undone the decision");
  if (!marker) await db.del(it.keys.marker("r"));
  return { ...it, record, expected: { ...resolved, externalId: "late", externalIds: { slack: "late" } } };
}

const readers = {
  get: (state) => state.get("r"),
  findByToken: (state, record) => state.findByToken(record.token),
  findByExternalId: (state) => state.findByExternalId("late"),
  listByBatch: async (state) => (await state.listByBatch("b"))[0],
  "list of all": async (state) => (await state.list()).items[0],
  "list of the namespace": async (state) => (await state.list({ namespace: "team" })).items[0],
  "list of resolved": async (state) => (await state.list({ status: "resolved" })).items[0],
  "list of the namespace's resolved": async (state) =>
    (await state.list({ status: "resolved", namespace: "team" })).items[0],
};
for (const [name, read] of Object.entries(readers)) {
  test(`a decision that a JS replica has undone counts: ${name} shows it, with the winner's result`, async () => {
    const { state, record, expected } = await undone();
    assert.deepEqual(await read(state, record), expected);
  });
}

test("a decision that a JS replica has undone cannot be taken a second time, and is restored from the marker", async () => {
  const { state, keys, expected } = await undone();
  await refuses(
    state.resolve("r", decision("r", { actionId: "deny" })),
    "ALREADY_RESOLVED",
    'Human request "r" is already resolved',
  );
  assert.equal(await db.get(keys.request("r")), stored("request", expected), "byte for byte");
  sound(await violations(db, keys.prefix));
});

test("an external id on a request that a JS replica has undone: resolved, and all ids there", async () => {
  const { state, keys, expected } = await undone();
  await state.setExternalId("r", "in", "inbox");
  assert.deepEqual(await state.get("r"), { ...expected, externalIds: { slack: "late", inbox: "in" } });
  sound(await violations(db, keys.prefix));
});

test("undone with the marker expired: the resolved index is witness enough", async () => {
  const { state } = await undone({ marker: false });
  await refuses(state.resolve("r", decision("r", { actionId: "deny" })), "ALREADY_RESOLVED");
  assert.equal((await state.get("r")).status, "resolved");
  await state.setExternalId("r", "in", "inbox");
  await refuses(state.resolve("r", decision("r")), "ALREADY_RESOLVED");
});

test("undone: a retry of create succeeds, and another create cannot take the token as from a pending one", async () => {
  const { state, record } = await undone();
  await state.create(record);
  await state.create(request({ id: "next", token: record.token, batchId: "b", batchIndex: 1 }));
  assert.equal((await state.findByToken(record.token)).id, "next");
});

test("a page of pending does not show what a JS replica has undone", async () => {
  const { state, keys } = await undone();
  await db.zadd(keys.status("pending"), 5, "r");
  assert.deepEqual(idsOf((await state.list({ status: "pending" })).items), []);
});

test("under a keyPrefix JS leaves a namespace's pending entry behind: we do not show it", async () => {
  const client = server.client({ keyPrefix: "app:" });
  const { state, keys } = store({ client });
  await state.create(request({ id: "r", namespace: "team" }));
  const score = Date.parse((await state.get("r")).createdAt);
  await state.resolve("r", decision("r"));
  await db.zadd(keys.namespaceStatus("team", "pending"), score, "r");
  await db.zrem(keys.namespaceStatus("team", "resolved"), "r");
  assert.deepEqual(await state.list({ namespace: "team", status: "pending" }), { items: [] });
});

test("500 requests, written by both versions at once: the store is sound and nobody wins twice", async () => {
  const { state, javascript, keys } = both();
  await state.ensureSchema();
  const one = async (i) => {
    const id = `r${i}`;
    await (i % 2 ? state : javascript).create(request({ id, namespace: i % 3 ? "team" : undefined }));
    await (i % 5 ? state : javascript).setExternalId(id, `x${i}`);
    const wins = await Promise.allSettled([
      state.resolve(id, decision(id, { by: { id: "ours" } })),
      javascript.resolve(id, decision(id, { by: { id: "theirs" } })),
      state.resolve(id, decision(id, { by: { id: "ours too" } })),
    ]);
    assert.equal(wins.filter((win) => win.status === "fulfilled").length, 1);
    const record = await state.get(id);
    assert.deepEqual(
      record.result,
      decision(id, { by: { id: ["ours", "theirs", "ours too"][wins.findIndex((win) => win.status === "fulfilled")] } }),
    );
    assert.deepEqual(
      asJson(record),
      await javascript.get(id).then((r) => ({ ...r, namespace: r.namespace ?? "global" })),
    );
  };
  await Promise.all(Array.from({ length: 500 }, (_, i) => one(i)));
  sound(await violations(db, keys.prefix));
});
