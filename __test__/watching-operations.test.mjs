// docs/watching.md, operations: the tracing channel shows each call at all its stages, in the caller's async context,
// and costs nothing while nobody listens.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { execFile } from "node:child_process";
import { channel as channelOf, tracingChannel } from "node:diagnostics_channel";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import RedisMock from "ioredis-mock";
import { refuses } from "./support/assertions.mjs";
import { canariesIn, everything, calls as secretCalls } from "./support/canaries.mjs";
import { batch, decision, delivery, entry, request } from "./support/records.mjs";
import { withStores } from "./support/store.mjs";
import { CHANNELS, Watch, watched } from "./support/watch.mjs";

const { server, db, store } = await withStores();

const TRACED = { operations: true };
const channel = tracingChannel("@hitl-sdk/state-ioredis:operation");

/** Every method, with the id that its call is about. */
const METHODS = {
  ensureSchema: [undefined, (state) => state.ensureSchema()],
  create: ["r", (state) => state.create(request({ id: "r" }))],
  get: ["r", (state) => state.get("r")],
  findByToken: [undefined, (state) => state.findByToken("token-of-r")],
  findByExternalId: [undefined, (state) => state.findByExternalId("x")],
  setExternalId: ["r", (state) => state.setExternalId("r", "x")],
  resolve: ["r", (state) => state.resolve("r", decision("r"))],
  list: [undefined, (state) => state.list()],
  count: [undefined, (state) => state.count()],
  createBatch: ["b", (state) => state.createBatch(batch({ id: "b" }))],
  getBatch: ["b", (state) => state.getBatch("b")],
  setBatchExternalId: ["b", (state) => state.setBatchExternalId("b", "x")],
  listByBatch: ["b", (state) => state.listByBatch("b")],
  appendTimeline: ["e", (state) => state.appendTimeline(entry({ id: "e", threadId: "t" }))],
  timeline: ["t", (state) => state.timeline("t")],
  createNotifyDelivery: ["d", (state) => state.createNotifyDelivery(delivery({ id: "d" }))],
  getNotifyDelivery: ["d", (state) => state.getNotifyDelivery("d")],
  setNotifyDeliveryExternalId: ["d", (state) => state.setNotifyDeliveryExternalId("d", "x")],
  purge: [undefined, (state) => state.purge({ resolvedBefore: new Date(0) })],
  verify: [undefined, (state) => state.verify()],
};

test("every method is an operation with four stages, and its result stays its caller's", async () => {
  const { state, tableName } = store();
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(state));
  assert.deepEqual(Object.keys(METHODS).sort(), methods.filter((name) => !/^(constructor|close)$/.test(name)).sort());
  for (const [operation, [id, call]] of Object.entries(METHODS)) {
    const { told } = await watched(() => call(state), [], TRACED);
    const about = id === undefined ? { operation, tableName } : { operation, tableName, id };
    const stages = ["start", "end", "asyncStart", "asyncEnd"];
    assert.deepEqual(
      told,
      stages.map((stage) => [stage, about]),
    );
  }
});

test("a call is settled as it would be unwatched", async () => {
  const { state } = store();
  const record = request({ id: "r" });
  await watched(
    async () => {
      assert.equal(await state.create(record), undefined);
      assert.deepEqual(await state.list(), { items: [await state.get("r")] });
      assert.equal(await state.get("\ud800"), null);
      assert.equal(await state.count({ status: "unknown" }), 0);
      const seen = everything(await refuses(state.resolve("x", decision("x")), "UNKNOWN_REQUEST"));
      assert.match(seen, /Unknown human request "x"/);
      await refuses(state.create({ ...record, id: 5 }), "INVALID_ARGUMENT");
    },
    [],
    TRACED,
  );
});

