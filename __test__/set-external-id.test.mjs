// CONTRACT section 5, setExternalId.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { decision, request, stored } from "./support/records.mjs";
import { snapshot, withStores } from "./support/store.mjs";

const { server, db, store } = await withStores();

/** A store with one request in it. */
async function withRequest(fields) {
  const it = store();
  const record = request(fields);
  await it.state.create(record);
  return { ...it, record, id: record.id };
}

const idsOf = async (state, id) => {
  const { externalId, externalIds } = await state.get(id);
  return { externalId, externalIds };
};

test("without a plugin id the channel is the key, and externalId is set", async () => {
  const { state, id } = await withRequest({ channel: "slack" });
  await state.setExternalId(id, "ts");
  assert.deepEqual(await idsOf(state, id), { externalId: "ts", externalIds: { slack: "ts" } });
});

test("with another plugin's id only externalIds changes", async () => {
  const { state, id } = await withRequest({ channel: "slack" });
  await state.setExternalId(id, "ts");
  await state.setExternalId(id, "in", "inbox");
  assert.deepEqual(await idsOf(state, id), { externalId: "ts", externalIds: { slack: "ts", inbox: "in" } });
});

test("with the channel as plugin id externalId is set", async () => {
  const { state, id } = await withRequest({ channel: "slack" });
  await state.setExternalId(id, "ts", "slack");
  assert.deepEqual(await idsOf(state, id), { externalId: "ts", externalIds: { slack: "ts" } });
});

for (const [name, plugin, key] of [
  ["null means the channel", null, "slack"],
  ["undefined means the channel", undefined, "slack"],
  ["an empty text is a plugin id", "", ""],
  ["a number is its decimal text", 5, "5"],
  ["__proto__ is a plugin id like any other", "__proto__", "__proto__"],
  ["quotes and controls are escaped", 'a"b\\\n\0', 'a"b\\\n\0'],
]) {
  test(`plugin id: ${name}`, async () => {
    const { state, id } = await withRequest({ channel: "slack" });
    await state.setExternalId(id, "x", plugin);
    assert.deepEqual(Object.entries((await state.get(id)).externalIds), [[key, "x"]]);
    assert.equal((await state.findByExternalId("x")).id, id);
  });
}

test("the index gets the values that are new to the record; those of replaced values stay", async () => {
  const { state, keys, id } = await withRequest();
  await state.setExternalId(id, "old");
  await state.setExternalId(id, "new");
  assert.equal(await db.get(keys.externalId("old")), id);
  assert.equal(await db.get(keys.externalId("new")), id);
  assert.equal((await state.findByExternalId("old")).externalId, "new");
  sound(await violations(db, keys.prefix));
});

test("an external id that another request had leads to the latest", async () => {
  const { state, id } = await withRequest();
  const other = request();
  await state.create(other);
  await state.setExternalId(id, "same");
  await state.setExternalId(other.id, "same");
  assert.equal((await state.findByExternalId("same")).id, other.id);
});

