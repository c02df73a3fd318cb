// A fresh process that loads one thing, opens one store, makes one call, and tells how long that took. Prints JSON.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [what, port] = process.argv.slice(2);
const server = { host: "127.0.0.1", port: Number(port) };
const PREFIX = "start";

/** Calls `run` and returns what it returned, and how many ms that took. */
async function timed(run) {
  const began = performance.now();
  const result = await run();
  return [result, performance.now() - began];
}

/** What is loaded beforehand and what `load` means; `open` makes a store and what ends it. */
const KINDS = {
  async ioredis() {
    const [{ Redis }, load] = await timed(() => require("ioredis5"));
    const { Baseline } = await import("./baseline.mjs");
    const { overIoredis } = await import("./commands.mjs");
    const open = () => {
      const client = new Redis(server);
      return [new Baseline(overIoredis(client), PREFIX), () => client.quit()];
    };
    return { load, open };
  },

  async native() {
    const { Redis } = require("ioredis5");
    const [{ IoredisState }, load] = await timed(() => require("../index.js"));
    const open = () => {
      const client = new Redis(server);
      return [new IoredisState(client, { tableName: PREFIX }), () => client.quit()];
    };
    return { load, open };
  },

  async alone() {
    const [{ IoredisState }, load] = await timed(() => require("../index.js"));
    const open = () => {
      const store = new IoredisState(server, { tableName: PREFIX });
      return [store, () => store.close()];
    };
    return { load, open };
  },
};

const { load, open } = await KINDS[what]();
const [close, first] = await timed(async () => {
  const [store, end] = open();
  await store.get("nobody");
  return end;
});
globalThis.gc();
const resident = process.memoryUsage.rss() / 2 ** 20;
await close();
console.log(JSON.stringify({ load, first, resident }));
