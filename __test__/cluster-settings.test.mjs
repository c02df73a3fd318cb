// Redis Cluster: as whom we come, and how addresses become places, as the client's options say.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refuses, verdict } from "./support/assertions.mjs";
import { until, withCluster } from "./support/cluster.mjs";
import { gone, LIBRARIES, ours, storeOn, works } from "./support/cluster-stores.mjs";
import { request, unique } from "./support/records.mjs";
import { freePort } from "./support/redis.mjs";

const LIMIT = { timeout: 60_000 };

const cluster = await withCluster({ primaries: 2, password: "secret" });
const [first, second] = cluster.nodes;

const ready = (client) => until("the client is ready", () => client.status === "ready");

/** Both ways to the owner: with the client's knowledge, and without. */
const WAYS = [
  ["a connected client", (store) => ready(store.client)],
  ["a client that waits", (store) => assert.equal(store.client.status, "wait")],
];

/** Sets an option on all nodes while `work` runs; `values` by node. */
async function withConfig(name, values, work) {
  const set = (value, i) => cluster.nodes[i].admin.config("SET", name, value);
  const before = await Promise.all(cluster.nodes.map((node) => node.admin.config("GET", name)));
  await Promise.all(values.map(set));
  try {
    return await work();
  } finally {
    await Promise.all(before.map(([, value]) => value).map(set));
  }
}

/** The ports of the nodes in the eyes of each of them. */
const announced = () =>
  Promise.all(
    cluster.nodes.map(async (node) => {
      const slots = await node.admin.cluster("SLOTS");
      return [...new Set(slots.map(([, , [, port]]) => port))].sort();
    }),
  );

