// Many callers, one record: exactly one decision, and no call undoes another.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses, sound, verdict } from "./support/assertions.mjs";
import { shuffled } from "./support/chance.mjs";
import { violations } from "./support/invariants.mjs";
import { keysOf } from "./support/layout.mjs";
import { withProxy } from "./support/proxy.mjs";
import { decision, request } from "./support/records.mjs";
import { withRedis } from "./support/redis.mjs";
import { each, numbered } from "./support/writes.mjs";

const REPLICAS = 8;
const AT_ONCE = 250;

const server = await withRedis();
const direct = server.client();

/** As many replicas of a server as asked for, each with a client of its own, on one fresh store. */
function replicas(count, tableName) {
  const states = Array.from({ length: count }, () => new IoredisState(server.client(), { tableName }));
  return { states, check: async () => sound(await violations(direct, keysOf(tableName).prefix)) };
}

const ids = (count) => Array.from({ length: count }, (_, n) => numbered(n));

/** What replica number `n` decides. */
const vote = (id, n) => decision(id, { actionId: n % 2 ? "approve" : "deny", by: { id: `replica-${n}` } });

test("a resolve that races with two external ids loses nothing and is never undone, 2,000 times", async () => {
  const { states, check } = replicas(3, "race_ids");
  const [slack, reviewer, inbox] = states;
  await each(ids(2000), (id) => slack.create(request({ id })));
  await each(
    ids(2000),
    async (id) => {
      const calls = shuffled([
        () => slack.setExternalId(id, `slack-${id}`),
        () => reviewer.resolve(id, decision(id)),
        () => inbox.setExternalId(id, `inbox-${id}`, "inbox"),
      ]);
      await Promise.all(calls.map((call) => call()));
      const { status, result, externalId, externalIds } = await reviewer.get(id);
      assert.deepEqual({ status, result }, { status: "resolved", result: decision(id) });
      assert.deepEqual({ ...externalIds }, { slack: `slack-${id}`, inbox: `inbox-${id}` });
      assert.equal(externalId, `slack-${id}`);
    },
    AT_ONCE,
  );
  await check();
});

test("40 external ids set on one record at once are all there and all found", async () => {
  const { states, check } = replicas(REPLICAS, "race_plugins");
  await states[0].create(request({ id: "one" }));
  const plugins = shuffled(Array.from({ length: 40 }, (_, n) => `plugin-${n}`));
  await Promise.all(plugins.map((plugin, n) => states[n % REPLICAS].setExternalId("one", `id-of-${plugin}`, plugin)));
  const { externalIds } = await states[0].get("one");
  assert.deepEqual({ ...externalIds }, Object.fromEntries(plugins.map((plugin) => [plugin, `id-of-${plugin}`])));
  for (const plugin of plugins) assert.equal((await states[0].findByExternalId(`id-of-${plugin}`)).id, "one");
  await check();
});

test("the winner of a resolve is told so when its reply is lost, and a second caller is refused, 200 times", async () => {
  const proxy = await withProxy(server);
  const { states, check } = replicas(1, "race_lost");
  const [near] = states;
  const client = server.client({ port: proxy.port, maxRetriesPerRequest: null, retryStrategy: () => 0 });
  const far = new IoredisState(client, { tableName: "race_lost" });
  await far.ensureSchema();
  await each(ids(200), (id) => near.create(request({ id })));
  for (const id of ids(200)) {
    const fault = proxy.loseReplies();
    const won = far.resolve(id, vote(id, 1));
    // The server has acted, the winner does not know yet: the same decision of another caller comes too late.
    await fault.fired;
    await refuses(near.resolve(id, vote(id, 1)), "ALREADY_RESOLVED", `Human request "${id}" is already resolved`);
    await won;
    await refuses(far.resolve(id, vote(id, 1)), "ALREADY_RESOLVED");
    assert.deepEqual((await near.get(id)).result, vote(id, 1));
  }
  await check();
});

test("two equal decisions in one millisecond are still two: one wins, one is refused", async () => {
  const { states } = replicas(2, "race_equal");
  await each(ids(200), async (id) => {
    await states[0].create(request({ id }));
    const calls = [0, 0, 1, 1].map((n) => verdict(states[n].resolve(id, decision(id))));
    const won = (await Promise.all(calls)).filter(({ error }) => !error);
    assert.equal(won.length, 1);
  });
});

test("one request that 4 replicas create at once exists once: its retries succeed, another one is refused", async () => {
  const { states, check } = replicas(4, "race_create");
  await each(ids(500), async (id) => {
    const same = [0, 1, 2, 3].map((n) => states[n].create(request({ id })));
    await Promise.all(same);
    const other = request({ id, message: "Something else" });
    await refuses(states[0].create(other), "REQUEST_EXISTS", `Human request "${id}" already exists`);
  });
  assert.equal(await states[0].count(), 500);
  await check();
});
