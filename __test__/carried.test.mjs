// Clients whose way to the server only their own connector knows: it opens our socket as well, and
// JavaScript carries the bytes. What holds for a connection of ours holds for this one.

import assert from "node:assert/strict";
import { connect, Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { IoredisState } from "../index.js";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { withProxy } from "./support/proxy.mjs";
import { decision, request, tenMegabytes, unique } from "./support/records.mjs";
import { Redis5, Redis6, withRedis } from "./support/redis.mjs";
import { abstractConnector, withTunnel } from "./support/tunnel.mjs";
import { numbered, WRITES } from "./support/writes.mjs";

const LIMIT = { timeout: 30_000 };

const server = await withRedis();
const proxy = await withProxy(server);
const tunnel = await withTunnel();
const db = server.client();

/** Waits until `condition` holds. */
async function until(condition) {
  while (!(await condition())) await turn();
}

/** The connections of this name that the server has. */
async function named(name) {
  const lines = (await db.client("LIST")).trim().split("\n");
  return lines.filter((line) => line.includes(` name=${name} `));
}

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  describe(library, () => {
    const table = (name) => `${name}_${library.at(-1)}`;
    const clientOf = (options) => server.client({ connectionName: unique("carried"), ...options }, Library);
    const tunnelled = (options) => clientOf({ Connector: tunnel.connector(Library), ...options });
    const ours = (client) => `${client.options.connectionName}:hitl`;

    /** A client whose first connections go by TCP; ours goes where `open` says. */
    function connecting(open, options) {
      class Connector extends abstractConnector(Library) {
        constructor(given) {
          super(given.disconnectTimeout);
          this.options = given;
        }
        connect() {
          return open(this.options);
        }
      }
      return clientOf({ Connector, lazyConnect: true, retryStrategy: () => 1, maxRetriesPerRequest: 2, ...options });
    }

    test("every method works through the caller's own connector, and lands where its client reads", LIMIT, async () => {
      const tableName = table("methods");
      const asked = tunnel.asked;
      const client = tunnelled({ keyPrefix: "tunnelled:", db: 2 });
      const state = new IoredisState(client, { tableName });
      const there = server.client({ db: 2 });
      for (const [n, write] of WRITES.filter(({ several }) => !several).entries()) {
        await write.prepare(state, numbered(n), there);
        await write.call(state, numbered(n));
        assert.equal(await write.took(state, numbered(n)), true, write.name);
      }
      sound(await violations(there, `tunnelled:${tableName}`));
      const { items } = await state.list({ limit: 1 });
      assert.equal(JSON.parse(await client.get(`${tableName}:req:${items[0].id}`)).id, items[0].id);
      assert.equal(tunnel.asked, asked + 2, "the client's connection, and ours");
      assert.equal((await named(ours(client))).length, 1);
    });

    test("a thousand calls in flight keep their order", LIMIT, async () => {
      const state = new IoredisState(tunnelled(), { tableName: table("order") });
      const made = request();
      const first = state.create(made);
      const ids = Array.from({ length: 1000 }, (_, n) => `ext-${n}`);
      await Promise.all([first, ...ids.map((id) => state.setExternalId(made.id, id))]);
      assert.equal((await state.get(made.id)).externalId, "ext-999");
    });

    test("records of ten megabytes come and go whole", LIMIT, async () => {
      const state = new IoredisState(tunnelled(), { tableName: table("large") });
      const large = [0, 1, 2].map((n) => request({ context: { text: `${n}${tenMegabytes()}` } }));
      await Promise.all(large.map((record) => state.create(record)));
      const read = await Promise.all(large.map(({ id }) => state.get(id)));
      for (const [n, { context }] of read.entries()) assert.ok(context.text === large[n].context.text, `record ${n}`);
      assert.equal((await state.list()).items.length, 3);
    });

    test("what is written waits for a server that does not read: little of it is on its way", LIMIT, async () => {
      const sockets = [];
      class Connector extends abstractConnector(Library) {
        async connect() {
          sockets.push(connect(proxy.port, "127.0.0.1"));
          return sockets.at(-1);
        }
      }
      const client = clientOf({ Connector, lazyConnect: true });
      const state = new IoredisState(client, { tableName: table("held") });
      await state.ensureSchema();
      proxy.hold();
      const records = Array.from({ length: 5 }, () => request({ context: tenMegabytes() }));
      const calls = Promise.all(records.map((record) => state.create(record)));
      let most = 0;
      for (let turn = 0; turn < 50; turn++) {
        await pause(10);
        most = Math.max(most, sockets[0].writableLength);
      }
      proxy.release();
      await calls;
      assert.ok(most > 0, "the socket took all of it");
      assert.ok(most <= 1024 * 1024, `${most} bytes waited in the socket`);
      assert.equal(await state.count(), 5);
      assert.equal(sockets.length, 1, "the connection was given up");
      client.disconnect();
    });

    test("a socket that dies in the middle of calls loses none of them", LIMIT, async () => {
      const tableName = table("cut");
      const client = tunnelled({ port: proxy.port, retryStrategy: () => 1, maxRetriesPerRequest: null });
      const state = new IoredisState(client, { tableName });
      await state.ensureSchema();
      for (let round = 0; round < 20; round++) {
        const made = Array.from({ length: 50 }, () => request());
        const cut = proxy[round % 2 ? "cutReplyAfter" : "cutRequestAfter"](round * 15);
        await Promise.all(made.map((record) => state.create(record)));
        await Promise.all(made.map(({ id }) => state.resolve(id, decision(id))));
        await cut.fired;
      }
      assert.equal(await state.count({ status: "resolved" }), 1000);
      sound(await violations(db, tableName));
    });

    test("without resending, what was on its way when the socket died is said to be ambiguous", LIMIT, async () => {
      const client = tunnelled({ port: proxy.port, retryStrategy: () => 1, maxRetriesPerRequest: 0 });
      const state = new IoredisState(client, { tableName: table("ambiguous") });
      await state.ensureSchema();
      const lost = proxy.loseReplies();
      const error = await refuses(state.create(request()), "MAX_RETRIES");
      await lost.fired;
      assert.equal(error.ambiguous, true);
    });

    test("a server that closes the connection is found again by the next call", LIMIT, async () => {
      const client = tunnelled();
      const state = new IoredisState(client, { tableName: table("killed") });
      await state.ensureSchema();
      const [line] = await named(ours(client));
      await db.client("KILL", "ID", /id=(\d+)/.exec(line)[1]);
      assert.equal(await state.count(), 0);
    });

    test("a connector that rejects: its code, and never its words", LIMIT, async () => {
      for (const [failure, code] of [
        [new Error("tunnel of user:secret is closed"), "ECONNFAILED"],
        [Object.assign(new Error("secret"), { code: "ECONNREFUSED", syscall: "connect" }), "ECONNREFUSED"],
      ]) {
        const state = new IoredisState(
          connecting(() => Promise.reject(failure)),
          { tableName: table("rejects") },
        );
        const { cause } = await refuses(state.get("a"), "MAX_RETRIES");
        assert.deepEqual({ code: cause.code, message: cause.message }, { code, message: `connect ${code}` });
      }
    });

    test("a connector that throws, and one that opens nothing: the calls are told", LIMIT, async () => {
      const opens = [
        () => {
          throw new Error("secret");
        },
        () => undefined,
        async () => "a socket",
      ];
      for (const open of opens) {
        const error = await refuses(new IoredisState(connecting(open)).get("a"), "MAX_RETRIES");
        assert.doesNotMatch(error.cause.message, /secret/);
      }
    });

    test("a connector that never opens a socket has until connectTimeout", LIMIT, async () => {
      let disconnected = 0;
      class Connector extends abstractConnector(Library) {
        connect() {
          return new Promise(() => {});
        }
        disconnect() {
          disconnected += 1;
        }
      }
      const client = clientOf({
        Connector,
        lazyConnect: true,
        connectTimeout: 50,
        retryStrategy: () => 1,
        maxRetriesPerRequest: 1,
      });
      const { cause } = await refuses(new IoredisState(client).get("a"), "MAX_RETRIES");
      assert.deepEqual([cause.code, cause.message], ["ETIMEDOUT", "connect ETIMEDOUT"]);
      await until(() => disconnected === 2);
    });

    test("a socket that comes too late, or that nobody waits for any more, is destroyed", LIMIT, async () => {
      const sockets = [];
      let release;
      const late = new Promise((resolve) => (release = resolve));
      const open = async ({ port }) => {
        await late;
        sockets.push(connect(port, "127.0.0.1"));
        return sockets.at(-1);
      };
      const state = new IoredisState(connecting(open, { connectTimeout: 50 }));
      await refuses(state.get("a"), "MAX_RETRIES");
      release();
      await until(() => sockets.length === 3 && sockets.every((socket) => socket.destroyed));
    });

    test("a socket that cannot be connected is the system's failure, in its words", LIMIT, async () => {
      const state = new IoredisState(connecting(async () => connect(1, "127.0.0.1")));
      const { cause } = await refuses(state.get("a"), "MAX_RETRIES");
      assert.deepEqual([cause.code, cause.message], ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:1"]);
    });

    test("a socket that its connector has paused, or that is no socket of the net, serves as well", LIMIT, async () => {
      const paused = async ({ port }) => {
        const socket = connect(port, "127.0.0.1");
        await new Promise((resolve) => socket.once("connect", resolve));
        return socket.pause();
      };
      const wrapped = async ({ port }) => {
        const socket = connect(port, "127.0.0.1");
        return Duplex.from({ readable: socket, writable: socket });
      };
      for (const open of [paused, wrapped]) {
        assert.equal(await new IoredisState(connecting(open), { tableName: table("odd") }).count(), 0);
      }
    });

    test("our socket closes with the caller's client, and with close()", LIMIT, async () => {
      for (const end of [
        (client) => client.quit(),
        (client) => client.disconnect(),
        (_, state) => state.close(),
        (_, state) => state[Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose")](),
      ]) {
        const client = tunnelled();
        const state = new IoredisState(client, { tableName: table("ends") });
        await state.count();
        assert.equal((await named(ours(client))).length, 1);
        await end(client, state);
        await until(async () => (await named(ours(client))).length === 0);
      }
    });

    test("rounds of losing the socket leave no socket and no listener behind", LIMIT, async () => {
      const client = tunnelled();
      const state = new IoredisState(client, { tableName: table("rounds") });
      await state.count();
      const listeners = () => client.eventNames().map((name) => [name, client.listenerCount(name)]);
      const open = tunnel.open.size;
      const before = listeners();
      for (let round = 0; round < 30; round++) {
        const [line] = await named(ours(client));
        await db.client("KILL", "ID", /id=(\d+)/.exec(line)[1]);
        await state.count();
      }
      await until(() => tunnel.open.size === open);
      assert.deepEqual(listeners(), before);
      assert.equal(client.stream instanceof Socket, true, "the client's own connection is untouched");
    });
  });
}
