// Whatever the status of the caller's client, a call does what a command of the client would come to; and the
// client's own way through its states is not disturbed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { named, until } from "./support/connections.mjs";
import { request, unique } from "./support/records.mjs";
import { Redis5, Redis6, withRedis } from "./support/redis.mjs";

const CLOSED = ["CONNECTION_CLOSED", "Connection is closed."];
const TABLE = { tableName: "status" };
const LIMIT = { timeout: 20_000 };

const server = await withRedis();
const db = server.client();

const event = (client, name) => new Promise((resolve) => client.once(name, resolve));
const listenersOf = (client) => client.eventNames().map((name) => [name, client.listenerCount(name)]);
const creates = (state, count = 10) => Array.from({ length: count }, () => state.create(request()));

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  describe(library, () => {
    const clientOf = (options) => server.client({ connectionName: unique("status"), ...options }, Library);
    const ours = (client) => named(db, `${client.options.connectionName}:hitl`);
    const kill = async (client) => {
      const [theirs] = await named(db, client.options.connectionName);
      const closed = event(client, "close");
      await db.client("KILL", "ID", theirs.id);
      await closed;
    };

    test("wait: calls are made, and the client goes on waiting for commands of its own", LIMIT, async () => {
      const client = clientOf({ lazyConnect: true });
      const state = new IoredisState(client, TABLE);
      await Promise.all(creates(state));
      assert.equal(client.status, "wait");
      assert.equal(await client.ping(), "PONG");
      await Promise.all(creates(state));
      assert.equal((await ours(client)).length, 1);
    });

    for (const [end, how] of [
      ["quit()", (client) => client.quit()],
      ["disconnect()", (client) => client.disconnect()],
    ]) {
      test(`wait: ${end} ends our connection as well`, LIMIT, async () => {
        const client = clientOf({ lazyConnect: true });
        const state = new IoredisState(client, TABLE);
        await Promise.all(creates(state));
        await how(client);
        await until(() => client.status === "end");
        await refuses(state.get("a"), ...CLOSED);
        await until(async () => (await ours(client)).length === 0);
        await client.connect();
        await Promise.all(creates(state));
      });

      test(`reconnecting: after ${end}, of which ioredis tells nobody, calls reject and ours ends`, LIMIT, async () => {
        const client = clientOf({ retryStrategy: () => 60_000 });
        const state = new IoredisState(client, TABLE);
        await Promise.all(creates(state));
        await kill(client);
        await until(() => client.status === "reconnecting");
        await how(client);
        await refuses(state.get("a"), ...CLOSED);
        await until(async () => (await ours(client)).length === 0);
        // ioredis takes commands again from here on, although it still remembers the end.
        await client.connect();
        assert.equal(await client.ping(), "PONG");
        await Promise.all(creates(state));
        const quit = client.quit();
        await refuses(state.get("a"), ...CLOSED);
        await quit;
        await refuses(state.get("a"), ...CLOSED);
      });
    }

    test("connecting: a call is answered when the client is ready, not before", LIMIT, async () => {
      const client = clientOf();
      assert.equal(client.status, "connecting");
      const order = [];
      client.once("ready", () => order.push("ready"));
      await Promise.all(creates(new IoredisState(client, TABLE)).map((call) => call.then(() => order.push("answer"))));
      assert.equal(order[0], "ready");
    });

    test("connecting to a server that is yet to come: calls wait for it", LIMIT, async () => {
      const late = await withRedis();
      await late.kill();
      const client = late.client({ retryStrategy: () => 20, maxRetriesPerRequest: null }, Library);
      const calls = creates(new IoredisState(client, TABLE));
      await event(client, "reconnecting");
      calls.push(...creates(new IoredisState(client, TABLE)));
      await late.restart();
      await Promise.all(calls);
    });

    test("close and reconnecting: calls are made, within the event and after it", LIMIT, async () => {
      const client = clientOf({ retryStrategy: () => 200 });
      const state = new IoredisState(client, TABLE);
      await state.ensureSchema();
      const calls = [];
      for (const name of ["close", "reconnecting", "connect", "ready"]) {
        client.once(name, () => calls.push(...creates(state)));
      }
      const ready = event(client, "ready");
      await kill(client);
      await ready;
      assert.equal(calls.length, 40);
      await Promise.all(calls);
    });

    test("reconnecting with nobody there: calls wait until the server is back", LIMIT, async () => {
      const away = await withRedis();
      const client = away.client({ retryStrategy: () => 20, maxRetriesPerRequest: null }, Library);
      const state = new IoredisState(client, TABLE);
      await state.ensureSchema();
      await away.kill();
      await until(() => client.status === "reconnecting");
      const calls = creates(state);
      await away.restart();
      await Promise.all(calls);
    });

    test("disconnect(true): neither calls nor our connection notice", LIMIT, async () => {
      const client = clientOf({ retryStrategy: () => 1 });
      const state = new IoredisState(client, TABLE);
      await state.ensureSchema();
      const [before] = await ours(client);
      const onEnd = () => assert.fail("a client that reconnects has no end");
      client.on("end", onEnd);
      for (let round = 0; round < 20; round++) {
        const calls = creates(state);
        const ready = event(client, "ready");
        client.disconnect(true);
        calls.push(...creates(state));
        await Promise.all([...calls, ready]);
      }
      assert.deepEqual(
        (await ours(client)).map(({ id }) => id),
        [before.id],
      );
      client.off("end", onEnd);
    });

    test("end, because retryStrategy gave up: calls reject, ours ends, and connect() revives both", LIMIT, async () => {
      const client = clientOf({ retryStrategy: () => null });
      const state = new IoredisState(client, TABLE);
      await Promise.all(creates(state));
      const ended = event(client, "end");
      await kill(client);
      await ended;
      await refuses(state.get("a"), ...CLOSED);
      await until(async () => (await ours(client)).length === 0);
      await client.connect();
      await Promise.all(creates(state));
      assert.equal((await ours(client)).length, 1);
    });

    test("twenty lives of one client: one connection and the same listeners in each", LIMIT, async () => {
      const client = clientOf({ lazyConnect: true });
      const state = new IoredisState(client, TABLE);
      let listeners;
      for (let life = 0; life < 20; life++) {
        if (client.status !== "ready") await client.connect();
        await Promise.all(creates(state));
        assert.equal((await ours(client)).length, 1);
        listeners ??= listenersOf(client);
        assert.deepEqual(listenersOf(client), listeners);
        const ended = event(client, "end");
        await (life % 2 ? client.quit() : client.disconnect());
        await ended;
      }
      await until(async () => (await ours(client)).length === 0);
    });

    test("the last close() leaves no listener on the client", LIMIT, async () => {
      const client = clientOf();
      await client.ping();
      const before = listenersOf(client);
      for (let round = 0; round < 20; round++) {
        const states = Array.from({ length: 3 }, () => new IoredisState(client, TABLE));
        const calls = states.flatMap((state) => creates(state));
        await Promise.all(states.map((state) => state.close()));
        await Promise.all(calls);
        assert.deepEqual(listenersOf(client), before);
      }
    });

    test("fifty instances, before, during and after connecting: one connection, no warning", LIMIT, async () => {
      const warnings = [];
      const onWarning = (warning) => warnings.push(String(warning));
      process.on("warning", onWarning);
      const client = clientOf({ lazyConnect: true });
      const states = [];
      const grow = () => {
        for (let n = 0; n < 50; n++) states.push(new IoredisState(client, TABLE));
        return Promise.all(states.map((state) => state.create(request())));
      };
      await grow();
      const connected = client.connect();
      await grow();
      await connected;
      await grow();
      assert.equal((await ours(client)).length, 1);
      await pause(1);
      process.off("warning", onWarning);
      assert.deepEqual(warnings, []);
    });
  });
}
