// docs/watching.md, what happens to calls: retries, ambiguous ends, replays, conflicts, repairs, corrupt records and
// migrations are provoked for real, and told exactly as they are.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refuses } from "./support/assertions.mjs";
import { JavascriptVersion } from "./support/javascript-version.mjs";
import { OldStore, oldRecords } from "./support/old-store.mjs";
import { isScript, withProxy } from "./support/proxy.mjs";
import { batch, decision, delivery, entry, request } from "./support/records.mjs";
import { startRedis } from "./support/redis.mjs";
import { eventually } from "./support/sentinel.mjs";
import { withStores } from "./support/store.mjs";
import { watched } from "./support/watch.mjs";

const { server, db, store } = await withStores();
const proxy = await withProxy(server);

const CALLS = ["retry", "ambiguous", "replay", "conflict", "migration", "repair", "corrupt"];

/** A store whose way to the server can be cut. */
function cuttable(options) {
  return store({ client: server.client({ port: proxy.port, ...options }) });
}

/** What is told of one call whose reply is lost the first time. */
async function told(call, options) {
  const it = cuttable(options);
  await it.state.ensureSchema();
  await it.state.create(request({ id: "r" }));
  await it.state.createBatch(batch({ id: "b" }));
  await it.state.createNotifyDelivery(delivery({ id: "d" }));
  const fault = proxy.loseReplies();
  const watch = await watched(async () => {
    await call(it.state);
    await fault.fired;
  }, CALLS);
  return { ...it, told: watch.told };
}

describe("a write whose reply is lost is told as a retry and a replay", () => {
  const writes = {
    create: ["new", (state) => state.create(request({ id: "new" }))],
    resolve: ["r", (state) => state.resolve("r", decision("r"))],
    setExternalId: ["r", (state) => state.setExternalId("r", "x")],
    createBatch: ["new", (state) => state.createBatch(batch({ id: "new" }))],
    setBatchExternalId: ["b", (state) => state.setBatchExternalId("b", "x")],
    appendTimeline: ["e", (state) => state.appendTimeline(entry({ id: "e" }))],
    createNotifyDelivery: ["new", (state) => state.createNotifyDelivery(delivery({ id: "new" }))],
    setNotifyDeliveryExternalId: ["d", (state) => state.setNotifyDeliveryExternalId("d", "x")],
  };
  for (const [operation, [id, call]] of Object.entries(writes)) {
    test(operation, async () => {
      const { told: messages, tableName } = await told(call);
      const about = { operation, tableName, id };
      assert.deepEqual(messages, [
        ["retry", { ...about, retry: 1, reason: "lost", code: "ECONNRESET" }],
        ["replay", { ...about, resent: true }],
      ]);
    });
  }
});

test("a read whose reply is lost is a retry and no replay; what it looks for stays unsaid", async () => {
  const read = await told((state) => state.findByToken("token-of-r"));
  const about = { operation: "findByToken", tableName: read.tableName };
  assert.deepEqual(read.told, [["retry", { ...about, retry: 1, reason: "lost", code: "ECONNRESET" }]]);
});

test("a request that never arrived is a retry and no replay", async () => {
  const { state, tableName } = cuttable();
  await state.ensureSchema();
  const fault = proxy.cutRequestAfter(20);
  const watch = await watched(async () => {
    await state.create(request({ id: "r" }));
    await fault.fired;
  }, CALLS);
  const about = { operation: "create", tableName, id: "r" };
  assert.deepEqual(watch.told, [["retry", { ...about, retry: 1, reason: "lost", code: "ECONNRESET" }]]);
});

