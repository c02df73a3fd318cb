// V1: `verify` goes through a large store while it is in use. Every other shard has it mend what it finds.

import { keysOf } from "../../__test__/support/layout.mjs";
import { held, helper } from "../support/held.mjs";
import { externalIdOf, fillLarge, idOf, START, teamOf } from "../support/large-store.mjs";

const TABLE = "v1";
const SHARD = 1_000_000;

/** One request in so many is damaged. */
const EVERY = 1000;

const MIB = 2 ** 20;

/** By how much a process that verifies may grow, in MiB, whatever the size of the store. */
const ROOM = 32;

const placeOf = (n) => String(START + n);

/** Ways to damage what belongs to the request `n`, which is resolved; the finding that each makes, and how it is mended. */
const HARMS = [
  {
    kind: "missing-entry",
    harm: (db, keys, n) => db.zrem(keys.all, idOf(n)),
    isMended: async (db, keys, n) => (await db.zscore(keys.all, idOf(n))) === placeOf(n),
  },
  {
    kind: "orphan-entry",
    harm: (db, keys, n) => db.zadd(keys.status("pending"), 1, `nobody-${n}`),
    isMended: async (db, keys, n) => (await db.zscore(keys.status("pending"), `nobody-${n}`)) === null,
  },
  {
    kind: "wrong-score",
    harm: (db, keys, n) => db.zadd(keys.namespace(teamOf(n)), 0, idOf(n)),
    isMended: async (db, keys, n) => (await db.zscore(keys.namespace(teamOf(n)), idOf(n))) === placeOf(n),
  },
  {
    kind: "phantom-pending",
    harm: (db, keys, n) => db.zadd(keys.namespaceStatus(teamOf(n), "pending"), placeOf(n), idOf(n)),
    isMended: async (db, keys, n) => (await db.zscore(keys.namespaceStatus(teamOf(n), "pending"), idOf(n))) === null,
  },
  {
    kind: "missing-external-id",
    harm: (db, keys, n) => db.del(keys.externalId(externalIdOf(n))),
    isMended: async (db, keys, n) => (await db.get(keys.externalId(externalIdOf(n)))) === idOf(n),
  },
  {
    kind: "dangling-token",
    harm: (db, keys, n) => db.set(keys.token(`lost-${n}`), "nobody"),
    isMended: async (db, keys, n) => (await db.exists(keys.token(`lost-${n}`))) === 0,
  },
];

/** Damages a store of `count` requests; returns what was done: `[n, harm]`. */
async function damage(db, keys, count) {
  const done = [];
  for (let n = 1; n < count; n += EVERY / HARMS.length) {
    // Of four requests the first is pending, as its number says.
    const at = 4 * Math.floor(n / 4) + 1;
    const harm = HARMS[done.length % HARMS.length];
    await harm.harm(db, keys, at);
    done.push([at, harm]);
  }
  return done;
}

const countsOf = (harms) => {
  const counts = {};
  for (const { kind } of harms) counts[kind] = (counts[kind] ?? 0) + 1;
  return JSON.stringify(Object.entries(counts).sort());
};

export const trial = {
  id: "V1",
  title: "`verify` on a million requests in use",
  promise: "all damage is found, and nothing else; no command holds the server above 25 ms; memory stays flat",
  unit: "requests",
  full: 5 * SHARD,
  shard: SHARD,
  short: 5000,
  alone: true,
  async run(trial) {
    const { count, first, server, fault, did, sample, tally } = trial;
    const redis = await server();
    const db = redis.client();
    const keys = keysOf(TABLE);
    await fillLarge(db, TABLE, { count });
    const done = await damage(db, keys, count);
    const maintainer = await helper(trial, "maintainer.mjs", [redis.port, TABLE]);
    const repair = (first / SHARD) % 2 === 0;
    const { said } = await held(trial, redis, { tableName: TABLE, limit: 25 }, () =>
      maintainer.do("verify", { repair }),
    );

    const { said: report, seconds, grown } = said;
    const found = JSON.stringify(report.findings.map(({ kind, found }) => [kind, found]));
    const made = countsOf(done.map(([, harm]) => harm));
    if (found !== made) fault("what is found is not what was done", `${found} instead of ${made}`);
    if (report.repaired !== (repair ? done.length : 0)) fault("what is mended is not what was done", report.repaired);
    for (const [n, { kind, isMended }] of done) {
      if ((await isMended(db, keys, n)) !== repair) fault(`${repair ? "not mended" : "mended"}: ${kind}`, idOf(n));
    }
    if (grown > ROOM * MIB) fault("memory grows with the store", `by ${grown / MIB} MiB`);
    tally("index entries looked at", report.seen.indexEntries);
    sample(`${repair ? "mending" : "looking"}, s`, seconds);
    sample("the process grew by, MiB", grown / MIB);
    did(count);
  },
};
