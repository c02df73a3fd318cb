// One side of the comparison in a process of its own: opens its store, runs what it is told, and reports.

import { measure } from "./measure.mjs";
import { fill, OPERATIONS } from "./operations.mjs";
import { published, RIVALS } from "./rivals.mjs";

const [name, port, server, ...rest] = process.argv.slice(2);
const rival = RIVALS[name] ?? published(rest[0]);
const { store, close } = await rival.open(Number(port));

/** Fewer calls before it counts: enough for V8 to have seen everything. */
const WARM_UP = 0.25;

const tasks = {
  fill: ({ bytes }) => fill(store, bytes),

  async measure({ operation, inFlight, bytes, share }) {
    const { calls, prepare, call } = OPERATIONS[operation];
    const count = Math.max(inFlight, 2, Math.round(calls * share));
    const warm = Math.max(1, Math.round(count * WARM_UP));
    const own = { prepare, call };
    for (const part of [warm, count]) {
      await own.prepare(store, part, bytes);
      const result = await measure({ count: part, inFlight, server, call: (n) => own.call(store, n) });
      if (part === count) return result;
    }
    return undefined;
  },

  memory() {
    globalThis.gc?.();
    return process.memoryUsage.rss();
  },

  async close() {
    await close();
    process.disconnect();
  },
};

process.on("message", async ({ task, ...options }) => {
  try {
    const result = await tasks[task](options);
    if (process.connected) process.send({ result });
  } catch (error) {
    process.send({ error: `${error.code ?? ""} ${error.message}` });
  }
});
process.send({ result: "ready" });
