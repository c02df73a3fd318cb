// One side of the comparison in a process of its own: opens its stores, runs what it is told, and reports.

import { answersOf } from "./agreement.mjs";
import { measure } from "./measure.mjs";
import { mixed } from "./mixture.mjs";
import { fill, OPERATIONS } from "./operations.mjs";
import { answers } from "./processes.mjs";
import { rivalOf } from "./rivals.mjs";

const [name, prefix, server, module] = process.argv.slice(2);
const rival = rivalOf(name, module);

/** Calls before those that count, as a share of them: enough for V8 to have seen everything. */
const WARM_UP = 0.25;

/** What returns so much has been seen after that many calls. */
const WARM_UP_LISTS = 2;

/** Stores by where they are: a server's port, and a database. */
const stores = new Map();

async function open({ port, db = 0 }) {
  const place = `${port} ${db}`;
  if (!stores.has(place)) stores.set(place, await rival.open({ port, db }, prefix));
  return stores.get(place);
}

answers({
  async answers({ place }) {
    return answersOf((await open(place)).store);
  },

  async fill({ place, bytes, stock }) {
    await fill((await open(place)).store, { bytes, stock });
  },

  /** Warms up and measures; what is called has all that it needs beforehand. */
  async measure({ place, operation, count, inFlight, bytes, stock, options }) {
    const side = await open(place);
    const { prepare } = OPERATIONS[operation];
    const run = async (calls) => {
      const call = await prepare({ ...side, count: calls, bytes, stock, ...options });
      return measure({ count: calls, inFlight: Math.min(inFlight, calls), server, call });
    };
    await run(operation === "list of 10,000" ? WARM_UP_LISTS : Math.ceil(count * WARM_UP));
    return run(count);
  },

  /** Mixed calls; the resident memory behind them, in bytes. */
  async mix({ place, from, count, bytes }) {
    await mixed((await open(place)).store, { from, count, bytes });
    globalThis.gc();
    return process.memoryUsage.rss();
  },

  async schema({ place }) {
    const began = performance.now();
    await (await open(place)).another().ensureSchema();
    return performance.now() - began;
  },
});
