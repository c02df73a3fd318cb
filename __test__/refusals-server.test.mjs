// The server takes no writes: each call rejects with the server's words, changes nothing, reads go on,
// and the same instances work again when the server does. First calls of fresh stores included.

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { IoredisState } from "../index.js";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { keysOf, snapshot } from "./support/layout.mjs";
import { withRedis } from "./support/redis.mjs";
import { WRITES } from "./support/writes.mjs";

/** While the server refuses, each write rejects with `code` and `text` and changes nothing. */
async function refused({ server, code, text, begin, end, options }) {
  const db = server.client();
  const client = server.client(options);
  const keys = keysOf("refusals");
  const state = new IoredisState(client, { tableName: "refusals" });
  const fresh = new IoredisState(client, { tableName: "fresh" });
  await state.ensureSchema();
  for (const [n, write] of WRITES.entries()) await write.prepare(state, `r${n}`, db, keys);
  const before = await snapshot(db);
  await begin(db);
  for (const [n, write] of WRITES.entries()) {
    const error = await refuses(write.call(state, `r${n}`), code, text);
    assert.notEqual(error.ambiguous, true, `${write.name}: the server has said no`);
    assert.deepEqual(await snapshot(db), before, `${write.name} has written something`);
  }
  await refuses(fresh.ensureSchema(), code, text);
  await refuses(WRITES[0].call(fresh, "r0"), code, text);
  assert.deepEqual(await snapshot(db), before, "ensureSchema has written something");
  assert.ok((await state.list({ limit: 100 })).items.length > 0, "reads still answer");

  await end(db);
  for (const [n, write] of WRITES.entries()) {
    await write.call(state, `r${n}`);
    assert.equal(await write.took(state, `r${n}`), true, write.name);
  }
  await WRITES[0].call(fresh, "r0");
  sound(await violations(db, "refusals"));
  sound(await violations(db, "fresh"));
}

test("maxmemory is reached: OOM, also for the first call of a fresh store", async () => {
  await refused({
    server: await withRedis(),
    code: "OOM",
    text: /^OOM command not allowed when used memory > 'maxmemory'\.?/,
    begin: (db) => db.config("SET", "maxmemory", 1),
    end: (db) => db.config("SET", "maxmemory", 0),
  });
});

test("too few replicas: NOREPLICAS, also for the first call of a fresh store", async () => {
  await refused({
    server: await withRedis(),
    code: "NOREPLICAS",
    text: /^NOREPLICAS Not enough good replicas to write\.?/,
    begin: (db) => db.config("SET", "min-replicas-to-write", 1),
    end: (db) => db.config("SET", "min-replicas-to-write", 0),
  });
});

test("the server has become a replica, in sync with its primary: READONLY, also for the first call of a fresh store", async () => {
  const primary = await withRedis({ args: ["--repl-diskless-sync-delay", 0] });
  await refused({
    server: await withRedis(),
    code: "READONLY",
    // A replica is waited for as long: it may be on its way to being a primary again.
    options: { maxLoadingRetryTime: 50 },
    text: /^READONLY You can't write against a read only replica/,
    async begin(db) {
      const target = primary.client();
      const copy = await snapshot(db);
      for (const key of Object.keys(copy)) await target.restore(key, 0, await db.dumpBuffer(key));
      await db.replicaof("127.0.0.1", primary.port);
      while (!(await db.info("replication")).includes("master_link_status:up")) await pause(5);
      assert.deepEqual(await snapshot(db), copy);
    },
    end: (db) => db.replicaof("NO", "ONE"),
  });
});

test("the disk cannot be written: MISCONF, also for the first call of a fresh store", async () => {
  const server = await withRedis();
  await refused({
    server,
    code: "MISCONF",
    text: /^MISCONF /,
    async begin(db) {
      await db.config("SET", "save", "3600 1");
      await rm(server.dir, { recursive: true });
      await db.bgsave();
      while (!(await db.info("persistence")).includes("rdb_last_bgsave_status:err")) await pause(5);
    },
    end: (db) => db.config("SET", "save", ""),
  });
});
