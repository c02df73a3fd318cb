// A store in use while a fault comes and goes: how soon it works again, and what it has cost.

import { setTimeout as pause } from "node:timers/promises";
import { IoredisState } from "../../index.js";
import { verdict } from "./assertions.mjs";
import { load, missing } from "./load.mjs";
import { request } from "./records.mjs";

/** The request by which recovery is measured. */
const PROBE = request({ id: "probe" });

/** What does not work again after so many ms does not by itself. */
const NEVER_MS = 20_000;

const openOurs = (client, tableName) => new IoredisState(client, { tableName });

/** How the promise ended; `undefined` where it has not by then. */
const soon = (promise) => Promise.race([verdict(promise), pause(NEVER_MS, undefined, { ref: false })]);

/**
 * Keeps a store busy while a fault of `FAULTS` comes and goes `rounds` times. Resolves to how long after each of its
 * ends a new write succeeded, in ms (`Infinity`: it did not, and there were no further rounds), what failed meanwhile,
 * and what was acknowledged and is not there. `open` gives a client's store.
 */
export async function endure(fault, { rounds, Library, dwell = fault.dwell, options = {}, open = openOurs }) {
  const scene = await fault.stage();
  try {
    const connectOne = () => scene.connect({ maxRetriesPerRequest: null, ...options }, Library);
    const state = open(connectOne(), "faults");
    await state.create(PROBE);
    const busy = load(connectOne, "faults", { clients: 1, atOnce: 8, pace: 2, open });
    const times = [];
    const poisoned = [];
    for (let round = 0; round < rounds; round++) {
      await busy.more(200);
      await scene.strike();
      const client = connectOne();
      const fresh = open(client, "faults");
      const first = soon(fresh.count());
      if (dwell) await pause(dwell);
      await scene.heal();
      times.push(await recovery(state));
      if (times.at(-1) === Infinity) {
        busy.finish();
        return { times, failures: [], lost: [] };
      }
      // What failed while the cause lasted must not stay so.
      await first;
      const again = await soon(fresh.count());
      if (!again || again.error) poisoned.push(`a call after a first one during the fault: ${again?.error.message}`);
      client.disconnect();
      await scene.mend?.();
      if (fault.refuses) busy.failures.length = 0;
    }
    const done = await busy.finish();
    const failures = [...(fault.refuses ? [] : busy.failures), ...poisoned];
    const lost = await missing(new IoredisState(scene.reader(), { tableName: "faults" }), done);
    return { times, failures, lost };
  } finally {
    await scene.stop();
  }
}

/** How long it takes from now until a new write succeeds, in ms. */
async function recovery(state) {
  const began = performance.now();
  while (performance.now() < began + NEVER_MS) {
    const ended = await soon(state.setExternalId(PROBE.id, "again"));
    if (ended && !ended.error) return performance.now() - began;
    // A refusal ends a call; its caller makes it again.
    await pause(1);
  }
  return Infinity;
}
