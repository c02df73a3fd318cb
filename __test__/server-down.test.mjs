// The server is not there, does not answer, or does not know the user: the call says so in ioredis's
// words, nothing of it is remembered, and the same instance works once the server does.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { HAS_CREDENTIALS } from "./support/acl.mjs";
import { refuses, verdict } from "./support/assertions.mjs";
import { decision, request, unique } from "./support/records.mjs";
import { Redis5, Redis6, startRedis, withRedis } from "./support/redis.mjs";

const CANARY = "canary-password";
const MAX_RETRIES = (limit) =>
  `Reached the max retries per request limit (which is ${limit}). Refer to "maxRetriesPerRequest" option for details.`;

/** A server that is down. `restart()` brings it up on the port that its clients know. */
async function withServerDown(options) {
  const server = await withRedis(options);
  await server.kill();
  return server;
}

for (const [name, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  describe(name, () => {
    test("a first call while the server is down fails with its cause; the same instance works once it is up", async () => {
      const server = await withServerDown();
      const client = server.client({ maxRetriesPerRequest: 2, retryStrategy: () => 5 }, Library);
      const state = new IoredisState(client);
      const calls = [state.create(request()), state.get("a"), state.ensureSchema()];
      for (const call of calls) {
        const error = await refuses(call, "MAX_RETRIES", MAX_RETRIES(2));
        assert.equal(error.name, "MaxRetriesPerRequestError");
        assert.notEqual(error.ambiguous, true, "nothing was sent");
        assert.equal(error.cause?.code, "ECONNREFUSED");
        assert.match(error.cause.message, new RegExp(`^connect ECONNREFUSED 127\\.0\\.0\\.1:${server.port}$`));
      }
      await server.restart();
      const made = request();
      // The client itself may be waiting for its next attempt: patience, as its user would have.
      for (;;) {
        const { error } = await verdict(state.create(made));
        if (!error) break;
        assert.equal(error.code, "MAX_RETRIES");
      }
      assert.equal((await state.get(made.id)).status, "pending");
    });

    test("a first call waits for a server that comes up, with the client's own patience", async () => {
      const server = await withServerDown();
      const client = server.client({ maxRetriesPerRequest: null, retryStrategy: () => 5 }, Library);
      const state = new IoredisState(client);
      const made = request();
      const calls = [state.create(made), state.get(made.id), state.resolve(made.id, decision(made.id))];
      await server.restart();
      const [, seen] = await Promise.all(calls);
      assert.equal(seen.status, "pending");
      assert.equal((await state.get(made.id)).status, "resolved");
    });

    test("a wrong password is the server's refusal, without the password; the right one then works", async () => {
      const server = await withRedis({ args: ["--requirepass", "right"] });
      const client = server.client({ password: CANARY, lazyConnect: true, retryStrategy: () => 5 }, Library);
      const state = new IoredisState(client);
      const error = await refuses(state.create(request()), "WRONGPASS", /^WRONGPASS /);
      assert.doesNotMatch(JSON.stringify([error.message, error.stack, { ...error }]), new RegExp(CANARY));
      assert.notEqual(error.ambiguous, true);
      client.options.password = "right";
      await state.create(request({ id: "after" }));
      assert.equal((await state.get("after")).id, "after");
    });

    test("no password where one is needed is NOAUTH; the right one then works", { skip: HAS_CREDENTIALS }, async () => {
      const server = await withRedis({ args: ["--requirepass", "right"] });
      const client = server.client({ lazyConnect: true, retryStrategy: () => 5 }, Library);
      const state = new IoredisState(client);
      await refuses(state.get("a"), "NOAUTH", /^NOAUTH /);
      client.options.password = "right";
      assert.equal(await state.get("a"), null);
    });

    test("a password that is changed on a running client holds for its next connection", async () => {
      const server = await withRedis();
      const db = server.client();
      await db.acl("SETUSER", "rotating", "on", ">old", "~*", "&*", "+@all");
      const client = server.client({ username: "rotating", password: "old", retryStrategy: () => 5 }, Library);
      const state = new IoredisState(client);
      await state.create(request({ id: "before" }));
      client.options.password = "new";
      await db.acl("SETUSER", "rotating", "resetpass", ">new");
      await db.client("KILL", "USER", "rotating");
      assert.equal((await state.get("before")).id, "before");
    });

    test("a server that does not answer within commandTimeout: `Command timed out`, ambiguous, then all is well", async () => {
      const server = await withRedis();
      const client = server.client({ commandTimeout: 150 }, Library);
      const state = new IoredisState(client);
      await state.ensureSchema();
      const made = request();
      server.signal("SIGSTOP");
      const error = await refuses(state.create(made), "COMMAND_TIMEOUT", "Command timed out");
      assert.equal(error.ambiguous, true);
      server.signal("SIGCONT");
      for (;;) {
        const { error: again } = await verdict(state.create(made));
        if (!again) break;
        assert.equal(again.code, "COMMAND_TIMEOUT");
      }
      assert.equal((await state.get(made.id)).status, "pending");
    });

    test("commandTimeout counts from the call: one that waits for a connection times out unsent, not ambiguous", async () => {
      const server = await withServerDown();
      const client = server.client(
        { commandTimeout: 100, maxRetriesPerRequest: null, retryStrategy: () => 5 },
        Library,
      );
      const state = new IoredisState(client);
      const made = request();
      const error = await refuses(state.create(made), "COMMAND_TIMEOUT", "Command timed out");
      assert.notEqual(error.ambiguous, true);
      await server.restart();
      while ((await verdict(state.get(made.id))).error);
      assert.equal(await state.get(made.id), null, "a call that was given up was made all the same");
    });

    test("a server that does not accept within connectTimeout: the cause is `connect ETIMEDOUT`", async () => {
      const server = await withRedis({ args: ["--tcp-backlog", 1] });
      const fillers = await fillBacklog(server);
      const client = server.client({ connectTimeout: 100, maxRetriesPerRequest: 0, lazyConnect: true }, Library);
      const state = new IoredisState(client);
      const error = await refuses(state.get("a"), "MAX_RETRIES", MAX_RETRIES(0));
      assert.equal(error.cause?.code, "ETIMEDOUT");
      assert.match(error.cause.message, /^connect ETIMEDOUT/);
      for (const socket of fillers) socket.destroy();
      server.signal("SIGCONT");
      while ((await verdict(state.get("a"))).error);
    });

    test("enableOfflineQueue: false rejects at once while there is no connection", async () => {
      const server = await withServerDown();
      const client = server.client({ enableOfflineQueue: false, retryStrategy: () => 5 }, Library);
      const state = new IoredisState(client);
      const text = "Stream isn't writeable and enableOfflineQueue options is false";
      await refuses(state.create(request()), "OFFLINE", text);
      await server.restart();
      while ((await verdict(state.get("a"))).error);
      await state.create(request());
    });
  });
}

/** Stops the server and opens connections until the kernel takes no more: the next one hangs. */
async function fillBacklog(server) {
  server.signal("SIGSTOP");
  const sockets = [];
  for (;;) {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    sockets.push(socket);
    const isOpen = await Promise.race([
      once(socket, "connect").then(() => true),
      new Promise((resolve) => setTimeout(resolve, 300, false)),
    ]);
    if (!isOpen) return sockets;
    assert.ok(sockets.length < 100, "the backlog does not fill");
  }
}

test("calls on two clients: one server down does not hold up the other", async () => {
  const [up, down] = [await startRedis(), await withServerDown()];
  try {
    const stuck = new IoredisState(down.client({ maxRetriesPerRequest: null, retryStrategy: () => 5 })).count();
    const state = new IoredisState(up.client(), { tableName: unique("up").replace("-", "_") });
    for (let n = 0; n < 100; n++) await state.create(request());
    assert.equal(await state.count(), 100);
    await down.restart();
    assert.equal(await stuck, 0);
  } finally {
    await up.stop();
  }
});
