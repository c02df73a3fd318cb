// Keeps a store busy with approvals, and says afterwards whether what was acknowledged is there.

import assert from "node:assert/strict";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { IoredisState } from "../../index.js";
import { sound } from "./assertions.mjs";
import { violations } from "./invariants.mjs";
import { decision, entry, request } from "./records.mjs";
import { each, numbered } from "./writes.mjs";

/** Client options with which no call gives up. */
export const PATIENT = { maxRetriesPerRequest: null, retryStrategy: () => 5 };

const openOurs = (client, tableName) => new IoredisState(client, { tableName });

/**
 * Creates, names and decides approvals from now until `finish()`, with `atOnce` of them under way on each of
 * `clients` clients that `connect` makes; each waits `pace` ms before the next one. `open` gives a client's store,
 * `isPatient` goes on where a call has failed, and `onAnswer` is told how many ms each acknowledged call took.
 */
export function load(connect, tableName, options = {}) {
  const { clients = 4, atOnce = 16, pace = 0, open = openOurs, isPatient = false, onAnswer } = options;
  const done = new Map();
  const failures = [];
  let acknowledged = 0;
  let isOver = false;
  let next = 0;

  async function step(id, name, call) {
    const began = performance.now();
    try {
      await call();
    } catch (error) {
      failures.push(`${name} of ${id}: ${error.code} ${error.message}`);
      return false;
    }
    acknowledged += 1;
    onAnswer?.(performance.now() - began);
    done.get(id).add(name);
    return true;
  }

  async function approve(state) {
    next += 1;
    const id = numbered(next);
    done.set(id, new Set());
    const batch = { batchId: `b${next % 50}`, batchIndex: next };
    if (!(await step(id, "create", () => state.create(request({ id, ...batch }))))) return;
    await Promise.all([
      step(id, "setExternalId", () => state.setExternalId(id, `x-${id}`)),
      step(id, "appendTimeline", () => state.appendTimeline(entry({ id: `e-${id}`, threadId: `t-${id}` }))),
    ]);
    await step(id, "resolve", () => state.resolve(id, decision(id)));
  }

  const workers = [];
  for (let n = 0; n < clients; n++) {
    const state = open(connect(), tableName);
    for (let m = 0; m < atOnce; m++) {
      workers.push(
        (async () => {
          while (!isOver) {
            await approve(state);
            // Calls that fail at once would leave no time for anything else.
            await (pace > 0 ? pause(pace) : turn());
          }
        })(),
      );
    }
  }

  return {
    failures,
    /** Which steps of each record have been acknowledged so far, by id. */
    done,
    /** How many writes have been acknowledged so far. */
    get acknowledged() {
      return acknowledged;
    },
    /** Resolves when `count` more writes have been acknowledged. */
    async more(count) {
      const goal = acknowledged + count;
      while (acknowledged < goal && (isPatient || failures.length === 0)) await turn();
    },
    /** Stops, and returns which steps of each record were acknowledged, by id. */
    async finish() {
      isOver = true;
      await Promise.all(workers);
      return done;
    },
  };
}

/** What was acknowledged and is not in the store that `state` reads, in words. */
export async function missing(state, done) {
  const lost = [];
  await each([...done], async ([id, steps]) => {
    const record = await state.get(id);
    if (steps.has("create") && !record) lost.push(`request ${id}`);
    if (steps.has("setExternalId") && record?.externalId !== `x-${id}`) lost.push(`the external id of ${id}`);
    if (steps.has("resolve") && record?.result?.actionId !== decision(id).actionId) lost.push(`the decision on ${id}`);
    const entries = steps.has("appendTimeline") ? await state.timeline(`t-${id}`) : [];
    if (steps.has("appendTimeline") && entries.length !== 1) lost.push(`the entry of ${id}`);
  });
  return lost;
}

/** Each step that was acknowledged is in the store, and the store is sound. `db`: a plain client of the server. */
export async function everythingIsThere(db, tableName, done, prefix = tableName) {
  assert.deepEqual(await missing(new IoredisState(db, { tableName }), done), []);
  sound(await violations(db, prefix));
}
