// E1: two replicas of this package and two of the JavaScript version work on the same requests, and are killed and
// swapped. The JavaScript version is asked as a fleet of four of its own.
//
// The JavaScript version's setExternalId writes back a copy that it has read before: it undoes decisions, and its own
// resolve then accepts another one. That is counted here; what must hold is what this package does about it.

import { verdict } from "../../__test__/support/assertions.mjs";
import { JavascriptVersion } from "../../__test__/support/javascript-version.mjs";
import { keysOf } from "../../__test__/support/layout.mjs";
import { decision, request } from "../../__test__/support/records.mjs";
import { numbered } from "../../__test__/support/writes.mjs";
import { sideOf } from "../sides.mjs";
import { startFleet } from "../support/fleet.mjs";
import { Journal } from "../support/journal.mjs";
import { checkStore } from "../support/sound.mjs";

/** Calls of one round, after which everything is looked at, and how many of them each request gets. */
const CALLS = 2000;
const CALLS_EACH = 13;

/** One in so many requests is read by a slow JavaScript replica at the beginning of a round, and written at its end. */
const SLOW = 10;

/** What two decisions on one request say about each version. */
function judge(journal, ids, { side, fault, tally }) {
  for (const id of ids) {
    for (const win of journal.winsOf(id)) {
      if (!journal.isSecond(win, id)) continue;
      const story = journal
        .winsOf(id)
        .map(({ slot }) => slot)
        .join(", then ");
      if (win.side === side) fault("a second decision is accepted", `${id}: ${story}`);
      else tally(`second decisions that the JavaScript version accepts, the first one ${journal.winsOf(id)[0].side}`);
    }
  }
}

/** Whether the raw records of these requests say pending. */
async function pendingOf(db, keys, ids) {
  const texts = ids.length === 0 ? [] : await db.mget(ids.map(keys.request));
  return ids.filter((_, n) => JSON.parse(texts[n]).status === "pending");
}

/** What JavaScript replicas have undone is resolved to every reader of ours, and after `verify` to everybody. */
async function heal(state, db, journal, ids, { fault, tally }, tableName) {
  const keys = keysOf(tableName);
  const ours = ids.filter((id) => journal.winsOf(id).some(({ side }) => side === "native"));
  const undone = await pendingOf(db, keys, ours);
  tally("our decisions that the JavaScript version has undone", undone.length);
  const found = await state.verify();
  const named = found.findings.find(({ kind }) => kind === "undone-decision")?.found ?? 0;
  if (named < undone.length) fault("verify does not find an undone decision", `${named} of ${undone.length}`);
  for (const id of undone.slice(0, Math.ceil(undone.length / 2))) {
    const record = await state.get(id);
    if (record.status !== "resolved" || record.result?.id !== id) fault("an undone decision looks pending", id);
    const { error } = await verdict(state.resolve(id, { type: "TIMED_OUT", id, externalRef: "late" }));
    if (error?.code !== "ALREADY_RESOLVED") fault("an undone decision can be decided again", id);
  }
  await state.verify({ repair: true });
  for (const id of await pendingOf(db, keys, ours)) fault("an undone decision is not healed", id);
  await restoreLost(state, db, keys, ids, { fault, tally });
  await state.verify({ repair: true });
  await checkStore(fault, db, tableName, "the store is not healed");
}

/**
 * What the JavaScript version has decided and undone itself has left no copy. It counts as decided, and `verify` lists
 * it for a person, who knows the decision: here that is the trial.
 */
async function restoreLost(state, db, keys, ids, { fault, tally }) {
  for (const id of await pendingOf(db, keys, ids)) {
    const resolvedAt = new Date().toISOString();
    if ((await db.zscore(keys.status("resolved"), id)) === null) continue;
    tally("its own decisions that the JavaScript version has undone");
    if ((await state.get(id)).status !== "resolved") fault("an undone decision looks pending", id);
    const record = JSON.parse(await db.get(keys.request(id)));
    const restored = { ...record, status: "resolved", result: decision(id), resolvedAt };
    await db.set(keys.request(id), JSON.stringify(restored));
  }
}

export const trial = {
  id: "E1",
  title: "Two replicas of either version on the same requests, killed and swapped",
  promise:
    "this package accepts no second decision and shows none as undone; what JavaScript replicas undo is found and healed",
  unit: "calls",
  full: 100_000,
  shard: 12_500,
  short: 700,
  javascript: { full: 10_000, short: 700, breaks: true },
  async run(trial) {
    const { side, count, chance, open, published, server, did, tally } = trial;
    const redis = await server();
    const db = redis.client();
    const otherSide = side === "native" ? "javascript" : side;
    const openOther = await sideOf(otherSide, published);
    const fleet = await startFleet(trial, redis.port, [side, side, otherSide, otherSide]);
    for (let done = 0, round = 0; done < count; round++) {
      const tableName = `e1_${round}`;
      const calls = Math.min(CALLS, count - done);
      const [state, other] = [open(redis.client(), tableName), openOther(redis.client(), tableName)];
      await state.ensureSchema();
      const ids = Array.from({ length: Math.ceil(calls / CALLS_EACH) }, (_, n) => numbered(n));
      await Promise.all(
        ids.map((id, n) => (n % 2 ? state : other).create(request({ id, namespace: n % 3 ? "team" : undefined }))),
      );
      const slow = new JavascriptVersion(db, tableName);
      const copies = await Promise.all(ids.filter((_, n) => n % SLOW === 0).map((id) => slow.readForExternalId(id)));
      const journal = new Journal(trial);
      await fleet.work({ tableName, ids }, calls, { kills: chance.below(3), onEvent: journal.note });
      judge(journal, ids, trial);
      if (side === "native") {
        for (const copy of copies) await slow.writeExternalId(copy, `late-${copy.id}`);
        await heal(state, db, journal, ids, trial, tableName);
        await fleet.swap();
      }
      tally(
        "decisions",
        [...journal.wins.values()].reduce((sum, { size }) => sum + size, 0),
      );
      await db.flushdb();
      did(calls);
      done += calls;
    }
  },
};
