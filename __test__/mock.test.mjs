// ioredis-mock has no connection: the state works through the methods of the mock itself, so that tests written for the
// JavaScript version keep passing. What it leaves there is what it leaves on a server.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import RedisMock from "ioredis-mock";
import { IoredisState } from "../index.js";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { buildLayout1, buildLayout2 } from "./support/javascript-version.mjs";
import { keysOf, snapshot } from "./support/layout.mjs";
import { oldRecords } from "./support/old-store.mjs";
import { batch, decision, delivery, entry, request, VALUES } from "./support/records.mjs";
import { withRedis } from "./support/redis.mjs";
import { numbered, WRITES } from "./support/writes.mjs";

const LIMIT = { timeout: 120_000 };
const P = "hitl:human_requests";

let ports = 20_000;

/** A client of a mocked server of its own. */
const mocked = (options = {}) => new RedisMock({ port: ports++, ...options });

/** Another client of the same mocked server, without a prefix. */
const beside = ({ options }) => new RedisMock({ port: options.port });

for (const write of WRITES) {
  test(`${write.name} has the effect that it has on a server, once`, LIMIT, async () => {
    const redis = mocked();
    const state = new IoredisState(redis);
    const id = numbered(1);
    await write.prepare(state, id, redis, keysOf(P));
    await write.call(state, id);
    assert.equal(await write.took(state, id), true);
    if (write.again) await refuses(write.call(state, id), write.again);
    else await write.call(state, id);
    assert.equal(await write.took(state, id), true);
    sound(await violations(redis, P));
  });
}

test("after the same calls the mock and a server have the same keys and values", LIMIT, async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1.7e12 });
  const server = await withRedis();
  const stored = [];
  for (const redis of [mocked({ keyPrefix: "tenant:" }), server.client({ keyPrefix: "tenant:" })]) {
    const state = new IoredisState(redis);
    await state.ensureSchema();
    await state.create(request({ id: "a", namespace: "finance", message: "Zürich 👍 \u2028" }));
    await state.create(request({ id: "b", token: "t", batchId: "run", batchIndex: 1 }));
    await state.createBatch(batch({ id: "run" }));
    await state.setExternalId("a", "x");
    await state.setExternalId("a", "y", "inbox");
    await state.setBatchExternalId("run", "m");
    await state.resolve("a", decision("a"));
    await state.appendTimeline(entry({ id: "e", threadId: "h" }));
    await state.createNotifyDelivery(delivery({ id: "d" }));
    await state.setNotifyDeliveryExternalId("d", 17);
    const db = redis instanceof RedisMock ? beside(redis) : server.client();
    const found = await snapshot(db, "tenant:");
    // It starts with what the call drew at random.
    found[`tenant:${P}:meta:resolve:a`].value = found[`tenant:${P}:meta:resolve:a`].value.slice(32);
    stored.push(found);
    assert.equal(JSON.parse(await redis.get(`${P}:req:a`)).id, "a", "the client reads it under its own prefix");
  }
  assert.deepEqual(stored[0], stored[1]);
});

