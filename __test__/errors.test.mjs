// CONTRACT section 7: what callers can rely on in a rejection: class, message, code, `ambiguous`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses } from "./support/assertions.mjs";
import { startProxy } from "./support/proxy.mjs";
import { batch, decision, delivery, entry, request } from "./support/records.mjs";
import { freePort, Redis5, Redis6 } from "./support/redis.mjs";
import { withStores } from "./support/store.mjs";

const { server, db, store } = await withStores();

const CASES = [
  ["UNKNOWN_REQUEST", 'Unknown human request "x"', (s) => s.resolve("x", {})],
  ["UNKNOWN_REQUEST", 'Unknown human request "x"', (s) => s.setExternalId("x", "y")],
  [
    "ALREADY_RESOLVED",
    'Human request "r" is already resolved',
    async (s) => {
      await s.create(request({ id: "r" }));
      await s.resolve("r", decision("r"));
      await s.resolve("r", decision("r"));
    },
  ],
  [
    "REQUEST_EXISTS",
    'Human request "r" already exists',
    async (s) => {
      await s.create(request({ id: "r" }));
      await s.create(request({ id: "r", message: "other" }));
    },
  ],
  [
    "TOKEN_TAKEN",
    'Resume token already belongs to human request "r"',
    async (s) => {
      await s.create(request({ id: "r", token: "t" }));
      await s.create(request({ token: "t" }));
    },
  ],
  ["UNKNOWN_BATCH", 'Unknown batch "x"', (s) => s.setBatchExternalId("x", "y")],
  [
    "BATCH_EXISTS",
    'Batch "b" already exists',
    async (s) => {
      await s.createBatch(batch({ id: "b" }));
      await s.createBatch(batch({ id: "b", message: "other" }));
    },
  ],
  ["UNKNOWN_DELIVERY", 'Unknown notify delivery "x"', (s) => s.setNotifyDeliveryExternalId("x", "y")],
  [
    "DELIVERY_EXISTS",
    'Notify delivery "d" already exists',
    async (s) => {
      await s.createNotifyDelivery(delivery({ id: "d" }));
      await s.createNotifyDelivery(delivery({ id: "d", message: "other" }));
    },
  ],
  [
    "ENTRY_EXISTS",
    'Timeline entry "e" already exists',
    async (s) => {
      await s.appendTimeline(entry({ id: "e" }));
      await s.appendTimeline(entry({ id: "e", message: "other" }));
    },
  ],
  ["INVALID_CURSOR", 'Invalid inbox cursor "x"', (s) => s.list({ cursor: "x" })],
  ["INVALID_ARGUMENT", /namespace/, (s) => s.create(request({ namespace: "a b" }))],
  ["INVALID_ARGUMENT", /token/, (s) => s.create(request({ token: "\ud800" }))],
  ["INVALID_ARGUMENT", /createdAt/, (s) => s.appendTimeline(entry({ createdAt: "never" }))],
];

for (const [code, message, run] of CASES) {
  test(`${code}: ${message}`, async () => {
    const { state } = store();
    const error = await refuses(run(state), code, message);
    assert.equal(error.name, "Error");
    assert.equal(Object.getPrototypeOf(error), Error.prototype, "a plain Error");
    assert.ok(!error.ambiguous, "the outcome is known");
    assert.ok(error.stack.startsWith(`Error: ${error.message}\n`));
    assert.equal(Object.getOwnPropertyDescriptor(error, "message").enumerable, false);
  });
}

test("ids with quotes and controls stand in the message as they are", async () => {
  const { state } = store();
  for (const id of ['a"b', "a\nb", "é🙂", "%s", "$&"]) {
    await refuses(state.resolve(id, {}), "UNKNOWN_REQUEST", `Unknown human request "${id}"`);
  }
});

test("server errors carry the server's own text and its first word as code", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  await db.lpush(keys.all, "x");
  const error = await refuses(
    state.create(request()),
    "WRONGTYPE",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
  );
  assert.ok(!error.ambiguous);
  await refuses(state.list(), "WRONGTYPE", "WRONGTYPE Operation against a key holding the wrong kind of value");
  await refuses(state.count(), "WRONGTYPE", "WRONGTYPE Operation against a key holding the wrong kind of value");
});

