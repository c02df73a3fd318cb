// CONTRACT section 3: the exact keys, types and scores after every operation, for every form of the
// prefix. Each scenario has the whole server for itself, so a key that does not belong shows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { batch, decision, delivery, entry, request } from "./support/records.mjs";
import { snapshot, withStores } from "./support/store.mjs";

const { server, db, store } = await withStores();

const string = (value) => ({ type: "string", value });
const zset = (...value) => ({ type: "zset", value });
const RECORD = { type: "string" };
const DAY = 24 * 3600 * 1000;

/** The whole server; the texts of records and the form of markers are not looked at here. */
async function layout(keys) {
  const all = await snapshot(db);
  for (const key of Object.keys(all)) {
    const name = key.slice(keys.prefix.length + 1);
    if (/^(req|batch|notify|timeline:entry):/.test(name)) all[key] = RECORD;
    if (name.startsWith("meta:resolve:")) delete all[key];
  }
  return all;
}

/** Runs every writing operation; after each, the server must hold what the layout says. */
async function scenario({ state, keys }) {
  const expected = {
    [keys.migrations]: { type: "set", value: ["001-initial", "002-sorted-indexes", "003-namespace-indexes"] },
  };
  const step = async (name, run, changes) => {
    await run();
    Object.assign(expected, await changes());
    for (const [key, value] of Object.entries(expected)) if (value === undefined) delete expected[key];
    assert.deepEqual(await layout(keys), expected, name);
  };
  const timeOf = async (id) => Date.parse((await state.get(id)).createdAt);
  const one = request({ id: "one", batchId: "b", batchIndex: 3 });
  const two = request({ id: "two", namespace: "team.a" });

  await step(
    "ensureSchema",
    () => state.ensureSchema(),
    () => ({}),
  );
  let at1;
  await step(
    "create of a batch item",
    () => state.create(one),
    async () => {
      at1 = await timeOf("one");
      return {
        [keys.request("one")]: RECORD,
        [keys.token(one.token)]: string("one"),
        [keys.all]: zset(["one", at1]),
        [keys.status("pending")]: zset(["one", at1]),
        [keys.namespace("global")]: zset(["one", at1]),
        [keys.namespaceStatus("global", "pending")]: zset(["one", at1]),
        [keys.batchItems("b")]: zset(["one", 3]),
      };
    },
  );
  await step(
    "create in another namespace",
    () => state.create(two),
    async () => {
      const at2 = await timeOf("two");
      return {
        [keys.request("two")]: RECORD,
        [keys.token(two.token)]: string("two"),
        [keys.all]: zset(["one", at1], ["two", at2]),
        [keys.status("pending")]: zset(["one", at1], ["two", at2]),
        [keys.namespace("team.a")]: zset(["two", at2]),
        [keys.namespaceStatus("team.a", "pending")]: zset(["two", at2]),
      };
    },
  );
  await step(
    "setExternalId",
    () => state.setExternalId("one", "ts-1"),
    () => ({ [keys.externalId("ts-1")]: string("one") }),
  );
  await step(
    "setExternalId again, for a plugin",
    () => state.setExternalId("one", "inbox-1", "inbox"),
    () => ({ [keys.externalId("inbox-1")]: string("one") }),
  );
  await step(
    "resolve",
    () => state.resolve("one", decision("one")),
    async () => {
      const at2 = await timeOf("two");
      return {
        [keys.status("pending")]: zset(["two", at2]),
        [keys.status("resolved")]: zset(["one", at1]),
        [keys.namespaceStatus("global", "pending")]: undefined,
        [keys.namespaceStatus("global", "resolved")]: zset(["one", at1]),
      };
    },
  );
  assert.equal(await db.exists(keys.marker("one")), 1);
  const left = await db.pttl(keys.marker("one"));
  assert.ok(left > DAY - 60_000 && left <= DAY, `the marker expires after 24 hours, not in ${left} ms`);

  await step(
    "createBatch",
    () => state.createBatch(batch({ id: "b" })),
    () => ({ [keys.batch("b")]: RECORD }),
  );
  await step(
    "setBatchExternalId",
    () => state.setBatchExternalId("b", "bx"),
    () => ({ [keys.batchExternalId("bx")]: string("b") }),
  );
  const first = entry({ id: "e1", threadId: "t" });
  await step(
    "appendTimeline",
    () => state.appendTimeline(first),
    () => ({ [keys.entry("e1")]: RECORD, [keys.thread("t")]: zset(["e1", Date.parse(first.createdAt)]) }),
  );
  await step(
    "createNotifyDelivery",
    () => state.createNotifyDelivery(delivery({ id: "d" })),
    () => ({ [keys.delivery("d")]: RECORD }),
  );
  await step(
    "setNotifyDeliveryExternalId",
    () => state.setNotifyDeliveryExternalId("d", "dx"),
    () => ({ [keys.deliveryExternalId("dx")]: string("d") }),
  );
  sound(await violations(db, keys.prefix));
}

