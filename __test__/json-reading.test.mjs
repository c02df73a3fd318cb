// CONTRACT section 4, reading: what the store holds, and what callers see of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asJson, decision, request, stored } from "./support/records.mjs";
import { withStores } from "./support/store.mjs";

const { db, store } = await withStores();
const createdAt = "2026-01-02T03:04:05.006Z";
const time = Date.parse(createdAt);

/** Puts a text in the place of a request and its batch, so that every way of reading meets it. */
async function put({ keys }, id, text) {
  await db
    .pipeline()
    .set(keys.request(id), text)
    .set(keys.token("t"), id)
    .set(keys.externalId("x"), id)
    .zadd(keys.all, time, id)
    .zadd(keys.batchItems("b"), 0, id)
    .exec();
}

/** What every way to read a request says; all must say the same. */
async function readAll({ state }, id) {
  const first = await state.get(id);
  assert.deepEqual(await state.findByToken("t"), first);
  assert.deepEqual(await state.findByExternalId("x"), first);
  assert.deepEqual((await state.list()).items, [first]);
  assert.deepEqual(await state.listByBatch("b"), [first]);
  return first;
}

const base = { ...request({ id: "r" }), status: "pending", createdAt };

for (const [name, change, expected] of [
  ["as written", {}, {}],
  ["namespace absent", { namespace: undefined }, { namespace: "global" }],
  ["namespace null", { namespace: null }, { namespace: "global" }],
  ["externalIds empty", { externalIds: {} }, { externalIds: undefined }],
  ["externalIds", { externalIds: { slack: "a" }, externalId: "a" }, {}],
  [
    "actions: submit in an array",
    { actions: [{ id: "submit", label: "S" }, { id: "deny" }] },
    { actions: [{ id: "approve", label: "S" }, { id: "deny" }] },
  ],
  [
    "actions: two submits",
    { actions: [{ id: "submit" }, { id: "submit", a: 1 }] },
    { actions: [{ id: "approve" }, { id: "approve", a: 1 }] },
  ],
  ["actions: empty array", { actions: [] }, { actions: [] }],
  [
    "actions: legacy object",
    { actions: { submit: { label: "S" }, deny: { label: "D" } } },
    {
      actions: [
        { id: "approve", label: "S" },
        { id: "deny", label: "D" },
      ],
    },
  ],
  [
    "actions: legacy submit alone",
    { actions: { submit: { label: "S", fields: {} } } },
    { actions: [{ id: "approve", label: "S", fields: {} }] },
  ],
  ["actions: legacy deny alone", { actions: { deny: {} } }, { actions: [{ id: "deny" }] }],
  [
    "actions: legacy in the other order",
    { actions: { deny: { b: 1 }, submit: { a: 1 } } },
    {
      actions: [
        { id: "approve", a: 1 },
        { id: "deny", b: 1 },
      ],
    },
  ],
  ["actions: another object", { actions: { other: 1 } }, { actions: [{ id: "approve" }] }],
  ["actions: as cjson leaves []", { actions: {} }, { actions: [{ id: "approve" }] }],
  ["actions: null", { actions: null }, { actions: [{ id: "approve" }] }],
  ["actions: text", { actions: "submit" }, { actions: [{ id: "approve" }] }],
  ["actions: number", { actions: 5 }, { actions: [{ id: "approve" }] }],
  ["actions absent", { actions: undefined }, { actions: [{ id: "approve" }] }],
  ["unknown fields", { unknown: 1, another: { id: "x" } }, { unknown: undefined, another: undefined }],
  ["resolved", { status: "resolved", result: decision("r"), resolvedAt: createdAt }, {}],
  ["null context", { context: null }, {}],
]) {
  test(`reading a request, ${name}`, async () => {
    const it = store();
    await put(it, "r", JSON.stringify({ ...base, ...change }));
    assert.deepEqual(await readAll(it, "r"), asJson({ ...base, ...change, ...expected }));
  });
}

test("absent fields are absent from the object", async () => {
  const it = store();
  await put(it, "r", stored("request", base));
  const record = await readAll(it, "r");
  assert.deepEqual(Object.keys(record).sort(), Object.keys(base).sort());
});

test("records are plain objects of the caller's realm", async () => {
  const it = store();
  await put(it, "r", stored("request", base));
  const record = await readAll(it, "r");
  assert.equal(Object.getPrototypeOf(record), Object.prototype);
  assert.equal(Object.getPrototypeOf(record.context), Object.prototype);
  assert.equal(Object.getPrototypeOf(record.actions), Array.prototype);
  assert.equal(Object.getOwnPropertyDescriptor(record, "id").writable, true);
});

test("own __proto__ and constructor keys survive and pollute nothing, at every level", async () => {
  const it = store();
  const evil = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":1}';
  const text = stored("request", { ...base, externalIds: { slack: "a" }, actions: [{ id: "submit" }] })
    .replace('"amount"', `"evil":${evil},"amount"`)
    .replace('{"slack"', '{"__proto__":"p","slack"')
    .replace('{"id":"submit"', '{"__proto__":{"polluted":1},"id":"submit"')
    .replace(/}$/, ',"__proto__":{"polluted":1},"constructor":1}');
  await put(it, "r", text);
  const record = await readAll(it, "r");
  assert.equal({}.polluted, undefined);
  assert.equal(record.polluted, undefined);
  assert.equal(Object.getPrototypeOf(record), Object.prototype);
  assert.equal(JSON.stringify(record.context.evil), evil);
  assert.equal(JSON.stringify(record.externalIds), '{"__proto__":"p","slack":"a"}');
  assert.deepEqual(Object.keys(record.actions[0]).sort(), ["__proto__", "id"]);
  assert.equal(record.actions[0].id, "approve");
});

