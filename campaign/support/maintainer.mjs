// A process that maintains a store, for trials that look at its memory or kill it:
// `node maintainer.mjs <port> <tableName>`.

import { Redis } from "ioredis5";
import { answers } from "../../benchmark/processes.mjs";
import { IoredisState } from "../../index.js";

/** How often the memory is looked at, in ms. */
const EVERY = 20;

const [port, tableName] = process.argv.slice(2);
const client = new Redis({ port: Number(port), host: "127.0.0.1" });
client.on("error", () => {});
const state = new IoredisState(client, { tableName });

/** Runs `work`: what it says, how many seconds it took, and by how many bytes the process grew at most. */
async function measured(work) {
  globalThis.gc();
  const before = process.memoryUsage.rss();
  let most = before;
  const look = () => (most = Math.max(most, process.memoryUsage.rss()));
  const timer = setInterval(look, EVERY);
  const began = performance.now();
  const said = await work();
  look();
  clearInterval(timer);
  return { said, seconds: (performance.now() - began) / 1000, grown: most - before };
}

answers({
  ensureSchema: () => measured(() => state.ensureSchema()),
  verify: (options) => measured(() => state.verify(options)),
  purge: ({ resolvedBefore }) => measured(() => state.purge({ resolvedBefore: new Date(resolvedBefore) })),
});
