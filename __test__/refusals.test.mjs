// CONTRACT sections 5 and 7: where the server refuses, every write rejects with the server's words and
// nothing is half-written: no memory, a read-only replica, missing rights.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { request } from "./support/records.mjs";
import { freePort } from "./support/redis.mjs";
import { snapshot, withStores } from "./support/store.mjs";
import { arrange, WRITERS } from "./support/writers.mjs";

const { server, db, store } = await withStores();

/** A prepared store; each writer must be refused, change nothing, and succeed once `heal` has run. */
async function everyWriter(t, { hurt, heal, code, message, client }) {
  const it = store();
  await arrange(it.state);
  const state = client ? store({ client, tableName: it.tableName }).state : it.state;
  // A schema check that is refused is not what this is about.
  await state.get("x");
  const before = await snapshot(db, it.keys.prefix);
  await hurt(it);
  for (const [name, write] of Object.entries(WRITERS)) {
    await t.test(name, async () => {
      const error = await refuses(write(state), code, message);
      assert.ok(!error.ambiguous);
      assert.deepEqual(await snapshot(db, it.keys.prefix), before);
    });
  }
  await heal(it);
  for (const write of Object.values(WRITERS)) await write(state);
  sound(await violations(db, it.keys.prefix));
}

test("maxmemory reached: every write rejects with OOM", async (t) => {
  await everyWriter(t, {
    hurt: () => db.config("SET", "maxmemory", "1"),
    heal: () => db.config("SET", "maxmemory", "0"),
    code: "OOM",
    message: /^OOM command not allowed when used memory > 'maxmemory'/,
  });
});

test("a read-only replica: every write rejects with READONLY", async (t) => {
  const port = await freePort();
  await everyWriter(t, {
    hurt: () => db.replicaof("127.0.0.1", port),
    heal: () => db.replicaof("NO", "ONE"),
    code: "READONLY",
    message: /^READONLY You can't write against a read only replica/,
  });
});

test("too few replicas: every write rejects with NOREPLICAS", async (t) => {
  await everyWriter(t, {
    hurt: () => db.config("SET", "min-replicas-to-write", "1"),
    heal: () => db.config("SET", "min-replicas-to-write", "0"),
    code: "NOREPLICAS",
    message: /^NOREPLICAS Not enough good replicas to write/,
  });
});

/** Rights over which every writer must stumble before it has written anything. */
const NEEDED = ["set", "get"];
for (const command of NEEDED) {
  test(`an ACL user without ${command}: every write that needs it rejects and names no content`, async (t) => {
    const user = `no-${command}`;
    await db.acl("SETUSER", user, "on", ">secret", "~*", "&*", "+@all");
    const client = server.client({ username: user, password: "secret" });
    await everyWriter(t, {
      client,
      hurt: () => db.acl("SETUSER", user, `-${command}`),
      heal: () => db.acl("SETUSER", user, `+${command}`),
      code: /^(NOPERM|ERR)$/,
      message: /permission|ACL/i,
    });
  });
}

test("an ACL user without zadd: create, resolve and appendTimeline write nothing at all", async () => {
  await db.acl("SETUSER", "no-zadd", "on", ">secret", "~*", "&*", "+@all");
  const it = store();
  await arrange(it.state);
  const { state } = store({
    client: server.client({ username: "no-zadd", password: "secret" }),
    tableName: it.tableName,
  });
  await state.get("x");
  await db.acl("SETUSER", "no-zadd", "-zadd");
  const before = await snapshot(db, it.keys.prefix);
  for (const name of ["create", "resolve", "appendTimeline"]) {
    await refuses(WRITERS[name](state), /^(NOPERM|ERR)$/, /permission|ACL/i);
    assert.deepEqual(await snapshot(db, it.keys.prefix), before, name);
  }
});

test("an ACL user without eval: one clear error names the command", async () => {
  await db.acl("SETUSER", "no-eval", "on", ">secret", "~*", "&*", "+@all", "-eval", "-evalsha", "-script");
  const { state, keys } = store({ client: server.client({ username: "no-eval", password: "secret" }) });
  const error = await refuses(state.create(request()), /^(NOPERM|ERR)$/, /eval/i);
  assert.ok(!error.ambiguous);
  assert.equal(await db.exists(keys.all), 0);
});

test("an ACL user who may not touch one index: create writes nothing at all", async () => {
  const it = store();
  await arrange(it.state);
  for (const [i, key] of [
    it.keys.all,
    it.keys.status("pending"),
    it.keys.token("token-fresh"),
    it.keys.batchItems("group"),
    it.keys.request("fresh"),
  ].entries()) {
    const others = ["req:*", "idx:token:*", "idx:all:*", "idx:status:*", "idx:ns:*", "idx:batch:*", "meta:*"]
      .map((part) => `${it.keys.prefix}:${part}`)
      .filter((pattern) => !key.startsWith(pattern.slice(0, -1)));
    await db.acl("SETUSER", `half-${i}`, "on", ">secret", "&*", "+@all", ...others.map((pattern) => `~${pattern}`));
    const { state } = store({
      client: server.client({ username: `half-${i}`, password: "secret" }),
      tableName: it.tableName,
    });
    const before = await snapshot(db, it.keys.prefix);
    await refuses(WRITERS.create(state), /^(NOPERM|ERR)$/);
    assert.deepEqual(await snapshot(db, it.keys.prefix), before, key);
  }
});
