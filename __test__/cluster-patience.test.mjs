// Redis Cluster: how long calls wait for it is up to the client's options.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refuses, verdict } from "./support/assertions.mjs";
import { until, withCluster } from "./support/cluster.mjs";
import { LIBRARIES, storeOn } from "./support/cluster-stores.mjs";
import { request } from "./support/records.mjs";

const LIMIT = { timeout: 180_000 };

/** Settings under which nothing ends a wait but success. */
const PATIENT = { clusterRetryStrategy: () => 20 };

const small = await withCluster({ primaries: 2, nodeTimeout: 500 });
const [home, other] = small.nodes;

for (const [library, Library] of LIBRARIES) {
  describe(library, LIMIT, () => {
    const on = (options) => storeOn(small, home, { Library, ...options });

    /** Runs `work` while the owner is away, which makes the rest of the cluster refuse. */
    const withoutOwner = async (work) => {
      await home.server.kill();
      try {
        return await work();
      } finally {
        await home.server.restart();
        await small.whole();
      }
    };

    /** Runs `work` while the owner is frozen. The rest of the cluster soon refuses, too. */
    const withFrozenOwner = async (work) => {
      home.server.signal("SIGSTOP");
      try {
        return await work();
      } finally {
        home.server.signal("SIGCONT");
        await small.whole();
      }
    };

    test("a cluster that says CLUSTERDOWN is waited for", async () => {
      for (const lazyConnect of [false, true]) {
        const store = await on({ ...PATIENT, lazyConnect, startupNodes: small.nodes });
        await store.state.ensureSchema();
        let calls;
        await withoutOwner(async () => {
          calls = Array.from({ length: 20 }, () => store.state.create(request()));
          await until("the cluster is down", async () => (await other.info()).cluster_state === "fail");
        });
        await Promise.all(calls);
      }
    });

    test("clusterRetryStrategy says how long to wait, with `this` and the attempt, and when to give up", async () => {
      const asked = [];
      const clusterRetryStrategy = function (times) {
        asked.push([this === store.client, times]);
        return times < 4 ? 1 : null;
      };
      const store = await on({ clusterRetryStrategy, lazyConnect: true });
      await store.state.ensureSchema();
      await withoutOwner(() => refuses(store.state.get("a"), "CONNECTION_CLOSED", "Connection is closed."));
      assert.deepEqual(
        asked,
        [1, 2, 3, 4].map((times) => [true, times]),
      );
    });

    test("while the client is connected, retryDelayOnFailover and maxRedirections come before that", async () => {
      const asked = [];
      const clusterRetryStrategy = (times) => {
        asked.push(times);
        return null;
      };
      const patience = { retryDelayOnFailover: 30, maxRedirections: 5 };
      const store = await on({ clusterRetryStrategy, ...patience, startupNodes: small.nodes.slice(1) });
      await until("the client is ready", () => store.client.status === "ready");
      await store.state.ensureSchema();
      await withoutOwner(async () => {
        const started = performance.now();
        await refuses(store.state.get("a"), "CONNECTION_CLOSED");
        assert.ok(performance.now() - started >= 5 * 30, "the delays were not made");
      });
      assert.deepEqual(asked, [1]);
    });

    test("retryDelayOnFailover 0: what a lost connection did not answer is not sent again", async () => {
      for (const [retryDelayOnFailover, isResent] of [
        [0, false],
        [10, true],
      ]) {
        const { state, name } = await on({ ...PATIENT, retryDelayOnFailover });
        await state.ensureSchema();
        await home.admin.client("PAUSE", 60_000, "WRITE");
        const record = request();
        const call = verdict(state.create(record));
        const held = await until("the server holds the call back", async () => {
          const [connection] = await home.connections(`${name}:hitl`);
          return connection.flags.includes("b") && connection;
        });
        await home.admin.client("KILL", "ID", held.id);
        // What is to be sent again is held back again, until the server goes on.
        const refused = isResent ? undefined : (await call).error;
        await home.admin.client("UNPAUSE");
        const { error } = await call;
        assert.equal(error, refused);
        if (!isResent) assert.deepEqual([error.code, error.ambiguous], ["CONNECTION_CLOSED", true]);
        assert.equal((await state.get(record.id)) !== null, isResent);
      }
    });

    test("maxRetriesPerRequest counts where redisOptions have it, and not by default", async () => {
      const limited = await on({ ...PATIENT, lazyConnect: true, redisOptions: { maxRetriesPerRequest: 2 } });
      const patient = await on({ ...PATIENT, lazyConnect: true });
      await Promise.all([limited.state.ensureSchema(), patient.state.ensureSchema()]);
      let call;
      await withoutOwner(async () => {
        call = patient.state.create(request());
        const error = await refuses(limited.state.create(request()), "MAX_RETRIES");
        assert.equal(error.name, "MaxRetriesPerRequestError");
      });
      await call;
    });

    test("enableOfflineQueue is the Cluster's, not that of its nodes", async () => {
      const hasty = await on({ ...PATIENT, lazyConnect: true, enableOfflineQueue: false });
      const patient = await on({ ...PATIENT, lazyConnect: true, redisOptions: { enableOfflineQueue: false } });
      let call;
      await withoutOwner(async () => {
        call = patient.state.create(request());
        await refuses(hasty.state.create(request()), "OFFLINE");
      });
      await call;
    });

    test("commandTimeout of redisOptions ends the wait", async () => {
      const store = await on({ ...PATIENT, lazyConnect: true, redisOptions: { commandTimeout: 100 } });
      await store.state.ensureSchema();
      await withFrozenOwner(() => refuses(store.state.create(request()), "COMMAND_TIMEOUT", "Command timed out"));
      await withoutOwner(() => refuses(store.state.create(request()), "COMMAND_TIMEOUT", "Command timed out"));
    });
  });
}