test("the same call of the caller's is a replay that was not resent, for each write", async () => {
  const { state, tableName } = store();
  const [group, sending, event] = [batch({ id: "b" }), delivery({ id: "d" }), entry({ id: "e" })];
  const asked = request({ id: "r" });
  const writes = [
    ["create", "r", () => state.create(asked)],
    ["createBatch", "b", () => state.createBatch(group)],
    ["createNotifyDelivery", "d", () => state.createNotifyDelivery(sending)],
    ["appendTimeline", "e", () => state.appendTimeline(event)],
    ["setExternalId", "r", () => state.setExternalId("r", "x")],
    ["setBatchExternalId", "b", () => state.setBatchExternalId("b", "y")],
    ["setNotifyDeliveryExternalId", "d", () => state.setNotifyDeliveryExternalId("d", "z")],
  ];
  const first = await watched(async () => {
    for (const [, , write] of writes) await write();
    await state.setExternalId("r", "x", "another plugin");
    await state.setExternalId("r", "x2");
    await state.setExternalId("r", "x");
  }, CALLS);
  assert.deepEqual(first.told, [], "what changes something is none");
  const again = await watched(async () => {
    for (const [, , write] of writes) await write();
  }, CALLS);
  const expected = writes.map(([operation, id]) => ["replay", { operation, tableName, id, resent: false }]);
  assert.deepEqual(again.told, expected);
});

test("calls that the server refuses for now are told each time, with its code", async () => {
  const own = await startRedis({ args: ["--lua-time-limit", 10] });
  try {
    const { state, tableName } = store({ client: own.client() });
    await state.create(request({ id: "r" }));
    const blocked = refuses(own.client().eval("while true do end", 0), undefined, /killed/i);
    const admin = own.client();
    await eventually("the script blocks the server", () => refuses(admin.ping(), undefined, /^BUSY/));
    const watch = await watched(async (watch) => {
      const read = state.get("r");
      await watch.until("retry", ({ retry }) => retry === 2);
      await admin.script("KILL");
      await Promise.all([read, blocked]);
    }, CALLS);
    const about = { operation: "get", tableName, id: "r" };
    const expected = watch.told.map((_, nth) => [
      "retry",
      { ...about, retry: nth + 1, reason: "refused", code: "BUSY" },
    ]);
    assert.deepEqual(watch.told, expected);
  } finally {
    await own.stop();
  }
});

test("a write that is cut off for good is ambiguous; one that never left, or a read, is not", async () => {
  for (const [ends, match, expected] of [
    [(state) => state.resolve("r", decision("r")), isScript, "resolve"],
    [(state) => state.get("r"), () => true, undefined],
  ]) {
    const { state, tableName } = cuttable({ autoResendUnfulfilledCommands: false });
    await state.create(request({ id: "r" }));
    proxy.loseReplies({ match });
    const watch = await watched(() => refuses(ends(state), "CONNECTION_CLOSED"), CALLS);
    const told = expected
      ? [["ambiguous", { operation: expected, tableName, id: "r", code: "CONNECTION_CLOSED" }]]
      : [];
    assert.deepEqual(watch.told, told);
  }
});

