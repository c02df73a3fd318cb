// C2: the connection is cut after every byte of every call and of its reply.

import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { verdict } from "../../__test__/support/assertions.mjs";
import { chanceOf } from "../../__test__/support/random.mjs";
import { each, numbered } from "../../__test__/support/writes.mjs";
import { allCuts, withFar } from "../support/cuts.mjs";
import { checkStore } from "../support/sound.mjs";

/** A cut lies within what the call sends or gets, and is met when it has ended, or never. */
const MET_MS = 5000;

/** Cuts, in groups of one subject, patience and side. */
function grouped(cuts) {
  const groups = new Map();
  for (const cut of cuts) {
    const name = `${cut.subject.name}, ${cut.patience}, ${cut.end}`;
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(cut);
  }
  return groups;
}

/** Waits until the connection of `state` is up: the next command is the next thing that it sends. */
async function connected(state) {
  while ((await verdict(state.get("nobody"))).error);
}

/** What is wrong with how a call ended, in words. `took`: whether the store has what it writes. */
function* wrongs({ patience, end, isLast, isAlone }, call, { error, value }, { side, took, expected }) {
  if (error && patience === "sent again") yield "a call that may be sent again fails";
  if (error && side === "native" && error.code !== "MAX_RETRIES") yield "a cut has another code";
  if (call.isRead) {
    if (!error && !isDeepStrictEqual(value, expected)) yield "a read answers something else";
    if (error?.ambiguous) yield "a read is told as ambiguous";
    return;
  }
  if (!error && !took) yield "a write is reported as done, and is not";
  // Errors of ioredis do not say what they know.
  if (side !== "native") return;
  if (error && took && !error.ambiguous) yield "a write is reported as not done, and is";
  // What several steps have done may be known; what one has done that was cut is not.
  if (error && !call.several && !error.ambiguous) yield "a call that was cut claims to know";
  const hasArrived = end === "reply" || isLast;
  if (isAlone && !call.several && patience === "not sent again" && took !== hasArrived)
    yield hasArrived ? "what has arrived is not done" : "what has not arrived is done";
}

/** The same subject, cut after each of these bytes. */
async function cutEach(scene, cuts) {
  const { side, fault, did } = scene;
  const [{ subject, patience, end }] = cuts;
  await withFar(scene, patience, async (place) => {
    const { table, near, far, db, proxy, keys } = place;
    const look = () => checkStore(fault, db, table, "half of a write is there", subject.name);
    // `took` throws where it finds neither all of a write nor nothing.
    const whole = async (call, n) => {
      const { value, error } = await verdict(call.took(near, ids[n], place));
      if (error) fault("half of a write is there", `${subject.name}: ${error.message}`);
      return value ?? false;
    };
    const openNear = (id) => scene.open(db, `${table}_${id}`);
    const expected = subject.calls[0].isRead ? await subject.calls[0].call(far) : undefined;
    const ids = cuts.map((_, n) => numbered(n));
    await each(ids, (id) => subject.prepare(near, id, db, keys));
    const ended = [];
    for (const [n, { byte, bytes }] of cuts.entries()) {
      await connected(far);
      const armed = end === "request" ? proxy.cutRequestAfter(byte) : proxy.cutReplyAfter(byte);
      ended.push(await Promise.all(subject.calls.map((one) => verdict(one.call(far, ids[n], place)))));
      const isMet = await Promise.race([armed.fired.then(() => true), pause(MET_MS, false)]);
      if (!isMet) fault("a cut is never met", `${subject.name}, ${patience}, byte ${byte} of ${bytes} of the ${end}`);
      proxy.disarm(armed);
    }
    await look();
    await each(cuts, async ({ byte, bytes }, n) => {
      const where = `${subject.name}, ${patience}, cut at byte ${byte} of the ${end}`;
      const cut = { patience, end, isLast: byte === bytes, isAlone: subject.calls.length === 1 };
      const took = [];
      for (const call of subject.calls) took.push(!call.isRead && (await whole(call, n)));
      for (const [m, call] of subject.calls.entries()) {
        const seen = { side, took: took[m], expected };
        for (const kind of wrongs(cut, call, ended[n][m], seen)) {
          fault(kind, `${where}: ${ended[n][m].error?.message ?? "done"}`);
        }
        if (call.isRead) continue;
        const { error } = await verdict(call.call(near, ids[n], { openFresh: openNear }));
        if (error && !(took[m] && error.code === call.again)) fault("the same call again fails", where);
        if (!(await whole(call, n))) fault("the same call again does not converge", where);
      }
      did();
    });
    await look();
  });
}

export const trial = {
  id: "C2",
  title: "The connection is cut after every byte of each call and of its reply",
  promise: "the caller is told the truth, the same call again converges, and no index disagrees",
  unit: "cuts",
  full: 28_500,
  shard: 7125,
  short: 600,
  javascript: { full: 1000, short: 300, breaks: true },
  async run(trial) {
    const { first, count, server, side, open, fault, did } = trial;
    const scene = { redis: await server(), side, open, fault, did };
    // An order that all shards have, so that together they leave none out, and in which each has of everything.
    const all = chanceOf(0).shuffled(await allCuts(scene));
    const cuts = Array.from({ length: count }, (_, n) => all[(first + n) % all.length]);
    for (const group of grouped(cuts).values()) await cutEach(scene, group);
  },
};
