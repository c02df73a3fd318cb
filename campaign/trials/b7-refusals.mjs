// B7: the server takes no writes, for each of its reasons: each call says so in the server's own words, writes nothing,
// and works again when the server does. First calls of fresh stores included.

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { verdict } from "../../__test__/support/assertions.mjs";
import { keysOf, snapshot } from "../../__test__/support/layout.mjs";
import { request } from "../../__test__/support/records.mjs";
import { eventually } from "../../__test__/support/sentinel.mjs";
import { numbered, WRITES } from "../../__test__/support/writes.mjs";
import { IoredisState } from "../../index.js";
import { checkStore } from "../support/sound.mjs";

const TABLE = "b7";

/** Waits until a section of what the server says of itself has this in it. */
const says = (db, section, words) => eventually(words, async () => (await db.info(section)).includes(words));

/**
 * Each reason: how its refusal begins, and how it comes and goes. `begin` and `end` get a client, the server, and one
 * that it can follow.
 */
const REASONS = [
  {
    text: "OOM command not allowed when used memory > 'maxmemory'",
    begin: (db) => db.config("SET", "maxmemory", 1),
    end: (db) => db.config("SET", "maxmemory", 0),
  },
  {
    text: "NOREPLICAS Not enough good replicas to write",
    begin: (db) => db.config("SET", "min-replicas-to-write", 1),
    end: (db) => db.config("SET", "min-replicas-to-write", 0),
  },
  {
    text: "READONLY You can't write against a read only replica",
    async begin(db, _, other) {
      const target = other.client();
      await target.flushall();
      const copy = await snapshot(db);
      for (const key of Object.keys(copy)) await target.restore(key, 0, await db.dumpBuffer(key));
      await db.replicaof("127.0.0.1", other.port);
      await says(db, "replication", "master_link_status:up");
      assert.deepEqual(await snapshot(db), copy);
    },
    end: (db) => db.replicaof("NO", "ONE"),
  },
  {
    text: "MISCONF ",
    // The last one: the server's folder is gone for good.
    async begin(db, server) {
      await db.config("SET", "save", "3600 1");
      await rm(server.dir, { recursive: true });
      await db.bgsave();
      await says(db, "persistence", "rdb_last_bgsave_status:err");
    },
    end: (db) => db.config("SET", "save", ""),
  },
];

/** A replica is waited for as long: it may be on its way to being a primary again. */
const IMPATIENT = { maxLoadingRetryTime: 50, maxRetriesPerRequest: 2 };

/** Calls that are refused for one reason: those of each kind, the first ones of a fresh store among them. */
const CALLS = [
  ...WRITES.map(({ name, call }) => ({ name, call: ({ state }, id) => call(state, id) })),
  { name: "a first call", call: ({ fresh }, id) => WRITES[0].call(fresh, id) },
  { name: "ensureSchema", call: ({ fresh }) => fresh.ensureSchema() },
];

/** `most` of the calls, refused for this reason. */
async function refused({ text, begin, end }, { side, open, fault, did }, { redis, other, db, most }) {
  const client = redis.client(IMPATIENT);
  const stores = { state: open(client, TABLE), fresh: open(client, "fresh") };
  const { state, fresh } = stores;
  const [code] = text.split(" ");
  await state.ensureSchema();
  for (const [n, write] of WRITES.entries()) await write.prepare(state, numbered(n), db, keysOf(TABLE));
  await state.create(request({ id: "there" }));
  const before = await snapshot(db);
  await begin(db, redis, other);
  for (const [n, { name, call }] of CALLS.slice(0, most).entries()) {
    const { error } = await verdict(call(stores, numbered(n)));
    const what = `${name} at ${code}: ${error?.message}`;
    if (!error) fault("a refused write is acknowledged", what);
    else if (!error.message.startsWith(text)) fault("the refusal is told in other words", what);
    else if (side === "native" && error.code !== code) fault("the refusal has another code", `${what} (${error.code})`);
    if (error?.ambiguous) fault("a plain no is told as a maybe", what);
    if (!isDeepStrictEqual(await snapshot(db), before)) fault("a refused write has written something", what);
    did();
  }
  const { value } = await verdict(state.list({ limit: 100 }));
  if (!(value?.items.length > 0)) fault("reads do not answer", code);

  await end(db);
  const reader = new IoredisState(client, { tableName: TABLE });
  for (const [n, write] of WRITES.entries()) {
    const { error } = await verdict(write.call(state, numbered(n)));
    const took = await write.took(reader, numbered(n));
    if (error || !took) fault("a write does not succeed when the cause is over", `${write.name}: ${error?.message}`);
  }
  const { error } = await verdict(WRITES[0].call(fresh, "r0"));
  if (error) fault("a first call that was refused is remembered", error.message);
  for (const prefix of [TABLE, "fresh"]) {
    await checkStore(fault, db, prefix, "the store is not sound afterwards", code);
  }
  client.disconnect();
}

export const trial = {
  id: "B7",
  title: "The server takes no writes: OOM, NOREPLICAS, READONLY, MISCONF, for each write",
  promise: "each is refused in the server's own words, changes nothing, and works when the cause is over",
  unit: "refused calls",
  full: 5600,
  shard: 1400,
  short: REASONS.length * CALLS.length,
  javascript: { full: 224, short: REASONS.length * CALLS.length, breaks: true },
  async run(trial) {
    const { count, server } = trial;
    const other = await server({ args: ["--repl-diskless-sync-delay", 0] });
    for (let left = count; left > 0; left -= REASONS.length * CALLS.length) {
      const redis = await server();
      const db = redis.client();
      for (const [n, reason] of REASONS.entries()) {
        const most = Math.max(0, left - n * CALLS.length);
        await db.flushall();
        await refused(reason, trial, { redis, other, db, most });
      }
      await redis.stop();
    }
  },
};
