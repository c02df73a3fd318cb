// Redis Cluster: a store is in one slot, and our connection finds the node that has it, whichever node the client begins with.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { until, withCluster } from "./support/cluster.mjs";
import { LIBRARIES, ours, prefixOn, storeOn, TABLE, works } from "./support/cluster-stores.mjs";
import { batch, decision, request, unique } from "./support/records.mjs";
import { freePort, Redis5 } from "./support/redis.mjs";

const { hashTagOf, keyBeside, slotOf } = createRequire(import.meta.url)("../js/slot.js");

const LIMIT = { timeout: 120_000 };

const cluster = await withCluster({ primaries: 3, replicas: 1, nodeTimeout: 1000 });
const [first, second, third, replica] = cluster.nodes;

const ready = (client) => until("the client is ready", () => client.status === "ready");

test("the slot of a key is the one that the server computes", async () => {
  const keys = ["", "a", "{a}", "{}a", "{}{a}b", "a{b}c{d}", "a{{b}c}", "{a", "a}", "}{a}", "{}", "é{ü}", "123456789"];
  for (let n = 0; n < 500; n++) keys.push(`key ${n}{${n % 7 ? n : ""}}`);
  for (const key of keys) assert.equal(slotOf(Buffer.from(key)), await cluster.slotOf(key), key);
  const binary = Buffer.from([0x61, 0x7b, 0xff, 0x00, 0x7d, 0x62]);
  assert.equal(slotOf(binary), await first.admin.cluster("KEYSLOT", binary));
});

test("a key beside others is in their slot, whether text can say their prefix or not", () => {
  for (const prefix of ["{hitl}:hitl:human_requests", "{ü}", Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x3a])]) {
    const bytes = Buffer.from(prefix);
    assert.equal(slotOf(Buffer.from(keyBeside(bytes))), slotOf(bytes));
  }
  assert.ok(keyBeside(Buffer.from("{hitl}:x")).startsWith("{hitl}:x:"), "a user may be restricted to the prefix");
  assert.equal(hashTagOf(Buffer.from("x{hitl}:")).toString(), "hitl");
});

test("without a hash tag in the prefix the constructor throws, and shows the line to write", () => {
  for (const keyPrefix of [undefined, "", "hitl:", "{hitl:", "hitl}:", "{}:", "{}{hitl}:", Buffer.from("hitl:")]) {
    const client = new Redis5.Cluster([1], { lazyConnect: true, keyPrefix });
    assert.throws(() => new IoredisState(client), {
      name: "TypeError",
      code: "INVALID_ARGUMENT",
      message:
        'On a Cluster all keys of a store must share a slot: give the client a hash tag as its prefix, keyPrefix: "{hitl}:"',
    });
    client.disconnect();
  }
});