test(
  "requests are found by id, token, external id, batch, status and namespace, page by page",
  LIMIT,
  async (context) => {
    context.mock.timers.enable({ apis: ["Date"], now: 1.7e12 });
    const state = new IoredisState(mocked());
    for (let n = 0; n < 25; n++) {
      await state.create(
        request({ id: numbered(n), namespace: n % 2 ? "finance" : "it", batchId: "run", batchIndex: 24 - n }),
      );
      if (n % 5) context.mock.timers.tick(1);
      if (n % 3 === 0) await state.resolve(numbered(n), decision(numbered(n)));
    }
    const ids = [];
    let cursor;
    do {
      const page = await state.list({ limit: 4, cursor });
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(
      [...ids].sort(),
      Array.from({ length: 25 }, (_, n) => numbered(n)),
    );
    assert.equal((await state.list({ status: "pending", namespace: "it" })).items.length, 8);
    assert.deepEqual(
      await Promise.all([state.count(), state.count({ status: "resolved" }), state.count({ namespace: "finance" })]),
      [25, 9, 12],
    );
    const inBatch = (await state.listByBatch("run")).map(({ id }) => id);
    assert.deepEqual(
      inBatch,
      Array.from({ length: 25 }, (_, n) => numbered(24 - n)),
    );
    assert.equal((await state.findByToken(`token-of-${numbered(7)}`)).id, numbered(7));
  },
);

test("values of all sorts come back as they went in", LIMIT, async () => {
  const state = new IoredisState(mocked());
  const context = Object.fromEntries(VALUES);
  await state.create(request({ id: "all", context }));
  await state.setExternalId("all", "x");
  await state.resolve("all", decision("all", { feedbacks: { context } }));
  const { context: back, result } = await state.get("all");
  assert.deepEqual(back, JSON.parse(JSON.stringify(context)));
  assert.deepEqual(result.feedbacks.context, JSON.parse(JSON.stringify(context)));
});

test("refusals have the codes that they have on a server", LIMIT, async () => {
  const redis = mocked();
  const state = new IoredisState(redis);
  const made = request({ id: "a", token: "t" });
  await state.create(made);
  await refuses(state.create({ ...made, message: "another" }), "REQUEST_EXISTS");
  await refuses(state.create(request({ token: "t" })), "TOKEN_TAKEN");
  await refuses(state.resolve("nobody", decision("nobody")), "UNKNOWN_REQUEST");
  const both = await Promise.allSettled([state.resolve("a", decision("a")), state.resolve("a", decision("a"))]);
  assert.deepEqual(
    both.map(({ reason }) => reason?.code),
    [undefined, "ALREADY_RESOLVED"],
  );
  await redis.zadd(`${P}:req:z`, 1, "a sorted set");
  await refuses(state.resolve("z", decision("z")), "WRONGTYPE");
});

for (const [layout, build] of [
  [1, buildLayout1],
  [2, buildLayout2],
]) {
  test(`a store of layout ${layout} is migrated`, LIMIT, async () => {
    const redis = mocked();
    const records = oldRecords(60);
    await build(redis, P, records);
    const state = new IoredisState(redis);
    await state.ensureSchema();
    sound(await violations(redis, P));
    assert.equal(await state.count(), 60);
    assert.equal(await state.count({ status: "resolved" }), 36);
  });
}

test("a mock that is busy for long is not taken for a server that has gone silent", LIMIT, async () => {
  const redis = mocked();
  const state = new IoredisState(redis);
  await state.createBatch(batch({ id: "slow" }));
  const { get } = redis;
  let asked = 0;
  redis.get = async (key) => {
    asked += 1;
    await pause(6000);
    return get(key);
  };
  assert.equal((await state.getBatch("slow")).id, "slow");
  assert.equal(asked, 1);
});

describe("which mocks there are", () => {
  test("one with a prefix, one that is not connected, a duplicate, one that has quit, a Cluster", LIMIT, async () => {
    const quit = mocked();
    await quit.quit();
    const clients = [
      mocked({ keyPrefix: "a:" }),
      mocked({ lazyConnect: true }),
      mocked().duplicate(),
      quit,
      new RedisMock.Cluster([{ port: ports++ }], { redisOptions: { port: ports++, keyPrefix: "{hitl}:" } }),
    ];
    for (const client of clients) {
      const state = new IoredisState(client);
      const made = request();
      await state.create(made);
      assert.equal(JSON.parse(await client.get(`${P}:req:${made.id}`)).id, made.id);
      await state.close();
    }
  });

  test("two states on one mock see each other's records, and flushall() empties them", LIMIT, async () => {
    const redis = mocked();
    const [one, other] = [new IoredisState(redis), new IoredisState(redis)];
    await one.create(request({ id: "a" }));
    assert.equal((await other.get("a")).id, "a");
    await redis.flushall();
    assert.equal(await one.get("a"), null);
    await other.create(request({ id: "a" }));
    assert.equal(await one.count(), 1);
  });

  test("an object that only looks a bit like a client is refused, with what to write instead", () => {
    const functions = { get() {}, set() {}, eval() {}, on() {}, options: {} };
    const { get, set } = functions;
    for (const value of [functions, { get, set }, { eval() {} }]) {
      assert.throws(
        () => new IoredisState(value),
        (error) => error instanceof TypeError && /some methods of a client: .* ioredis-mock/.test(error.message),
      );
    }
  });
});