test("one that rejects has an error stage with the very error", async () => {
  const { state, tableName } = store();
  let thrown;
  const { told } = await watched(
    async () => {
      thrown = await refuses(state.resolve("x", decision("x")), "UNKNOWN_REQUEST");
    },
    [],
    TRACED,
  );
  const about = { operation: "resolve", tableName, id: "x" };
  const failed = { ...about, error: thrown };
  assert.deepEqual(told, [
    ["start", about],
    ["end", about],
    ["error", failed],
    ["asyncStart", failed],
    ["asyncEnd", failed],
  ]);
  assert.equal(told[2][1].error, thrown);
});

test("one whose arguments are refused is told, too", async () => {
  const { state, tableName } = store();
  const { told } = await watched(() => refuses(state.create(null), "INVALID_ARGUMENT"), [], TRACED);
  assert.deepEqual(told[0], ["start", { operation: "create", tableName }]);
  assert.deepEqual([told[2][0], told[2][1].error.code], ["error", "INVALID_ARGUMENT"]);
});

test("the async context of the caller is there at every stage, and what start binds is there at the end", async () => {
  const { state } = store();
  const [callers, spans] = [new AsyncLocalStorage(), new AsyncLocalStorage()];
  const seen = [];
  const note = (stage) => () => seen.push([stage, callers.getStore(), spans.getStore()]);
  const stages = Object.fromEntries(["start", "end", "asyncStart", "asyncEnd"].map((stage) => [stage, note(stage)]));
  channel.start.bindStore(spans, ({ operation }) => `span of ${operation}`);
  const listeners = { ...stages, error() {} };
  channel.subscribe(listeners);
  try {
    await callers.run("caller", () => state.count());
  } finally {
    channel.unsubscribe(listeners);
    channel.start.unbindStore(spans);
  }
  const span = "span of count";
  assert.deepEqual(
    seen,
    Object.keys(stages).map((stage) => [stage, "caller", span]),
  );
});

test("a thousand calls at once keep their order and each its own story", async () => {
  const { state } = store();
  await state.ensureSchema();
  const { told } = await watched(
    () => Promise.all(Array.from({ length: 1000 }, (_, n) => state.get(`r${n}`))),
    [],
    TRACED,
  );
  const ended = told.filter(([stage]) => stage === "asyncEnd").map(([, { id }]) => id);
  assert.deepEqual(
    ended,
    Array.from({ length: 1000 }, (_, n) => `r${n}`),
  );
});

test("without a subscriber no message is made, whatever happens", async () => {
  // Whoever publishes on a channel that nobody listens to has made a message for nothing.
  const idle = Object.getPrototypeOf(channelOf("of nobody"));
  const { publish, runStores } = idle;
  const published = [];
  idle.publish = function (message) {
    if (String(this.name).includes("@hitl-sdk/")) published.push([this.name, message]);
  };
  idle.runStores = (message, work) => {
    published.push(["runStores", message]);
    return work();
  };
  try {
    const client = server.client();
    const { state, keys } = store({ client });
    for (const [, call] of Object.values(METHODS)) await call(state);
    await refuses(state.create(request({ id: "r", message: "other" })), "REQUEST_EXISTS");
    await state.createBatch(batch({ id: "b" }));
    await db.set(keys.request("s"), "broken");
    await db.zadd(keys.all, 1, "s");
    await state.list();
    await db.client("KILL", "TYPE", "normal", "SKIPME", "yes");
    await Promise.all([state.get("r"), state.count(), state.verify({ repair: true })]);
    await state.close();
  } finally {
    Object.assign(idle, { publish, runStores });
  }
  assert.deepEqual(published, []);
});

test("ioredis-mock is watched in the same way", async () => {
  const { state, tableName } = store({ client: new RedisMock() });
  const watch = await watched(
    async () => {
      await state.create(request({ id: "r", token: "taken" }));
      await refuses(state.create(request({ id: "s", token: "taken" })), "TOKEN_TAKEN");
    },
    CHANNELS,
    TRACED,
  );
  assert.equal(watch.of("asyncEnd").length, 2);
  assert.deepEqual(watch.of("conflict"), [{ operation: "create", tableName, id: "s", code: "TOKEN_TAKEN" }]);
  assert.deepEqual(
    watch.of("connection").map(({ state }) => state),
    ["connecting", "ready"],
  );
});