for (const [library, Library] of LIBRARIES) {
  describe(library, LIMIT, () => {
    const on = (node, options) => storeOn(cluster, node, { Library, ...options });

    test("writes land on the slot's owner, where the caller's client reads them", async () => {
      for (const node of [first, second, third]) {
        const store = await on(node);
        await ready(store.client);
        await works(cluster, node, store);
      }
    });

    test("before the client is connected, too", async () => {
      await works(cluster, second, await on(second));
    });

    for (const [kind, nodes] of [
      ["another primary", [first]],
      ["a replica", [replica]],
      ["the owner", [second]],
    ]) {
      test(`a client that has not connected and begins with ${kind}`, async () => {
        const store = await on(second, { startupNodes: nodes, lazyConnect: true });
        await store.state.create(request());
        assert.equal(store.client.status, "wait", "the caller's client was made to connect");
        await works(cluster, second, store);
      });
    }

    test("startup nodes that are not there are passed over", async () => {
      const startupNodes = [{ host: "127.0.0.1", port: await freePort() }, await freePort(), third];
      const retries = [];
      const clusterRetryStrategy = (times) => retries.push(times) && 1;
      const store = await on(second, { startupNodes, lazyConnect: true, clusterRetryStrategy });
      await store.state.create(request());
      assert.deepEqual(retries, [1, 2]);
      await works(cluster, second, store);
    });

    test("startup nodes as numbers, URLs and objects", async () => {
      for (const startup of [
        first.port,
        `redis://127.0.0.1:${first.port}/3`,
        `127.0.0.1:${first.port}`,
        // ioredis does not take TLS from the URL of a startup node.
        `rediss://127.0.0.1:${first.port}`,
        { port: String(first.port), db: 3 },
      ]) {
        await works(cluster, third, await on(third, { startupNodes: [startup], lazyConnect: true }));
      }
    });

    test("a db in redisOptions does not count: a cluster has but one", async () => {
      await works(cluster, second, await on(second, { redisOptions: { db: 3 }, lazyConnect: true }));
    });

    test("keyPrefix in redisOptions, as a Buffer, and as bytes that are no text", async () => {
      const name = unique("cluster");
      const keyPrefix = await prefixOn(cluster, second);
      const client = cluster.client({ redisOptions: { keyPrefix, connectionName: name } }, Library);
      const state = new IoredisState(client, { tableName: TABLE });
      await works(cluster, second, { state, client, prefix: `${keyPrefix}${TABLE}`, name });

      const buffer = Buffer.from(await prefixOn(cluster, third));
      const other = cluster.client({ keyPrefix: buffer, redisOptions: { connectionName: `${name}b` } }, Library);
      const beside = { state: new IoredisState(other, { tableName: TABLE }), client: other };
      await works(cluster, third, { ...beside, prefix: `${buffer}${TABLE}`, name: `${name}b` });

      const bytes = Buffer.from([0x7b, 0xff, Library === Redis5 ? 5 : 6, 0xfe, 0x7d]);
      const binary = cluster.client({ keyPrefix: bytes, redisOptions: { connectionName: `${name}c` } }, Library);
      const record = request();
      await new IoredisState(binary, { tableName: TABLE }).create(record);
      const owner = await cluster.ownerOf(slotOf(bytes));
      // ioredis itself cannot write under such a prefix.
      assert.equal(await owner.admin.exists(Buffer.concat([bytes, Buffer.from(`${TABLE}:req:${record.id}`)])), 1);
      assert.deepEqual(await ours(cluster, `${name}c`), [owner]);
    });

    test("several prefixes spread over the nodes, also on one client", async () => {
      const name = unique("cluster");
      const client = cluster.client({ redisOptions: { connectionName: name } }, Library);
      const stores = [];
      for (const node of [first, second, third, third]) {
        client.options.keyPrefix = await prefixOn(cluster, node);
        stores.push({ keyPrefix: client.options.keyPrefix, state: new IoredisState(client, { tableName: TABLE }) });
        // Another store with that hash tag shares the connection.
        stores.push({ ...stores.at(-1), state: new IoredisState(client, { tableName: "other" }) });
      }
      const record = request();
      await Promise.all(stores.map(({ state }) => state.create(record)));
      assert.deepEqual(
        (await ours(cluster, name)).map(({ key }) => key),
        [first, second, third, third].map(({ key }) => key),
      );
      client.options.keyPrefix = "";
      for (const { keyPrefix } of stores) {
        assert.equal(await client.exists(`${keyPrefix}${TABLE}:req:${record.id}`), 1);
        assert.equal(await client.exists(`${keyPrefix}other:req:${record.id}`), 1);
      }
    });

    test("a slot that moved for good while our connection was idle", async () => {
      const store = await on(first);
      await store.state.create(request());
      await cluster.move(store.slot, third);
      await works(cluster, third, store);
      await cluster.move(store.slot, second);
      await works(cluster, second, store);
    });

    test("a slot that moved is found without the client's help", async () => {
      const store = await on(first, { lazyConnect: true });
      await store.state.create(request());
      await cluster.move(store.slot, third);
      await works(cluster, third, store);
    });

    test("a replica that was promoted is not treated as one, and neither is its primary afterwards", async () => {
      const store = await on(first);
      await ready(store.client);
      await store.state.create(request());
      for (let n = 0; n < 2; n++) {
        const owner = await cluster.failover(store.slot);
        await cluster.whole();
        // The client has not heard of it.
        await store.state.create(request());
        const [connection] = await owner.connections(`${store.name}:hitl`);
        assert.equal(connection.flags, "N", "our connection reads like a replica's");
        await works(cluster, owner, store);
      }
    });

    test("scaleReads is about the caller's own commands: ours go to the owner", async () => {
      for (const scaleReads of ["slave", "all", (nodes) => nodes.at(-1)]) {
        const store = await on(first, { scaleReads });
        const record = request();
        await store.state.create(record);
        assert.equal((await store.state.get(record.id)).id, record.id);
        assert.deepEqual(await ours(cluster, store.name), [first]);
      }
    });

    test("verify and purge work on the node that has the slot", async () => {
      const store = await on(second);
      await store.state.createBatch(batch({ id: "run" }));
      const record = request({ batchId: "run", batchIndex: 0 });
      await store.state.create(record);
      await store.state.resolve(record.id, decision(record.id));
      await second.admin.zadd(`${store.prefix}:idx:status:pending`, 1, "nobody", 2, record.id);
      assert.equal((await store.state.verify({ repair: true })).repaired, 2);
      assert.equal((await store.state.verify()).found, 0);
      const { requests, batches } = await store.state.purge({ resolvedBefore: new Date(Date.now() + 1000) });
      assert.deepEqual({ requests, batches }, { requests: 1, batches: 1 });
      assert.equal(await store.state.count(), 0);
    });

    test("what the server refuses is said in its own words", async () => {
      const store = await on(second);
      await store.state.ensureSchema();
      await second.admin.set(`${store.prefix}:idx:all:req`, "not a set");
      await refuses(store.state.create(request()), "WRONGTYPE");
    });
  });
}
