// J2: old requests are purged while others are asked for and decided; the purging process and the server are killed in
// between.

import { setTimeout as pause } from "node:timers/promises";
import { keysOf } from "../../__test__/support/layout.mjs";
import { each } from "../../__test__/support/writes.mjs";
import { held, helper } from "../support/held.mjs";
import { fillLarge, START } from "../support/large-store.mjs";

const TABLE = "j2";
const SHARD = 100_000;

/** So many requests stay for each one that goes. */
const STAYING = 2;

/** Processes that are killed while they purge, before the server is. */
const KILLS = 2;

/** How far the memory may be from what it was, as a share, and what a server needs for a store of any size, in bytes. */
const NEAR = 0.05;
const BASE = 2 ** 21;

/** Has the server write its log anew, so that it starts from a copy of the data and not from all that led there. */
async function rewriteLog(db) {
  const isBusy = async () => /aof_rewrite_(in_progress|scheduled):1/.test(await db.info("persistence"));
  const settled = async () => {
    while (await isBusy()) await pause(100);
  };
  // The server begins one by itself when its log has grown.
  await db.config("SET", "auto-aof-rewrite-percentage", 0);
  await settled();
  await db.bgrewriteaof();
  await settled();
}

const usedMemory = async (db) => Number(/used_memory:(\d+)/.exec(await db.info("memory"))[1]);

/** Purges to the end; on the way processes are killed, and then the server, each when a further share has gone. */
async function purgeThrough(trial, redis, resolvedBefore) {
  const { chance, count, tally } = trial;
  const keys = keysOf(TABLE);
  const spawned = () => helper(trial, "maintainer.mjs", [redis.port, TABLE]);
  const untilGone = async (nth, isOver) => {
    const db = redis.client();
    const left = count * (1 - (nth + chance.random()) / (KILLS + 2));
    while (!isOver() && (await db.zcount(keys.all, START, START + count - 1)) > left) await pause(1);
    db.disconnect();
  };
  for (let nth = 0; nth <= KILLS; nth++) {
    const purging = await spawned();
    let isOver = false;
    const purged = purging.do("purge", { resolvedBefore }).then(
      () => (isOver = true),
      () => {},
    );
    await untilGone(nth, () => isOver);
    tally(`${nth < KILLS ? "processes" : "servers"} killed ${isOver ? "behind the end" : "in the middle"}`);
    if (nth < KILLS) await purging.kill();
    else {
      await redis.kill();
      await redis.restart();
    }
    await purged;
  }
  return (await spawned()).do("purge", { resolvedBefore });
}

export const trial = {
  id: "J2",
  title: "100,000 requests purged from a store in use, with kill -9 of processes and server",
  promise:
    "all that is old goes and its memory with it, no live or pending request is touched, and the next purge goes on",
  unit: "requests purged",
  full: 5 * SHARD,
  shard: SHARD,
  short: 2000,
  alone: true,
  async run(trial) {
    const { count, server, fault, did, sample } = trial;
    const redis = await server({ persistence: "always" });
    let db = redis.client();
    const keys = keysOf(TABLE);
    await fillLarge(db, TABLE, { first: count, count: STAYING * count, pendingEvery: 1 });
    const before = await usedMemory(db);
    await fillLarge(db, TABLE, { count, pendingEvery: 0 });
    const full = await usedMemory(db);
    await rewriteLog(db);

    const work = () => purgeThrough(trial, redis, START + count);
    const { said, ids } = await held(trial, redis, { tableName: TABLE, limit: 25 }, work);
    db = redis.client();
    const old = await db.zcount(keys.all, START, START + count - 1);
    if (old > 0) fault("old requests are left", old);
    const staying = await db.zcount(keys.status("pending"), START + count, START + (1 + STAYING) * count - 1);
    if (staying !== STAYING * count) fault("pending requests are gone", STAYING * count - staying);
    const again = await helper(trial, "maintainer.mjs", [redis.port, TABLE]);
    const { found, findings } = (await again.do("verify", {})).said;
    if (found > 0) fault("a half of something is left", JSON.stringify(findings));

    // What the live calls have made goes, too: requests by a purge, timelines of other names by hand.
    await again.do("purge", { resolvedBefore: Date.now() + 60_000 });
    await each(ids, (id) => db.unlink(keys.entry(`e-${id}`), keys.thread(`t-${id}`)));
    if ((await db.zcard(keys.all)) !== STAYING * count)
      fault("another number of requests is left", await db.zcard(keys.all));
    const after = await usedMemory(db);
    if (after > before * (1 + NEAR) + BASE) fault("the memory does not come back", `${before}, ${full}, ${after}`);
    if (full - before > BASE)
      sample("of the memory that the old ones took, %, is back", (100 * (full - after)) / (full - before));
    sample("the last purge, s", said.seconds);
    did(count);
  },
};
