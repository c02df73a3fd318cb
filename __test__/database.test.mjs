// The database is the one that the caller's client is in, wherever `select()` has taken it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { keysOf, keysUnder } from "./support/layout.mjs";
import { LIBRARIES } from "./support/matrix.mjs";
import { request } from "./support/records.mjs";
import { withRedis } from "./support/redis.mjs";

const server = await withRedis();
const inspectors = Array.from({ length: 8 }, (_, db) => server.client({ db }));

/** The databases that hold the request `id`. */
async function databasesWith(tableName, id) {
  const key = keysOf(tableName).request(id);
  const found = await Promise.all(inspectors.map((db) => db.exists(key)));
  return found.flatMap((isThere, db) => (isThere ? [db] : []));
}

/** Ends every connection of a client and of its store, from the server's side. */
async function cut(connectionName) {
  const list = await inspectors[0].client("LIST");
  for (const [, id] of list.matchAll(new RegExp(`^id=(\\d+) .* name=${connectionName}(?::hitl)? `, "gm"))) {
    await inspectors[0].client("KILL", "ID", id);
  }
}

for (const [version, Library] of Object.entries(LIBRARIES)) {
  describe(version, () => {
    const tableName = `database_${version.at(-1)}`;

    test("calls after select() meet the new database, those before it the old one", async () => {
      const client = server.client({ db: 1 }, Library);
      const state = new IoredisState(client, { tableName });
      await state.create(request({ id: "first" }));
      const early = state.create(request({ id: "before" }));
      client.select(2);
      await Promise.all([early, state.create(request({ id: "after" }))]);
      assert.deepEqual(await databasesWith(tableName, "before"), [1]);
      assert.deepEqual(await databasesWith(tableName, "after"), [2]);
      assert.equal(await state.get("before"), null);
      await client.select(1);
      assert.equal((await state.get("before")).id, "before");
      assert.equal(await state.get("after"), null);
    });

    test("a select() that waits for the client's connection counts", async () => {
      const own = await withRedis();
      await own.kill();
      // The client tries twice, then waits for an hour; we do not.
      const delays = [0, 3_600_000];
      const client = own.client({ retryStrategy: () => delays.shift() ?? 5 }, Library);
      client.select(3).catch(() => {});
      while (delays.length > 0) await new Promise((resolve) => client.once("close", resolve));
      const created = new IoredisState(client, { tableName }).create(request({ id: "queued" }));
      await own.restart();
      await created;
      assert.equal(await own.client({ db: 3 }).exists(keysOf(tableName).request("queued")), 1);
    });

    test("select() holds when both connections are lost", async () => {
      const connectionName = `${tableName}_lost`;
      const client = server.client({ connectionName, retryStrategy: () => 0 }, Library);
      const state = new IoredisState(client, { tableName });
      await client.select(4);
      await state.create(request({ id: "before-loss" }));
      for (let n = 0; n < 20; n++) {
        // Before that its connection has no name, and would not be found.
        if (client.status !== "ready") await once(client, "ready");
        // While it connects, ioredis is in `options.db`, and only remembers where it was.
        const connecting = once(client, "connecting");
        await cut(connectionName);
        await connecting;
        await state.create(request({ id: `lost-${n}` }));
      }
      assert.deepEqual(await keysUnder(inspectors[0], tableName), []);
      assert.deepEqual(await databasesWith(tableName, "lost-19"), [4]);
    });
  });
}
