// docs/watching.md, connections: what becomes of the connection is told in its order, with the reason.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { withProxy } from "./support/proxy.mjs";
import { request } from "./support/records.mjs";
import { startRedis } from "./support/redis.mjs";
import { withStores } from "./support/store.mjs";
import { watched } from "./support/watch.mjs";

const { server, store } = await withStores();
const proxy = await withProxy(server);

const CONNECTION = ["connection"];

/** The messages, after it is made sure that all are about one connection of this name. */
function story({ told }, name) {
  const numbers = new Set(told.map(([, { connection }]) => connection));
  assert.equal(numbers.size, 1);
  assert.ok(Number.isInteger([...numbers][0]));
  return told.map(([, { connection: _, name: given, ...rest }]) => {
    assert.equal(given, name);
    return rest;
  });
}

test("opened by the first call, closed by the end of the client", async () => {
  const client = server.client({ connectionName: "orders" });
  const { state } = store({ client });
  const watch = await watched(async (watch) => {
    await state.count();
    await client.quit();
    await watch.until("connection", (message) => message.state === "closed");
  }, CONNECTION);
  assert.deepEqual(story(watch, "orders:hitl"), [{ state: "connecting" }, { state: "ready" }, { state: "closed" }]);
});

test("without a client: closed by close()", async () => {
  const state = new IoredisState(`redis://127.0.0.1:${server.port}`, { tableName: "own" });
  const watch = await watched(async () => {
    await state.count();
    await state.close();
  }, CONNECTION);
  assert.deepEqual(story(watch, "ioredis:hitl"), [{ state: "connecting" }, { state: "ready" }, { state: "closed" }]);
});

test("an idle connection that breaks is told at once, and opened again by the next call", async () => {
  const { state } = store({ client: server.client({ port: proxy.port }) });
  await state.count();
  const watch = await watched(async (watch) => {
    proxy.cut();
    await watch.until("connection");
    await state.count();
  }, CONNECTION);
  assert.deepEqual(story(watch, "ioredis:hitl"), [
    { state: "lost", code: "ECONNRESET" },
    { state: "connecting" },
    { state: "ready" },
  ]);
});

test("a server that is killed and comes back: each attempt with its number, its pause and its failure", async () => {
  const own = await startRedis({ persistence: "always" });
  try {
    const { state } = store({ client: own.client({ retryStrategy: (attempt) => 10 + attempt }) });
    await state.create(request({ id: "r" }));
    const watch = await watched(async (watch) => {
      await own.kill();
      const read = state.get("r");
      await watch.until("connection", ({ attempt }) => attempt === 3);
      await own.restart();
      assert.equal((await read).id, "r");
    }, CONNECTION);
    const told = story(watch, "ioredis:hitl");
    assert.equal(told[0].state, "lost");
    assert.deepEqual(told.slice(-2), [{ state: "connecting" }, { state: "ready" }]);
    const pauses = told.filter(({ state }) => state === "waiting");
    assert.deepEqual(
      pauses,
      pauses.map((_, nth) => ({ state: "waiting", attempt: nth + 1, delay: 11 + nth })),
    );
    assert.ok(pauses.length >= 3);
    const failures = told.filter(({ state }) => state === "failed");
    assert.ok(failures.length > 0 && failures.every(({ code }) => /^ECONN(REFUSED|RESET)$/.test(code)));
  } finally {
    await own.stop();
  }
});

describe("when there is no hope", () => {
  test("a retryStrategy that gives up", async () => {
    const client = server.client({ port: 1, retryStrategy: null, lazyConnect: true });
    const watch = await watched(() => refuses(store({ client }).state.count(), "CONNECTION_CLOSED"), CONNECTION);
    assert.deepEqual(story(watch, "ioredis:hitl"), [
      { state: "connecting" },
      { state: "failed", code: "ECONNREFUSED" },
      { state: "givenUp", attempt: 1 },
    ]);
  });

  test("credentials that the server refuses; none of them is told", async () => {
    const client = server.client({ username: "user-canary", password: "pass-canary", lazyConnect: true });
    const watch = await watched(() => refuses(store({ client }).state.count(), "WRONGPASS"), CONNECTION);
    assert.deepEqual(story(watch, "ioredis:hitl"), [{ state: "connecting" }, { state: "failed", code: "WRONGPASS" }]);
  });

  test("sentinels that are not there", async () => {
    const options = { sentinels: [{ host: "127.0.0.1", port: 1 }], name: "none", sentinelRetryStrategy: () => null };
    const state = new IoredisState(options, { tableName: "none" });
    const watch = await watched(() => refuses(state.count(), "SENTINELS_UNREACHABLE"), CONNECTION);
    assert.deepEqual(story(watch, "ioredis:hitl"), [
      { state: "connecting" },
      { state: "failed", code: "SENTINELS_UNREACHABLE" },
      { state: "givenUp", attempt: 1 },
    ]);
  });
});

test("a primary that became a replica is left", async () => {
  const own = await startRedis();
  try {
    const admin = own.client();
    const { state } = store({ client: own.client() });
    await state.create(request({ id: "r" }));
    await admin.replicaof("127.0.0.1", 1);
    const watch = await watched(
      async (watch) => {
        const write = state.setExternalId("r", "x");
        await watch.until("connection", (message) => message.state === "ready");
        await admin.replicaof("NO", "ONE");
        await write;
      },
      ["connection", "retry"],
    );
    assert.deepEqual(watch.of("connection")[0].state, "left");
    assert.equal(watch.of("retry")[0].code, "READONLY");
    assert.equal(watch.of("retry")[0].reason, "refused");
  } finally {
    await own.stop();
  }
});