for (const [version, Library] of [
  [5, Redis5],
  [6, Redis6],
]) {
  test(`after quit() of the caller's client: "Connection is closed.", as ioredis ${version} says`, async () => {
    const { state, client } = store({ client: server.client({}, Library) });
    await state.get("x");
    await client.quit();
    const theirs = await client.get("x").catch((error) => error);
    for (const call of ["get", "create", "list", "ensureSchema"]) {
      const error = await refuses(state[call](request()), "CONNECTION_CLOSED", theirs.message);
      assert.equal(error.message, "Connection is closed.");
      assert.ok(!error.ambiguous, "nothing has been sent");
    }
  });

  test(`with a client that has ended before the first call: the same (ioredis ${version})`, async () => {
    const client = server.client({ lazyConnect: true }, Library);
    client.disconnect();
    const { state } = store({ client });
    await refuses(state.get("x"), "CONNECTION_CLOSED", "Connection is closed.");
  });
}

/** A connected store behind a proxy of its own. */
async function behindProxy(t, options) {
  const proxy = await startProxy(server);
  const it = store({ client: server.client({ port: proxy.port, ...options }) });
  t.after(async () => {
    it.client.disconnect();
    await proxy.stop();
  });
  await it.state.ensureSchema();
  return { ...it, proxy };
}

test("commandTimeout: the reply does not come, the outcome is unknown", async (t) => {
  const { state, proxy } = await behindProxy(t, { commandTimeout: 150 });
  const record = request();
  proxy.hold();
  const error = await refuses(state.create(record), "COMMAND_TIMEOUT", "Command timed out");
  assert.equal(error.ambiguous, true);
  proxy.release();
});

test("a lost reply without reconnect: the outcome is unknown", async (t) => {
  const { state, proxy, keys } = await behindProxy(t, { retryStrategy: () => null });
  const record = request();
  proxy.loseReplies();
  const error = await refuses(state.create(record), "CONNECTION_CLOSED", "Connection is closed.");
  assert.equal(error.ambiguous, true);
  assert.equal(await db.exists(keys.request(record.id)), 1, "the server had acted");
});

test("maxRetriesPerRequest: ioredis's own text, with the last connection error as cause", async (t) => {
  const { state, proxy } = await behindProxy(t, { maxRetriesPerRequest: 1, retryStrategy: () => 5 });
  proxy.loseReplies();
  const lost = state.create(request());
  proxy.fault.fired.then(() => proxy.refuse());
  const error = await refuses(
    lost,
    "MAX_RETRIES",
    'Reached the max retries per request limit (which is 1). Refer to "maxRetriesPerRequest" option for details.',
  );
  assert.equal(error.ambiguous, true);
  assert.ok(error.cause instanceof Error);
});

test("maxRetriesPerRequest with nobody listening: nothing was sent, and the cause names the refusal", async () => {
  const port = await freePort();
  const client = server.client({ port, maxRetriesPerRequest: 0, retryStrategy: () => 5 });
  const { state } = store({ client });
  const error = await refuses(state.create(request()), "MAX_RETRIES", /^Reached the max retries per request limit/);
  assert.ok(!error.ambiguous);
  assert.equal(error.cause.code, "ECONNREFUSED");
  assert.equal(error.cause.message, `connect ECONNREFUSED 127.0.0.1:${port}`);
});

test("enableOfflineQueue: false without a connection: ioredis's own text", async () => {
  const client = server.client({ port: await freePort(), enableOfflineQueue: false, retryStrategy: () => 20 });
  const { state } = store({ client });
  const error = await refuses(
    state.get("x"),
    "OFFLINE",
    "Stream isn't writeable and enableOfflineQueue options is false",
  );
  assert.ok(!error.ambiguous);
});

test("retryStrategy that gives up at once, nobody listening: Connection is closed., each of 60 times", {
  timeout: 30_000,
}, async () => {
  const port = await freePort();
  for (let turn = 0; turn < 60; turn++) {
    const client = server.client({ port, retryStrategy: () => null });
    // The call meets the client in another moment of its short life each time.
    for (let tick = 0; tick < turn; tick++) await new Promise(setImmediate);
    const { state } = store({ client });
    const error = await refuses(state.get("x"), "CONNECTION_CLOSED", "Connection is closed.");
    assert.ok(!error.ambiguous);
  }
});