test("the same value again changes nothing", async () => {
  const { state, keys, id } = await withRequest();
  await state.setExternalId(id, "ts");
  const before = await snapshot(db, keys.prefix);
  await state.setExternalId(id, "ts");
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("it works on resolved requests, and they stay resolved", async () => {
  const { state, keys, id } = await withRequest();
  await state.resolve(id, decision(id));
  await state.setExternalId(id, "ts");
  await state.setExternalId(id, "in", "inbox");
  const record = await state.get(id);
  assert.equal(record.status, "resolved");
  assert.deepEqual(record.result, decision(id));
  assert.deepEqual(record.externalIds, { slack: "ts", inbox: "in" });
  sound(await violations(db, keys.prefix));
});

test("an unknown id is refused, and nothing is stored", async () => {
  const { state, keys } = await withRequest();
  const before = await snapshot(db, keys.prefix);
  for (const id of ["nobody", "", 'quote"', "constructor"]) {
    await refuses(state.setExternalId(id, "x"), "UNKNOWN_REQUEST", `Unknown human request "${id}"`);
  }
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("an undefined external id stores nothing", async () => {
  const { state, keys, id } = await withRequest();
  const before = await snapshot(db, keys.prefix);
  assert.equal(await state.setExternalId(id, undefined), undefined);
  assert.equal(await state.setExternalId(id), undefined);
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

for (const [name, value, key, json] of [
  ["a number", 42, "42", "42"],
  ["a fraction", 1e21, "1e+21", "1e+21"],
  ["true", true, "true", "true"],
  ["null", null, "null", "null"],
  ["a BigInt", 12345678901234567890n, "12345678901234567890", '"12345678901234567890"'],
  ["an array", ["a", "b"], "a,b", '["a","b"]'],
  ["an object", { ts: 1 }, "[object Object]", '{"ts":1}'],
  ["a date", new Date(0), String(new Date(0)), '"1970-01-01T00:00:00.000Z"'],
]) {
  test(`${name} is no reason to reject: the key is String(x), JSON keeps the value`, async () => {
    const { state, keys, id } = await withRequest();
    await state.setExternalId(id, value);
    assert.equal(await db.get(keys.externalId(key)), id);
    assert.ok((await db.get(keys.request(id))).includes(`"externalId":${json},"externalIds":{"slack":${json}}`));
    assert.equal((await state.findByExternalId(key)).id, id);
    assert.equal((await state.findByExternalId(value)).id, id, "reads use String(x), too");
  });
}

for (const [name, args] of [
  ["external id", ["\ud800"]],
  ["external id", ["a\udc00b"]],
  ["plugin id", ["x", "\udbff"]],
]) {
  test(`a lone surrogate in the ${name} is refused and stores nothing: ${JSON.stringify(args)}`, async () => {
    const { state, keys, id } = await withRequest();
    const before = await snapshot(db, keys.prefix);
    await refuses(state.setExternalId(id, ...args), "INVALID_ARGUMENT", new RegExp(name.replace(" id", "Id")));
    await refuses(state.setExternalId(`${id}\ud800`, "x"), "INVALID_ARGUMENT", /id/);
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const [name, arrange] of [
  ["the record", ({ db, keys, id }) => db.pipeline().del(keys.request(id)).hset(keys.request(id), "a", "b").exec()],
  ["the external id's index", ({ db, keys }) => db.hset(keys.externalId("ts"), "a", "b")],
]) {
  test(`all or nothing: a key of another type in place of ${name} rejects`, async () => {
    const it = await withRequest();
    await arrange({ ...it, db });
    const before = await snapshot(db, it.keys.prefix);
    await refuses(it.state.setExternalId(it.id, "ts"), "WRONGTYPE");
    assert.deepEqual(await snapshot(db, it.keys.prefix), before);
  });
}

test("40 concurrent external ids of 40 plugins on 8 connections: all 40 are there", async () => {
  const { keys, tableName, id } = await withRequest();
  const states = Array.from({ length: 8 }, () => store({ client: server.client(), tableName }).state);
  await Promise.all(Array.from({ length: 40 }, (_, i) => states[i % 8].setExternalId(id, `x${i}`, `plugin${i}`)));
  assert.equal(Object.keys((await states[0].get(id)).externalIds).length, 40);
  sound(await violations(db, keys.prefix));
});

// Records in other shapes: the untouched bytes stay, the changed fields go to their place.
const createdAt = "2026-01-02T03:04:05.006Z";
for (const [name, text, expected] of [
  [
    "without namespace and actions, as layout 1 has it",
    '{"id":"r","token":"t","channel":"slack","message":"m","status":"pending","createdAt":"D"}',
    '{"id":"r","token":"t","channel":"slack","message":"m","status":"pending","externalId":"x","externalIds":{"slack":"x"},"createdAt":"D"}',
  ],
  [
    "with unknown fields",
    '{"id":"r","extra":[1.0],"channel":"slack","status":"pending","createdAt":"D","more":{}}',
    '{"id":"r","extra":[1.0],"channel":"slack","status":"pending","externalId":"x","externalIds":{"slack":"x"},"createdAt":"D","more":{}}',
  ],
  [
    "with external ids already",
    '{"id":"r","channel":"slack","status":"pending","externalId":"o","externalIds":{"inbox":"i","slack":"o"},"createdAt":"D"}',
    '{"id":"r","channel":"slack","status":"pending","externalId":"x","externalIds":{"inbox":"i","slack":"x"},"createdAt":"D"}',
  ],
  [
    "with white space and odd numbers",
    '{ "id" : "r", "channel":"slack" ,"context":{"n":1.50,"a":[ ]},"status":"pending",\n"externalIds": { "a" : "b" } ,"createdAt":"D" }',
    /^\{ "id" : "r", "channel":"slack" ,"context":\{"n":1\.50,"a":\[ \]\},"status":"pending",\s*"externalId":"x",\s*"externalIds": ?\{ "a" : "b" ?,"slack":"x" ?\} ?,"createdAt":"D" \}$/,
  ],
]) {
  test(`a record ${name}: changed fields are spliced in at their place`, async () => {
    const { state, keys } = store();
    await state.ensureSchema();
    await db.set(keys.request("r"), text.replaceAll('"D"', JSON.stringify(createdAt)));
    await state.setExternalId("r", "x");
    const result = (await db.get(keys.request("r"))).replaceAll(JSON.stringify(createdAt), '"D"');
    if (typeof expected === "string") assert.equal(result, expected);
    else assert.match(result, expected);
    assert.deepEqual(JSON.parse(result).externalIds.slack, "x");
  });
}

test("externalIds that is null in a stored record counts as none", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  const record = { ...request({ id: "r" }), status: "pending", externalIds: null, createdAt };
  await db.set(keys.request("r"), stored("request", record));
  await state.setExternalId("r", "x");
  assert.deepEqual((await state.get("r")).externalIds, { slack: "x" });
});