for (const [name, tableName, keyPrefix, prefix] of [
  ["a.b", "a.b", "", "a:b"],
  ["a", "a", "", "a"],
  ["absent", null, "", "hitl:human_requests"],
  ["a.b under a keyPrefix", "a.b", "app:", "app:a:b"],
  ["absent under a keyPrefix of odd characters", null, "{x} é*?", "{x} é*?hitl:human_requests"],
  ["absent under a Buffer as keyPrefix", null, Buffer.from("buf:"), "buf:hitl:human_requests"],
]) {
  test(`layout 3, table name ${name}: every operation leaves exactly its keys`, async () => {
    await db.flushall();
    const { state, keys } = store({ client: server.client({ keyPrefix }), tableName });
    assert.equal(keys.prefix, prefix);
    await scenario({ state, keys });
  });
}

test("keys are built by concatenation: ids may contain anything", async () => {
  await db.flushall();
  const { state, keys } = store();
  const odd = [
    "a:b:c",
    "{tag}",
    "a b",
    "a\nb\r\n",
    "nul\0nul",
    "*?[x]",
    "é🙂\u{10ffff}\ufffd",
    "__proto__",
    "../..",
    "",
  ];
  for (const id of odd) {
    const record = request({ id: `id${id}`, token: `t${id}`, batchId: `b${id}`, batchIndex: 0 });
    await state.create(record);
    await state.setExternalId(record.id, `x${id}`);
    assert.equal(await db.get(keys.token(`t${id}`)), record.id);
    assert.equal(await db.get(keys.externalId(`x${id}`)), record.id);
    assert.equal((await state.get(record.id)).token, record.token);
    assert.equal((await state.findByToken(record.token)).id, record.id);
    assert.equal((await state.findByExternalId(`x${id}`)).id, record.id);
    assert.deepEqual(
      (await state.listByBatch(`b${id}`)).map((item) => item.id),
      [record.id],
    );
  }
  assert.equal(await state.count(), odd.length);
  sound(await violations(db, keys.prefix));
});

for (const [name, before, colliding] of [
  [
    "the thread entry:x after the entry x",
    (s) => s.appendTimeline(entry({ id: "x" })),
    (s) => s.appendTimeline(entry({ id: "y", threadId: "entry:x" })),
  ],
  [
    "the entry x after the thread entry:x",
    (s) => s.appendTimeline(entry({ id: "y", threadId: "entry:x" })),
    (s) => s.appendTimeline(entry({ id: "x" })),
  ],
  ["an entry in a thread of its own key", () => {}, (s) => s.appendTimeline(entry({ id: "x", threadId: "entry:x" }))],
  [
    "an item of the batch ext:x after the batch external id x",
    async (s) => {
      await s.createBatch(batch({ id: "b" }));
      await s.setBatchExternalId("b", "x");
    },
    (s) => s.create(request({ batchId: "ext:x", batchIndex: 0 })),
  ],
  [
    "the batch external id x after an item of the batch ext:x",
    async (s) => {
      await s.createBatch(batch({ id: "b" }));
      await s.create(request({ batchId: "ext:x", batchIndex: 0 }));
    },
    (s) => s.setBatchExternalId("b", "x"),
  ],
]) {
  test(`two inputs that meet on one key: ${name} is refused with WRONGTYPE and overwrites nothing`, async () => {
    await db.flushall();
    const { state, keys } = store();
    await state.ensureSchema();
    await before(state);
    const was = await snapshot(db, keys.prefix);
    await refuses(colliding(state), "WRONGTYPE", /^WRONGTYPE Operation against a key holding the wrong kind of value/);
    assert.deepEqual(await snapshot(db, keys.prefix), was);
  });
}
