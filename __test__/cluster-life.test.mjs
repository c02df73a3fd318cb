// Redis Cluster: our connections follow the life of the caller's client, in every phase of it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { IoredisState } from "../index.js";
import { refuses, verdict } from "./support/assertions.mjs";
import { until, withCluster } from "./support/cluster.mjs";
import { gone, LIBRARIES, ours, prefixOn, storeOn, TABLE } from "./support/cluster-stores.mjs";
import { runProgram } from "./support/programs.mjs";
import { request } from "./support/records.mjs";
import { freePort } from "./support/redis.mjs";

const CLOSED = ["CONNECTION_CLOSED", "Connection is closed."];
const LIMIT = { timeout: 60_000 };

const cluster = await withCluster({ primaries: 2 });
const [first, second] = cluster.nodes;

const statusIs = (client, ...names) => until(`the client's status is ${names}`, () => names.includes(client.status));

const manyCreates = (state, count = 50) => Array.from({ length: count }, () => state.create(request()));

/** How a client comes into each phase; `nodes: []`: none of its startup nodes is there. */
const PHASES = {
  wait: { options: { lazyConnect: true }, reach: () => {} },
  "connecting, in the same tick": { reach: () => {} },
  "connecting, with nodes": { reach: (client) => until("there are nodes", () => client.nodes().length > 0) },
  connect: { reach: (client) => statusIs(client, "connect", "ready") },
  ready: { reach: (client) => statusIs(client, "ready") },
};