for (const [library, Library] of LIBRARIES) {
  describe(library, LIMIT, () => {
    const on = (node, options) => storeOn(cluster, node, { Library, ...options });

    for (const [way, prepare] of WAYS) {
      const lazyConnect = way === "a client that waits";

      test(`a password in redisOptions, for ${way}`, async () => {
        const store = await on(second, { lazyConnect });
        await prepare(store);
        await works(cluster, second, store);
      });

      test(`an ACL user in redisOptions, with that user's rights, for ${way}`, async () => {
        const username = unique("user");
        const rights = ["on", ">word", "~{tag-*}:store:*", "resetchannels", "+@all", "-flushall"];
        for (const node of cluster.nodes) await node.admin.acl("SETUSER", username, ...rights);
        const redisOptions = { username, password: "word", enableReadyCheck: false };
        const store = await on(second, { redisOptions, lazyConnect });
        await prepare(store);
        await works(cluster, second, store);
        const [connection] = await second.connections(`${store.name}:hitl`);
        assert.equal(connection.user, username);
        for (const node of cluster.nodes) await node.admin.acl("SETUSER", username, "resetkeys");
        await refuses(store.state.create(request()), "NOPERM");
      });

      test(`each startup node with credentials of its own, for ${way}`, async () => {
        const username = unique("user");
        const startupNodes = [];
        for (const [i, { admin, port }] of cluster.nodes.entries()) {
          await admin.acl("SETUSER", username, "on", `>word-${i}`, "~*", "&*", "+@all");
          startupNodes.push({ host: "127.0.0.1", port, username, password: `word-${i}` });
        }
        for (const node of cluster.nodes) {
          const store = await on(node, { startupNodes, redisOptions: { password: "wrong" }, lazyConnect });
          await prepare(store);
          await works(cluster, node, store);
          const [connection] = await node.connections(`${store.name}:hitl`);
          assert.equal(connection.user, username);
          // What changes for the other nodes changes nothing for these.
          store.client.options.redisOptions.password = "also wrong";
          await node.admin.client("KILL", "ID", connection.id);
          await works(cluster, node, store);
        }
      });

      test(`a password that is rotated in redisOptions, for ${way}`, async () => {
        const username = unique("user");
        for (const { admin } of cluster.nodes) await admin.acl("SETUSER", username, "on", ">old", "~*", "&*", "+@all");
        const store = await on(second, { redisOptions: { username, password: "old" }, lazyConnect });
        await prepare(store);
        await store.state.create(request());
        store.client.options.redisOptions.password = "new";
        for (const { admin } of cluster.nodes) await admin.acl("SETUSER", username, "<old", ">new");
        for (const { id } of await second.connections(`${store.name}:hitl`))
          await second.admin.client("KILL", "ID", id);
        await store.state.create(request());
        assert.deepEqual(await ours(cluster, store.name), [second]);
      });

      test(`a wrong password is refused to both, and a right one later is not poisoned, for ${way}`, async () => {
        const username = unique("user");
        for (const { admin } of cluster.nodes) await admin.acl("SETUSER", username, "on", ">word", "~*", "&*", "+@all");
        const redisOptions = { username, password: "wrong" };
        const store = await on(second, { redisOptions, lazyConnect: true, clusterRetryStrategy: () => null });
        await refuses(store.state.create(request()), "WRONGPASS");
        await assert.rejects(store.client.connect(), /None of startup nodes|WRONGPASS/);
        await until("the client has ended", () => store.client.status === "end");
        await refuses(store.state.create(request()), "CONNECTION_CLOSED");

        const other = await on(second, { redisOptions, lazyConnect: true });
        await refuses(other.state.create(request()), "WRONGPASS");
        other.client.options.redisOptions.password = "word";
        await other.state.create(request());
      });

      test(`natMap, object and function, where the cluster announces ports that nobody listens on, for ${way}`, async () => {
        const ports = [await freePort(), await freePort()];
        const seen = ports.map(() => [...ports].sort());
        const places = cluster.nodes.map(({ port }) => ({ host: "127.0.0.1", port }));
        const table = Object.fromEntries(ports.map((port, i) => [`127.0.0.1:${port}`, places[i]]));
        await withConfig("cluster-announce-port", ports, async () => {
          await until("the ports are announced", async () => String(await announced()) === String(seen));
          for (const natMap of [table, (key) => table[key]]) {
            const store = await on(second, { natMap, startupNodes: [places[0]], lazyConnect });
            await prepare(store);
            await works(cluster, second, store);
            // The owner is looked for from the other node.
            await cluster.move(store.slot, first);
            await works(cluster, first, store);
          }
        });
      });
    }

    test("an announced port that nobody listens on is of no use without natMap", async () => {
      const ports = [await freePort(), await freePort()];
      await withConfig("cluster-announce-port", ports, async () => {
        const seen = ports.map(() => [...ports].sort());
        await until("the ports are announced", async () => String(await announced()) === String(seen));
        const store = await on(second, { lazyConnect: true, clusterRetryStrategy: () => null });
        await refuses(store.state.create(request()), "CONNECTION_CLOSED");
      });
    });

    test("a natMap that throws fails the call, and says nothing of what it threw", async () => {
      const natMap = () => {
        throw new Error("canary");
      };
      const store = await on(second, { natMap, lazyConnect: true, clusterRetryStrategy: () => null });
      const error = await refuses(store.state.create(request()), "CONNECTION_CLOSED");
      assert.doesNotMatch(JSON.stringify([error.message, error.stack, error.cause]), /canary/);
    });

    test("a cluster that names nodes by their port alone, or by their host name", async () => {
      for (const [type, hostname, named] of [
        ["unknown-endpoint", "", / :\d+$/],
        ["hostname", "", / \?:\d+$/],
        ["hostname", "localhost", / localhost:\d+$/],
      ]) {
        await withConfig("cluster-announce-hostname", [hostname, hostname], () =>
          withConfig("cluster-preferred-endpoint-type", [type, type], async () => {
            const store = await on(second, { lazyConnect: true });
            await until("the owner is named so", async () => {
              const { error } = await verdict(first.admin.get(store.prefix));
              return named.test(error.message);
            });
            await store.state.create(request());
            assert.deepEqual(await ours(cluster, store.name), [second]);
            await store.state.close();
            await gone(cluster, store.name);
          }),
        );
      }
    });

    test("dnsLookup of the client's options finds the startup nodes", async () => {
      const asked = [];
      const dnsLookup = (hostname, callback) => {
        asked.push(hostname);
        callback(null, "127.0.0.1", 4);
      };
      const startupNodes = [{ host: "node.invalid", port: first.port }];
      const store = await on(second, { startupNodes, dnsLookup, lazyConnect: true });
      await works(cluster, second, store);
      assert.deepEqual([...new Set(asked)], ["node.invalid"]);
    });

    test("a name that does not resolve at first is asked for again, as clusterRetryStrategy says", async () => {
      const retries = [];
      const dnsLookup = (hostname, callback) => {
        const failure = Object.assign(new Error("canary"), { code: "ENOTFOUND", syscall: "getaddrinfo", hostname });
        if (retries.length < 3) callback(failure);
        else callback(null, "127.0.0.1", 4);
      };
      const startupNodes = [{ host: "node.invalid", port: first.port }];
      const clusterRetryStrategy = (times) => retries.push(times) && 1;
      const store = await on(second, { startupNodes, dnsLookup, clusterRetryStrategy, lazyConnect: true });
      await store.state.create(request());
      assert.deepEqual(retries, [1, 2, 3]);
    });

    test("useSRVRecords and resolveSrv find the startup nodes", async () => {
      const asked = [];
      const resolveSrv = (hostname, callback) => {
        asked.push(hostname);
        callback(null, [{ name: "node.invalid", port: first.port, priority: 1, weight: 1 }]);
      };
      const dnsLookup = (_, callback) => callback(null, "127.0.0.1", 4);
      const startupNodes = [{ host: "_redis._tcp.invalid" }];
      const options = { startupNodes, useSRVRecords: true, resolveSrv, dnsLookup, lazyConnect: true };
      await works(cluster, second, await on(second, options));
      assert.deepEqual([...new Set(asked)], ["_redis._tcp.invalid"]);
    });
  });
}
