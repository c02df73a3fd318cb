// Our connection follows the life of the caller's client, and adds nothing to it that a user would notice.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { IoredisState } from "../index.js";
import { refuses, verdict } from "./support/assertions.mjs";
import { named, until } from "./support/connections.mjs";
import { request, unique } from "./support/records.mjs";
import { Redis5, Redis6, withRedis } from "./support/redis.mjs";

const CLOSED = ["CONNECTION_CLOSED", "Connection is closed."];
const TABLE = { tableName: "life" };
const LIMIT = { timeout: 20_000 };

const server = await withRedis();
const db = server.client();

const manyCreates = (state, count = 100) => Array.from({ length: count }, () => state.create(request()));

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  describe(library, () => {
    const clientOf = (options) => server.client({ connectionName: unique("life"), ...options }, Library);
    const ours = (client) => `${client.options.connectionName}:hitl`;

    test("quit() lets the calls made before it finish, and ends our connection", LIMIT, async () => {
      const client = clientOf();
      const state = new IoredisState(client, TABLE);
      await state.ensureSchema();
      const calls = manyCreates(state);
      await client.quit();
      await Promise.all(calls);
      await until(async () => (await named(db, ours(client))).length === 0);
    });

    test("quit() right after the very first calls lets them finish", LIMIT, async () => {
      for (const options of [{}, { lazyConnect: true }]) {
        const client = clientOf(options);
        const calls = manyCreates(new IoredisState(client, TABLE));
        await client.quit();
        await Promise.all(calls);
      }
    });

    test(
      "calls made after quit(), in the same tick and later, reject with `Connection is closed.`",
      LIMIT,
      async () => {
        const client = clientOf();
        const state = new IoredisState(client, TABLE);
        const before = state.create(request());
        const quit = client.quit();
        const error = await refuses(state.create(request()), ...CLOSED);
        assert.notEqual(error.ambiguous, true);
        await Promise.all([before, quit]);
        for (const call of [state.get("a"), state.create(request()), state.ensureSchema(), state.list()]) {
          await refuses(call, ...CLOSED);
        }
        await refuses(new IoredisState(client, TABLE).get("a"), ...CLOSED);
      },
    );

    test(
      "disconnect() rejects calls that are on their way with `Connection is closed.`, marked ambiguous",
      LIMIT,
      async () => {
        const client = clientOf();
        const state = new IoredisState(client, TABLE);
        await state.ensureSchema();
        server.signal("SIGSTOP");
        try {
          const calls = manyCreates(state, 10);
          await turn();
          client.disconnect();
          for (const call of calls) await refuses(call, ...CLOSED);
        } finally {
          server.signal("SIGCONT");
        }
        await refuses(state.get("a"), ...CLOSED);
      },
    );

    test("disconnect() while the server is away rejects the calls that wait", LIMIT, async () => {
      const away = await withRedis();
      const client = away.client({ maxRetriesPerRequest: null, retryStrategy: () => 5 }, Library);
      const state = new IoredisState(client, TABLE);
      await state.ensureSchema();
      await away.kill();
      await until(() => client.status === "reconnecting");
      const calls = manyCreates(state, 10);
      client.disconnect();
      for (const call of calls) await refuses(call, ...CLOSED);
    });

    test("disconnect() of a client whose server was never there rejects the calls that wait", LIMIT, async () => {
      const away = await withRedis();
      await away.kill();
      for (const options of [{}, { lazyConnect: true }]) {
        const patient = { maxRetriesPerRequest: null, retryStrategy: () => 5 };
        const client = away.client({ ...patient, ...options }, Library);
        const calls = manyCreates(new IoredisState(client, TABLE), 10);
        await new Promise((resolve) => setTimeout(resolve, 50));
        client.disconnect();
        for (const call of calls) await refuses(call, ...CLOSED);
      }
    });

    test("connect() after the end works again, on the same instances", LIMIT, async () => {
      const client = clientOf();
      const state = new IoredisState(client, TABLE);
      for (const end of [() => client.quit(), () => client.disconnect()]) {
        await state.create(request());
        const ended = new Promise((resolve) => client.once("end", resolve));
        await end();
        await ended;
        await refuses(state.get("a"), ...CLOSED);
        await client.connect();
        const record = request();
        await state.create(record);
        assert.equal((await state.get(record.id)).id, record.id);
        assert.equal((await named(db, ours(client))).length, 1);
      }
    });

    test("a client that loses its connection and comes back does not disturb our calls", LIMIT, async () => {
      const client = clientOf({ retryStrategy: () => 1 });
      const state = new IoredisState(client, TABLE);
      await state.ensureSchema();
      for (let n = 0; n < 20; n++) {
        const [theirs] = await named(db, client.options.connectionName);
        const calls = manyCreates(state, 10);
        if (theirs) await db.client("KILL", "ID", theirs.id);
        await Promise.all(calls);
      }
    });

    test("50 instances on one client share one connection and add no listeners or warnings", LIMIT, async () => {
      const warnings = [];
      const onWarning = (warning) => warnings.push(warning);
      process.on("warning", onWarning);
      const client = clientOf();
      const listeners = () => client.eventNames().reduce((sum, name) => sum + client.listenerCount(name), 0);
      await client.ping();
      await new IoredisState(client, TABLE).get("a");
      const before = listeners();
      const states = Array.from({ length: 50 }, () => new IoredisState(client, TABLE));
      await Promise.all(states.map((state) => state.create(request())));
      assert.equal(listeners(), before);
      assert.equal((await named(db, ours(client))).length, 1);
      await turn();
      assert.deepEqual(warnings, []);
      process.off("warning", onWarning);
    });

    test("our connection is named after the caller's, and only one is opened, by the first call", LIMIT, async () => {
      const client = clientOf();
      const state = new IoredisState(client, TABLE);
      await client.ping();
      assert.equal((await named(db, ours(client))).length, 0, "the constructor has opened a connection");
      await state.get("a");
      await state.get("b");
      assert.equal((await named(db, ours(client))).length, 1);
      assert.equal((await named(db, client.options.connectionName)).length, 1);
    });

    test("two clients do not disturb each other: one ends, the other goes on", LIMIT, async () => {
      const [one, two] = [clientOf(), clientOf()];
      const [first, second] = [new IoredisState(one, TABLE), new IoredisState(two, TABLE)];
      await Promise.all([first.get("a"), second.get("a")]);
      const calls = manyCreates(second);
      one.disconnect();
      await Promise.all(calls);
      await refuses(first.get("a"), ...CLOSED);
      await second.create(request());
    });

    test(
      "close() lets calls finish, ends our connection, leaves the client alone, and may be called twice",
      LIMIT,
      async () => {
        const client = clientOf();
        const state = new IoredisState(client, TABLE);
        const calls = manyCreates(state);
        await state.close();
        await Promise.all(calls);
        await until(async () => (await named(db, ours(client))).length === 0);
        await state.close();
        await state[Symbol.asyncDispose]();
        assert.equal(await client.ping(), "PONG");
        await refuses(state.get("a"), ...CLOSED);
        const other = new IoredisState(client, TABLE);
        await other.create(request());
        assert.equal(typeof (await other.count()), "number");
      },
    );

    test("close() of one instance leaves the others on the same client working", LIMIT, async () => {
      const client = clientOf();
      const [one, two] = [new IoredisState(client, TABLE), new IoredisState(client, TABLE)];
      await Promise.all([one.get("a"), two.get("a")]);
      const calls = manyCreates(two);
      await one.close();
      await Promise.all(calls);
      await two.create(request());
      await two.close();
      await until(async () => (await named(db, ours(client))).length === 0);
    });

    test("close() settles within two seconds when the server does not answer", LIMIT, async () => {
      const state = new IoredisState(clientOf(), TABLE);
      await state.ensureSchema();
      server.signal("SIGSTOP");
      try {
        const call = verdict(state.create(request()));
        const started = Date.now();
        await state.close();
        assert.ok(Date.now() - started < 2000);
        assert.equal((await call).error?.code, "CONNECTION_CLOSED");
      } finally {
        server.signal("SIGCONT");
      }
    });
  });
}