describe("what a listener throws", () => {
  const program = `
    const { channel, tracingChannel } = require("node:diagnostics_channel");
    const { IoredisState } = require(${JSON.stringify(fileURLToPath(new URL("../index.js", import.meta.url)))});
    const throws = () => { throw new Error("of the listener"); };
    tracingChannel("@hitl-sdk/state-ioredis:operation").subscribe({ start: throws, end: throws, asyncStart: throws, asyncEnd: throws, error: throws });
    for (const name of ${JSON.stringify(CHANNELS)}) channel("@hitl-sdk/state-ioredis:" + name).subscribe(throws);
    let caught = 0;
    if (process.argv[1] === "handled") process.on("uncaughtException", () => (caught += 1));
    const state = new IoredisState({ host: "127.0.0.1", port: ${server.port} }, { tableName: "throws" + process.argv[1] });
    (async () => {
      await state.createBatch({ id: "b", channel: "slack" });
      await state.createBatch({ id: "b", channel: "mail" }).catch((error) => console.log(error.code));
      console.log((await state.getBatch("b")).channel);
      await state.close();
      setImmediate(() => console.log(caught > 5));
    })();`;
  const run = (how) => promisify(execFile)(process.execPath, ["-e", program, "--", how]);

  test("reaches no call", async () => {
    assert.equal((await run("handled")).stdout, "BATCH_EXISTS\nslack\ntrue\n");
  });

  test("is an uncaught exception like any other", async () => {
    await assert.rejects(run("unhandled"), /of the listener/);
  });
});

test("a worker thread has channels of its own", async () => {
  const watch = new Watch(CHANNELS, TRACED);
  const worker = new Worker(
    `const { workerData, parentPort } = require("node:worker_threads");
     const { tracingChannel } = require("node:diagnostics_channel");
     const { IoredisState } = require(workerData.path);
     const seen = [];
     tracingChannel("@hitl-sdk/state-ioredis:operation").subscribe({ start() {}, end() {}, asyncStart() {}, error() {}, asyncEnd: ({ operation }) => seen.push(operation) });
     const state = new IoredisState({ port: workerData.port }, { tableName: "worker" });
     state.count().then(() => state.close()).then(() => parentPort.postMessage(seen));`,
    {
      eval: true,
      workerData: { path: fileURLToPath(new URL("../index.js", import.meta.url)), port: server.port },
    },
  );
  const seen = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  assert.deepEqual(seen, ["count"]);
  assert.deepEqual(watch.stop(), []);
  await worker.terminate();
});

test("no message holds a secret, whatever is called and however it ends", async () => {
  const { state, keys } = store();
  const secret = new Error("thrown-canary");
  const throwing = { toJSON: () => assert.fail(secret) };
  const watch = await watched(
    async () => {
      for (const call of [...secretCalls(state), ...secretCalls(state)]) await call().catch(() => {});
      await state.create(request({ context: throwing })).catch(() => {});
      await state.resolve("r", throwing).catch(() => {});
      await state.list({ cursor: "context-canary" }).catch(() => {});
      await state.list({ cursor: Buffer.from("context-canary|message-canary").toString("base64url") }).catch(() => {});
      await state
        .create({
          get id() {
            throw secret;
          },
        })
        .catch(() => {});
      await db.mset(keys.request("r"), "message-canary", keys.entry("e"), "detail-canary");
      await Promise.allSettled([
        state.list(),
        state.timeline("thread"),
        state.get("r"),
        state.verify({ repair: true }),
      ]);
    },
    CHANNELS,
    TRACED,
  );
  assert.ok(watch.told.length > 100, `${watch.told.length} messages`);
  for (const channel of ["replay", "conflict", "corrupt", "error"]) assert.ok(watch.of(channel).length > 0, channel);
  for (const [stage, message] of watch.told) {
    assert.deepEqual(canariesIn(everything(message)), [], `${stage} of ${message.operation}`);
  }
});