for (const [library, Library] of LIBRARIES) {
  describe(library, LIMIT, () => {
    const on = (node, options) => storeOn(cluster, node, { Library, ...options });

    for (const [phase, { options, reach }] of Object.entries(PHASES)) {
      test(`quit() lets the calls made before it finish: ${phase}`, async () => {
        const { client, state, name } = await on(second, options);
        await reach(client);
        const calls = manyCreates(state);
        const quit = client.quit();
        const error = await refuses(state.create(request()), ...CLOSED);
        assert.notEqual(error.ambiguous, true);
        await Promise.all([quit, ...calls]);
        await refuses(state.get("a"), ...CLOSED);
        await refuses(new IoredisState(client, { tableName: TABLE }).get("a"), ...CLOSED);
        await gone(cluster, name);
      });
    }

    for (const phase of ["wait", "connect", "ready"]) {
      test(`disconnect() rejects the calls that are on their way: ${phase}`, async () => {
        const { options, reach } = PHASES[phase];
        const { client, state, name } = await on(second, options);
        await reach(client);
        await state.ensureSchema();
        second.server.signal("SIGSTOP");
        try {
          const calls = manyCreates(state, 10);
          await turn();
          client.disconnect();
          for (const call of calls) await refuses(call, ...CLOSED);
          await refuses(state.get("a"), ...CLOSED);
        } finally {
          second.server.signal("SIGCONT");
        }
        await gone(cluster, name);
      });
    }

    test("the last close() leaves no listener on the client, and the next instance follows it again", async () => {
      const { client, state, name } = await on(second);
      await state.close();
      await statusIs(client, "ready");
      const listeners = () => ["connect", "close", "disconnecting", "end"].map((event) => client.listenerCount(event));
      const before = listeners();
      for (let round = 0; round < 5; round++) {
        const states = Array.from({ length: 3 }, () => new IoredisState(client, { tableName: TABLE }));
        const calls = states.flatMap((state) => manyCreates(state, 5));
        await Promise.all(states.map((state) => state.close()));
        await Promise.all(calls);
        assert.deepEqual(listeners(), before);
      }
      const last = new IoredisState(client, { tableName: TABLE });
      await last.get("a");
      await client.quit();
      await refuses(last.get("a"), ...CLOSED);
      await gone(cluster, name);
    });

    for (const end of ["quit", "disconnect"]) {
      test(`${end}() while no node can be reached rejects the calls that wait`, async () => {
        const startupNodes = [{ host: "127.0.0.1", port: await freePort() }];
        for (const phase of ["wait", "connecting", "reconnecting"]) {
          const clusterRetryStrategy = () => 50;
          const store = await on(second, { startupNodes, clusterRetryStrategy, lazyConnect: phase === "wait" });
          await statusIs(store.client, phase);
          const calls = manyCreates(store.state, 10);
          await turn();
          await Promise.all([store.client[end](), ...calls.map((call) => refuses(call, ...CLOSED))]);
          await refuses(store.state.get("a"), ...CLOSED);
        }
      });

      test(`connect() after ${end}() works again, on the same instances`, async () => {
        const { client, state, name } = await on(second);
        await statusIs(client, "ready");
        await state.create(request());
        await client[end]();
        await statusIs(client, "end", "close");
        await refuses(state.get("a"), ...CLOSED);
        await gone(cluster, name);
        await until("the nodes are let go", () => client.nodes().length === 0);
        await turn();
        await client.connect();
        const record = request();
        await state.create(record);
        assert.equal((await state.get(record.id)).id, record.id);
        assert.deepEqual(await ours(cluster, name), [second]);
      });
    }

    test("a client that reconnects does not disturb our calls", async () => {
      const { client, state } = await on(second);
      await state.ensureSchema();
      for (let n = 0; n < 10; n++) {
        await statusIs(client, "ready");
        const calls = manyCreates(state, 10);
        client.disconnect(true);
        await Promise.all([...calls, ...manyCreates(state, 10)]);
      }
    });

    test("a client whose clusterRetryStrategy has given up takes no more calls", async () => {
      const startupNodes = [{ host: "127.0.0.1", port: await freePort() }];
      const { client, state } = await on(second, { startupNodes, clusterRetryStrategy: () => null });
      await statusIs(client, "end");
      await refuses(state.get("a"), ...CLOSED);
    });

    test("50 instances on one client share one connection and add no listeners or warnings", async () => {
      const warnings = [];
      const onWarning = (warning) => warnings.push(warning);
      process.on("warning", onWarning);
      const { client, state, name } = await on(second);
      await statusIs(client, "ready");
      const listeners = () => client.eventNames().reduce((sum, event) => sum + client.listenerCount(event), 0);
      await state.get("a");
      const before = listeners();
      const states = Array.from({ length: 50 }, () => new IoredisState(client, { tableName: TABLE }));
      await Promise.all(states.map((each) => each.create(request())));
      assert.deepEqual(await ours(cluster, name), [second]);
      // Other slots have connections of their own, and the client still one set of listeners.
      for (let n = 0; n < 20; n++) {
        client.options.keyPrefix = await prefixOn(cluster, n % 2 ? first : second);
        await new IoredisState(client, { tableName: TABLE }).get("a");
      }
      assert.equal((await ours(cluster, name)).length, 21);
      assert.equal(listeners(), before);
      await turn();
      assert.deepEqual(warnings, []);
      process.off("warning", onWarning);
      await client.quit();
      await gone(cluster, name);
    });

    test("the constructor opens nothing; the first call opens one connection", async () => {
      const { client, state, name } = await on(second);
      await statusIs(client, "ready");
      assert.deepEqual(await ours(cluster, name), []);
      await Promise.all([state.get("a"), state.get("b")]);
      assert.deepEqual(await ours(cluster, name), [second]);
    });

    test("close() ends our connection and leaves the client alone", async () => {
      const { client, state, name } = await on(second);
      const calls = manyCreates(state);
      await state.close();
      await Promise.all(calls);
      await gone(cluster, name);
      assert.equal(await client.ping(), "PONG");
      await refuses(state.get("a"), ...CLOSED);
      await new IoredisState(client, { tableName: TABLE }).create(request());
    });

    test("close() settles when the owner does not answer", async () => {
      const { state } = await on(second);
      await state.ensureSchema();
      second.server.signal("SIGSTOP");
      try {
        const call = verdict(state.create(request()));
        await state.close();
        assert.equal((await call).error?.code, "CONNECTION_CLOSED");
      } finally {
        second.server.signal("SIGCONT");
      }
    });

    for (const program of ["quit", "quitAtOnce", "disconnect", "pending", "unused", "nobodyThere"]) {
      test(`a process ends by itself: ${program}`, async () => {
        const options = { port: first.port, ioredis: library.at(-1) };
        const { code, stdout, stderr } = await runProgram("exits-cluster", [program], options);
        assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "done\n", stderr: "" });
      });
    }
  });
}
