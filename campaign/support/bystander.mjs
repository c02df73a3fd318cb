// A process that uses a server while others do large things on it, and tells how long it had to wait:
// `node bystander.mjs <port> <tableName>`. With a table it asks for approvals and decides them, through this package;
// without one it asks for plain keys.

import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis5";
import { load, missing, PATIENT } from "../../__test__/support/load.mjs";
import { answers } from "../../benchmark/processes.mjs";
import { IoredisState } from "../../index.js";

/** Approvals, or keys, at a time, and the pause behind each, in ms: some hundred calls a second. */
const LOAD = { clients: 1, atOnce: 2, pace: 20 };

const [port, tableName] = process.argv.slice(2);
const connect = () => {
  const client = new Redis({ port: Number(port), host: "127.0.0.1", ...PATIENT });
  client.on("error", () => {});
  return client;
};

const waits = [];

async function timed(call) {
  const began = performance.now();
  try {
    return await call();
  } finally {
    waits.push(performance.now() - began);
  }
}

/** A store whose calls are timed. */
const openTimed = (client, name) =>
  new Proxy(new IoredisState(client, { tableName: name }), {
    get: (state, method) =>
      typeof state[method] === "function" ? (...args) => timed(() => state[method](...args)) : state[method],
  });

/** The same as `load` for plain keys. */
function plainLoad() {
  const client = connect();
  const failures = [];
  let isOver = false;
  const workers = Array.from({ length: LOAD.atOnce }, async (_, n) => {
    while (!isOver) {
      await timed(() => client.set(`bystander-${n}`, "here")).catch((error) => failures.push(error.message));
      await pause(LOAD.pace);
    }
  });
  const finish = async () => {
    isOver = true;
    await Promise.all(workers);
    return new Map();
  };
  return { failures, finish };
}

let busy;

answers({
  begin() {
    busy = tableName ? load(connect, tableName, { ...LOAD, open: openTimed }) : plainLoad();
  },
  /** Ends it: how long its calls took in ms, what failed, what was acknowledged and is not there, and its requests. */
  async finish() {
    const done = await busy.finish();
    const lost = tableName ? await missing(new IoredisState(connect(), { tableName }), done) : [];
    const sorted = waits.toSorted((a, b) => a - b);
    const p99 = sorted[Math.floor(sorted.length * 0.99)];
    return { calls: waits.length, p99, worst: sorted.at(-1), failures: busy.failures, lost, ids: [...done.keys()] };
  },
});
