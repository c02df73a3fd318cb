// Redis Cluster under load: slots move, replicas take over, nodes and whole clusters go away and come back.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { sound } from "./support/assertions.mjs";
import { until, withCluster } from "./support/cluster.mjs";
import { LIBRARIES, ours, storeOn } from "./support/cluster-stores.mjs";
import { violations } from "./support/invariants.mjs";
import { decision, request } from "./support/records.mjs";

const LIMIT = { timeout: 120_000 };

const cluster = await withCluster({ primaries: 3, replicas: 1, nodeTimeout: 1000 });

/** Settings under which nothing ends a wait but success. */
const PATIENT = { clusterRetryStrategy: () => 20 };

/**
 * Creates and resolves requests until `work` is done, eight at a time. Every call must succeed; returns how many
 * requests there are.
 */
async function underLoad(state, work) {
  let isOver = false;
  const records = [];
  const client = async () => {
    while (!isOver) {
      const record = request();
      await state.create(record);
      await state.resolve(record.id, decision(record.id));
      assert.equal((await state.get(record.id)).status, "resolved");
      records.push(record);
      // Other processes of the test need the processor as well.
      await pause(1);
    }
  };
  const clients = Promise.all(Array.from({ length: 8 }, client));
  const enough = (count) => until(`there are ${count} requests`, () => records.length >= count);
  try {
    await Promise.race([clients, enough(20)]);
    await Promise.race([clients, work()]);
    await Promise.race([clients, enough(records.length + 20)]);
  } finally {
    isOver = true;
  }
  await clients;
  return records;
}

/** All of these requests are on `node`, which our one connection leads to, and the store is sound. */
async function holds(node, { state, prefix, name }, records) {
  for (const { id } of records) assert.equal((await state.get(id))?.status, "resolved", id);
  assert.equal(await state.count({ status: "resolved" }), records.length);
  sound(await violations(node.admin, prefix));
  assert.deepEqual(await ours(cluster, name), [node]);
}

for (const [library, Library] of LIBRARIES) {
  describe(library, LIMIT, () => {
    const on = (node, options) => storeOn(cluster, node, { Library, ...options });
    const primaries = () => Promise.all([0, 8000, 16_000].map((slot) => cluster.ownerOf(slot)));

    for (const lazyConnect of [false, true]) {
      const kind = lazyConnect ? "a client that waits" : "a connected client";

      test(`a slot moves to and fro under load, for ${kind}`, async () => {
        const [home, away] = await primaries();
        const store = await on(home, { lazyConnect });
        const records = await underLoad(store.state, async () => {
          for (const to of [away, home, away]) {
            const from = await cluster.beginMove(store.slot, to);
            // Some keys are here and some are there for a while.
            await cluster.moveKeys(store.slot, from, to, 5);
            await pause(100);
            while ((await cluster.moveKeys(store.slot, from, to)) > 0);
            await cluster.endMove(store.slot, to);
          }
        });
        await holds(away, store, records);
        await cluster.move(store.slot, home);
        await holds(home, store, records);
      });

      test(`CLUSTER FAILOVER under load, for ${kind}`, async () => {
        const [, home] = await primaries();
        const store = await on(home, { lazyConnect });
        let owner;
        const records = await underLoad(store.state, async () => {
          owner = await cluster.failover(store.slot);
        });
        assert.notEqual(owner, home);
        await cluster.whole();
        await holds(owner, store, records);
      });

      test(`the owner dies, and a replica takes its place, for ${kind}`, async () => {
        const [, , home] = await primaries();
        const store = await on(home, { ...PATIENT, lazyConnect, startupNodes: cluster.nodes });
        const record = request();
        await store.state.create(record);
        await home.admin.wait(1, 0);
        const [replica] = await cluster.replicasOf(home);
        await home.server.kill();
        try {
          const calls = Array.from({ length: 20 }, () => store.state.create(request()));
          await Promise.all(calls);
          assert.equal((await store.state.get(record.id)).id, record.id);
          assert.deepEqual(await ours(cluster, store.name), [replica]);
        } finally {
          await home.server.restart();
        }
        await cluster.whole();
      });
    }

    test("our connection is cut, again and again", async () => {
      const [home] = await primaries();
      const store = await on(home);
      const records = await underLoad(store.state, async () => {
        for (let n = 0; n < 10; n++) {
          for (const { id } of await home.connections(`${store.name}:hitl`)) await home.admin.client("KILL", "ID", id);
          await pause(20);
        }
      });
      await holds(home, store, records);
    });

    test("the whole cluster goes away and comes back: calls wait for it", async () => {
      const [home] = await primaries();
      for (const lazyConnect of [false, true]) {
        const store = await on(home, { ...PATIENT, lazyConnect });
        await store.state.ensureSchema();
        await Promise.all(cluster.nodes.map(({ server }) => server.kill()));
        const calls = Array.from({ length: 20 }, () => store.state.create(request()));
        await pause(200);
        await Promise.all(cluster.nodes.map(({ server }) => server.restart()));
        await Promise.all(calls);
        await cluster.whole();
      }
    });
  });
}
