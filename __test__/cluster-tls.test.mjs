// Redis Cluster: TLS, and ways to the nodes that only their own connector knows.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkServerIdentity } from "node:tls";
import { refuses } from "./support/assertions.mjs";
import { until, withCluster } from "./support/cluster.mjs";
import { gone, LIBRARIES, ours, storeOn, works } from "./support/cluster-stores.mjs";
import { request } from "./support/records.mjs";
import { identity, TRUST } from "./support/tls.mjs";
import { withTunnel } from "./support/tunnel.mjs";

const LIMIT = { timeout: 60_000 };

const encrypted = await withCluster({ primaries: 2, tls: { server: { clients: "yes" }, client: { ...TRUST } } });
const plain = await withCluster({ primaries: 2 });
const tunnel = await withTunnel();

const trusted = { ...TRUST, ...identity("client") };

for (const [library, Library] of LIBRARIES) {
  describe(library, LIMIT, () => {
    const on = (node, tls, options) => {
      const { redisOptions, ...rest } = options ?? {};
      return storeOn(encrypted, node, { Library, redisOptions: { tls, ...redisOptions }, ...rest });
    };

    for (const lazyConnect of [false, true]) {
      const kind = lazyConnect ? "a client that waits" : "a connected client";

      test(`tls in redisOptions, with our certificate, for ${kind}`, async () => {
        const [, second] = encrypted.nodes;
        const store = await on(second, trusted, { lazyConnect });
        if (!lazyConnect) await until("the client is ready", () => store.client.status === "ready");
        await works(encrypted, second, store);
      });

      test(`tls of a startup node is that node's, for ${kind}`, async () => {
        const [, second] = encrypted.nodes;
        const startupNodes = encrypted.nodes.map(({ port }) => ({ host: "127.0.0.1", port, tls: trusted }));
        await works(encrypted, second, await on(second, undefined, { lazyConnect, startupNodes }));
      });

      test(`tls of natMap is that of the node that it names, for ${kind}`, async () => {
        const [first, second] = encrypted.nodes;
        const startupNodes = [{ host: "127.0.0.1", port: first.port, tls: trusted }];
        const natMap = { [second.key]: { host: "127.0.0.1", port: second.port, tls: trusted } };
        const store = await on(second, undefined, { lazyConnect, startupNodes, natMap });
        if (!lazyConnect) await until("the client is ready", () => store.client.status === "ready");
        await works(encrypted, second, store);
      });

      test(`names are verified where dnsLookup leaves them and the cluster announces them, for ${kind}`, async () => {
        const [first, second] = encrypted.nodes;
        const set = (name, value) => Promise.all(encrypted.nodes.map(({ admin }) => admin.config("SET", name, value)));
        const asked = [];
        const judge = (host, certificate) => {
          asked.push(host);
          return checkServerIdentity(host, certificate);
        };
        await set("cluster-announce-hostname", "localhost");
        await set("cluster-preferred-endpoint-type", "hostname");
        try {
          await until("all know the names", async () => {
            const views = await Promise.all(encrypted.nodes.map(({ admin }) => admin.cluster("SLOTS")));
            return views.every((slots) => slots.every(([, , [host]]) => host === "localhost"));
          });
          for (const checked of [{ ...trusted }, { ...trusted, checkServerIdentity: judge }]) {
            const startupNodes = [{ host: "localhost", port: first.port }];
            const dnsLookup = (address, callback) => callback(null, address);
            const store = await on(second, checked, { lazyConnect, startupNodes, dnsLookup });
            if (!lazyConnect) await until("the client is ready", () => store.client.status === "ready");
            await works(encrypted, second, store);
          }
          assert.deepEqual([...new Set(asked)], ["localhost"]);
        } finally {
          await set("cluster-preferred-endpoint-type", "ip");
          await set("cluster-announce-hostname", "");
        }
      });

      test(`what only Node's TLS can do is done by the connector of each node, for ${kind}`, async () => {
        const [first, second] = encrypted.nodes;
        const asked = [];
        const judge = (host, certificate) => {
          asked.push(host);
          return checkServerIdentity(host, certificate);
        };
        const store = await on(second, { ...trusted, checkServerIdentity: judge }, { lazyConnect });
        if (!lazyConnect) await until("the client is ready", () => store.client.status === "ready");
        const before = asked.length;
        await store.state.create(request());
        assert.ok(asked.length > before, "our connection was not shown to checkServerIdentity");
        await works(encrypted, second, store);
        await encrypted.move(store.slot, first);
        await works(encrypted, first, store);
        await store.client.disconnect();
        await gone(encrypted, store.name);
      });

      test(`a Connector of redisOptions opens our connection to each node, for ${kind}`, async () => {
        const [first, second] = plain.nodes;
        const redisOptions = { Connector: tunnel.connector(Library) };
        const store = await storeOn(plain, second, { Library, redisOptions, lazyConnect });
        if (!lazyConnect) await until("the client is ready", () => store.client.status === "ready");
        const before = tunnel.asked;
        await store.state.create(request());
        assert.ok(tunnel.asked > before, "our connection does not go through the tunnel");
        await plain.move(store.slot, first);
        await works(plain, first, store);
      });
    }

    for (const [why, tls] of [
      ["of an authority that nobody has named", identity("client")],
      ["without a certificate of our own", { ...TRUST }],
      ["with a certificate of strangers", { ...TRUST, ...identity("stranger-client") }],
      ["without TLS, which a rediss: URL of a startup node does not turn on", undefined],
    ]) {
      test(`refused to both: ${why}`, async () => {
        const [, second] = encrypted.nodes;
        const startupNodes = encrypted.nodes.map(({ port }) => `rediss://127.0.0.1:${port}`);
        const patience = { maxRetriesPerRequest: 2 };
        const options = { startupNodes, lazyConnect: true, redisOptions: patience, clusterRetryStrategy: () => 10 };
        const store = await on(second, tls, options);
        await refuses(store.state.create(request()), "MAX_RETRIES");
        const refused = new Promise((resolve) => store.client.once("error", resolve));
        store.client.connect().catch(() => {});
        assert.equal((await refused).name, "ClusterAllFailedError");
        store.client.disconnect();
        assert.deepEqual(await ours(encrypted, store.name), []);
      });
    }
  });
}
