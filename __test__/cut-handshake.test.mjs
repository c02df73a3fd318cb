// The connection breaks before it is up, or for good: nothing hangs, nothing is lost, nothing is guessed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { keysOf } from "./support/layout.mjs";
import { withProxy } from "./support/proxy.mjs";
import { decision, request } from "./support/records.mjs";
import { Redis5, Redis6, withRedis } from "./support/redis.mjs";
import { numbered } from "./support/writes.mjs";

const POINTS = 100;

const server = await withRedis();
const proxy = await withProxy(server);
const direct = server.client();
const near = new IoredisState(direct, { tableName: "handshake" });
await near.ensureSchema();

/** A client whose only traffic is the store's own. */
const lonely = (options, Library) =>
  server.client({ port: proxy.port, lazyConnect: true, enableReadyCheck: false, ...options }, Library);

for (const [name, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  for (const side of ["Request", "Reply"]) {
    test(`a first call that is cut at ${POINTS} points from the first byte of the handshake on is done (${name}, ${side.toLowerCase()})`, async () => {
      const first = async (client, n) => {
        const state = new IoredisState(client, { tableName: "handshake" });
        const id = `${name}-${side}-${numbered(n)}`;
        await state.create(request({ id }));
        await state.resolve(id, decision(id));
        assert.deepEqual((await near.get(id)).result, decision(id));
      };
      const options = { maxRetriesPerRequest: null, retryStrategy: () => 0 };
      const probe = lonely(options, Library);
      const sent = await proxy.measure(() => first(probe, 0));
      probe.disconnect();
      const bytes = side === "Request" ? sent.requestBytes : sent.replyBytes;
      for (let n = 1; n <= POINTS; n++) {
        const client = lonely(options, Library);
        const fault = proxy[`cut${side}After`](Math.floor((bytes * (n - 1)) / POINTS), { anyConnection: true });
        await first(client, n);
        await fault.fired;
        client.disconnect();
      }
      sound(await violations(direct, keysOf("handshake").prefix));
    });
  }

  test(`without a retryStrategy a lost reply is "Connection is closed.", marked ambiguous (${name})`, async () => {
    for (const [n, cut] of ["cutRequestAfter", "cutReplyAfter"].entries()) {
      const client = lonely({ retryStrategy: () => null }, Library);
      const state = new IoredisState(client, { tableName: "handshake" });
      const id = `closed-${name}-${n}`;
      await state.create(request({ id }));
      const fault = proxy[cut](3);
      const error = await refuses(state.resolve(id, decision(id)), "CONNECTION_CLOSED", "Connection is closed.");
      assert.equal(error.ambiguous, true);
      await fault.fired;
      assert.equal((await near.get(id)).status, cut === "cutReplyAfter" ? "resolved" : "pending");
      client.disconnect();
    }
  });

  test(`a lost reply, and credentials that hold no more: WRONGPASS, marked ambiguous (${name})`, async () => {
    const user = `rotated-${name.replace(" ", "")}`;
    await direct.acl("SETUSER", user, "on", ">old", "~*", "&*", "+@all");
    const client = lonely({ username: user, password: "old", retryStrategy: () => 0 }, Library);
    const state = new IoredisState(client, { tableName: "handshake" });
    const id = `rotated-${name}`;
    await state.create(request({ id }));
    const lost = proxy.loseReplies();
    const call = state.resolve(id, decision(id));
    await lost.fired;
    proxy.refuse();
    await direct.acl("SETUSER", user, "resetpass", ">new");
    proxy.accept();
    const error = await refuses(call, "WRONGPASS", /^WRONGPASS /);
    assert.equal(error.ambiguous, true);
    assert.equal((await near.get(id)).status, "resolved");
    const read = await refuses(state.get(id), "WRONGPASS");
    assert.notEqual(read.ambiguous, true, "a read changes nothing");
    client.disconnect();
  });
}