test("every kind of conflict is told with its code", async () => {
  const { state, tableName } = store();
  await state.create(request({ id: "r" }));
  await state.createBatch(batch({ id: "b" }));
  await state.createNotifyDelivery(delivery({ id: "d" }));
  await state.appendTimeline(entry({ id: "e" }));
  const conflicts = [
    ["create", "r", "REQUEST_EXISTS", () => state.create(request({ id: "r", message: "other" }))],
    ["create", "s", "TOKEN_TAKEN", () => state.create(request({ id: "s", token: "token-of-r" }))],
    ["createBatch", "b", "BATCH_EXISTS", () => state.createBatch(batch({ id: "b", message: "other" }))],
    [
      "createNotifyDelivery",
      "d",
      "DELIVERY_EXISTS",
      () => state.createNotifyDelivery(delivery({ id: "d", groupId: "o" })),
    ],
    ["appendTimeline", "e", "ENTRY_EXISTS", () => state.appendTimeline(entry({ id: "e", message: "other" }))],
  ];
  const watch = await watched(async () => {
    for (const [, , code, write] of conflicts) await refuses(write(), code);
    const both = [state.resolve("r", decision("r")), state.resolve("r", decision("r"))];
    assert.deepEqual((await Promise.allSettled(both)).map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    await refuses(state.resolve("nobody", decision("nobody")), "UNKNOWN_REQUEST");
  }, CALLS);
  const expected = conflicts.map(([operation, id, code]) => ["conflict", { operation, tableName, id, code }]);
  const resolved = { operation: "resolve", tableName, id: "r", code: "ALREADY_RESOLVED" };
  assert.deepEqual(watch.told, [...expected, ["conflict", resolved]]);
});

describe("a decision that a JavaScript replica has undone is told when it is restored, once", () => {
  const healers = {
    get: (state) => state.get("r"),
    findByToken: (state) => state.findByToken("token-of-r"),
    findByExternalId: (state) => state.findByExternalId("late"),
    resolve: (state) => refuses(state.resolve("r", decision("r")), "ALREADY_RESOLVED"),
    setExternalId: (state) => state.setExternalId("r", "later"),
    verify: (state) => state.verify({ repair: true }),
  };
  for (const [operation, heal] of Object.entries(healers)) {
    test(operation, async () => {
      const { state, keys, tableName } = store();
      const javascript = new JavascriptVersion(server.client(), keys.prefix);
      await state.create(request({ id: "r" }));
      const stale = await javascript.readForExternalId("r");
      await state.resolve("r", decision("r"));
      await javascript.writeExternalId(stale, "late");
      const watch = await watched(async () => {
        await heal(state);
        await heal(state);
      }, ["repair"]);
      const id = operation === "verify" ? {} : { id: "r" };
      assert.deepEqual(watch.told, [["repair", { operation, tableName, kind: "undone-decision", repaired: 1, ...id }]]);
    });
  }
});

test("what verify mends is told by kind; without repair nothing is", async () => {
  const { state, keys, tableName } = store();
  for (const id of ["a", "b", "c"]) await state.create(request({ id }));
  await db.zrem(keys.all, "a", "b");
  await db.zadd(keys.status("pending"), 5, "c");
  assert.deepEqual((await watched(() => state.verify(), CALLS)).told, []);
  const watch = await watched(() => state.verify({ repair: true }), CALLS);
  const sums = {};
  for (const [channel, { kind, repaired, ...rest }] of watch.told) {
    assert.deepEqual([channel, rest], ["repair", { operation: "verify", tableName }]);
    sums[kind] = (sums[kind] ?? 0) + repaired;
  }
  assert.deepEqual(sums, { "missing-entry": 2, "wrong-score": 1 });
});

test("records that a list or a timeline leaves out are told each time", async () => {
  const { state, keys, tableName } = store();
  await state.create(request({ id: "r" }));
  await state.appendTimeline(entry({ id: "e", threadId: "t" }));
  await db.mset(keys.request("r"), "broken", keys.entry("e"), "broken");
  const watch = await watched(async () => {
    await state.list();
    await state.list();
    await state.timeline("t");
    await refuses(state.get("r"), "CORRUPT_RECORD");
  }, CALLS);
  const left = (operation, key) => ["corrupt", { operation, tableName, key }];
  const inbox = left("list", keys.request("r"));
  assert.deepEqual(watch.told, [inbox, inbox, left("timeline", keys.entry("e"))]);
});

describe("the migrations of an old store are told from start to end", () => {
  for (const [layout, ids] of [
    [1, ["002-sorted-indexes", "003-namespace-indexes"]],
    [2, ["003-namespace-indexes"]],
  ]) {
    test(`from layout ${layout}`, async () => {
      const { state, keys, tableName } = store();
      await new OldStore(db, keys.prefix, layout).build(oldRecords(1200), { dirt: false });
      const watch = await watched(() => state.count(), CALLS);
      for (const migration of ids) {
        const course = watch.of("migration").filter((message) => message.migration === migration);
        const total = migration.startsWith("002") ? 2400 : 1200;
        assert.deepEqual(course[0], { tableName, migration, progress: "started", done: 0, total });
        assert.deepEqual(course.at(-1), { tableName, migration, progress: "finished", done: total, total });
        const running = course.slice(1, -1);
        assert.ok(running.length >= 3, `${running.length} chunks`);
        for (const [nth, message] of running.entries()) {
          assert.deepEqual(message, { ...message, tableName, migration, progress: "running", total });
          assert.ok(message.done > (running[nth - 1]?.done ?? 0) && message.done <= total);
        }
      }
      assert.equal(new Set(watch.of("migration").map(({ migration }) => migration)).size, ids.length);
    });
  }
});

test("a new store and one that is up to date have nothing to tell", async () => {
  const { state, tableName } = store();
  const watch = await watched(async () => {
    await state.create(request());
    await store({ tableName, client: server.client() }).state.count();
  }, CALLS);
  assert.deepEqual(watch.told, []);
});