test("duplicate keys: the last one counts, as in JSON.parse", async () => {
  const it = store();
  await put(it, "r", stored("request", base).replace('"channel":"slack"', '"channel":"old","channel":"slack"'));
  assert.equal((await readAll(it, "r")).channel, "slack");
});

test("white space, escapes and another key order are JSON like any other", async () => {
  const it = store();
  const text = JSON.stringify(Object.fromEntries(Object.entries(base).reverse()), null, "\t ");
  await put(it, "r", ` \n${text.replace('"status"', '"st\\u0061tus"').replace('"r"', '"\\u0072"')}\r\n`);
  assert.deepEqual(await readAll(it, "r"), base);
});

test("a record that JS has resolved through cjson is read", async () => {
  const it = store();
  await put(
    it,
    "r",
    '{"result":{"type":"TIMED_OUT"},"actions":{},"status":"resolved","message":"a\\/b","token":"t","id":"r","createdAt":"2026-01-02T03:04:05.006Z","channel":"slack","resolvedAt":"2026-01-02T03:04:06.000Z"}',
  );
  assert.deepEqual(await readAll(it, "r"), {
    id: "r",
    token: "t",
    channel: "slack",
    namespace: "global",
    message: "a/b",
    actions: [{ id: "approve" }],
    status: "resolved",
    result: { type: "TIMED_OUT" },
    createdAt,
    resolvedAt: "2026-01-02T03:04:06.000Z",
  });
});

const group = { id: "b", channel: "slack", message: "m", context: { a: 1 }, createdAt };
for (const [name, change, expected] of [
  ["actions absent", {}, {}],
  ["actions null", { actions: null }, { actions: [{ id: "approve" }] }],
  ["actions with submit", { actions: [{ id: "submit" }] }, { actions: [{ id: "approve" }] }],
  ["legacy actions", { actions: { deny: { label: "No" } } }, { actions: [{ id: "deny", label: "No" }] }],
  ["externalIds empty", { externalIds: {} }, { externalIds: undefined }],
  [
    "unknown fields",
    { unknown: 1, namespace: "x", token: "y" },
    { unknown: undefined, namespace: undefined, token: undefined },
  ],
]) {
  test(`reading a batch, ${name}`, async () => {
    const { state, keys } = store();
    await db.set(keys.batch("b"), JSON.stringify({ ...group, ...change }));
    assert.deepEqual(await state.getBatch("b"), asJson({ ...group, ...change, ...expected }));
  });
}

test("reading a timeline entry and a delivery returns the known fields only", async () => {
  const { state, keys } = store();
  const event = { id: "e", threadId: "t", message: "m", detail: { a: [] }, createdAt };
  await db.set(keys.entry("e"), JSON.stringify({ unknown: 1, ...event, token: 2 }));
  await db.zadd(keys.thread("t"), time, "e");
  assert.deepEqual(await state.timeline("t"), [event]);
  const sending = { id: "d", channel: "email", message: "m", groupId: "g", createdAt };
  await db.set(keys.delivery("d"), JSON.stringify({ unknown: 1, ...sending }));
  assert.deepEqual(await state.getNotifyDelivery("d"), sending);
});

/** Texts that reach V8 in each of the forms of src/binding/text.rs, with characters at their edges. */
const SCRIPTS = ["\u007f", "\u0080\u00ff", "\u0100", "д", "議", "\u2028\ufeff\uffff", "👍\u{10ffff}", 'ÿ"\\é\n議'];

for (const [name, thin] of [
  ["rarely", 1000],
  ["at times", 9],
  ["throughout", 0],
]) {
  test(`characters of any script come back as they went in: ${name}`, async () => {
    const { state } = store();
    for (const [n, script] of SCRIPTS.entries()) {
      const text = (script + "a".repeat(thin)).repeat(50);
      const record = request({ id: `script-${n}`, token: `t${n}`, message: text, context: { [text]: [text] } });
      await state.create(record);
      const read = await state.get(record.id);
      assert.equal(read.message, text);
      assert.deepEqual(read.context, record.context);
    }
    const { items } = await state.list();
    assert.equal(items.length, SCRIPTS.length);
    for (const { message, context } of items) assert.deepEqual(context, { [message]: [message] });
  });
}

test("bytes that are not UTF-8 are replaced as V8 replaces them", async () => {
  const at = store();
  for (const bytes of ["ff", "c3", "e282", "f09f91", "eda080", "c0af", "f4908080", "e282c3a9"]) {
    const [front, back] = JSON.stringify({ ...base, message: "|" }).split("|");
    const text = Buffer.concat([Buffer.from(front), Buffer.from(bytes, "hex"), Buffer.from(`é${back}`)]);
    await put(at, "r", text);
    const { message } = await readAll(at, "r");
    assert.equal(message, JSON.parse(text.toString()).message, bytes);
  }
});
