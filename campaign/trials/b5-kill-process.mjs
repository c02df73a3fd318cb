// B5: a process of ours is killed at any moment of any write.

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { verdict } from "../../__test__/support/assertions.mjs";
import { keysOf } from "../../__test__/support/layout.mjs";
import { each, numbered, WRITES } from "../../__test__/support/writes.mjs";
import { IoredisState } from "../../index.js";
import { checkStore } from "../support/sound.mjs";

const program = fileURLToPath(new URL("../support/writer.mjs", import.meta.url));

/** Processes at the same time. */
const BESIDE = 3;

/** Kills in one store, which is looked at when they are over. */
const A_STORE = 60;

/**
 * Starts a process, and kills it so many ms after it has begun, or when it has made all its writes. Resolves to the
 * number of those that were acknowledged, and to how long it has lived.
 */
async function killed(args, ms) {
  const child = fork(program, args);
  let acknowledged = 0;
  let isDone;
  const hasDone = new Promise((resolve) => {
    isDone = resolve;
  });
  const isReady = new Promise((resolve, reject) => {
    child.on("message", (message) => {
      if (message === "ready") resolve();
      else acknowledged = message + 1;
      if (acknowledged === WRITES.length) isDone();
    });
    child.once("exit", () => reject(new Error("the process ended before it could begin")));
  });
  await isReady;
  const ended = once(child, "close");
  child.send("begin");
  const began = performance.now();
  if (ms === undefined) await Promise.race([hasDone, ended]);
  // A timer would be too coarse.
  else while (performance.now() < began + ms);
  const lived = performance.now() - began;
  child.kill("SIGKILL");
  await ended;
  return { acknowledged, lived };
}

export const trial = {
  id: "B5",
  title: "kill -9 of the process at any moment of any write",
  promise: "each write is there whole or not at all, what was acknowledged is there, and the same call again converges",
  unit: "kills",
  full: 2000,
  shard: 250,
  short: 6,
  javascript: { full: 120, short: 6 },
  async run({ side, count, chance, server, fault, tally, did }) {
    const redis = await server();
    const db = redis.client();
    for (let done = 0; done < count; done += A_STORE) {
      const table = `b5_${done}`;
      const near = new IoredisState(db, { tableName: table });
      await near.ensureSchema();
      let next = 0;
      const live = async (ms) => {
        const writes = chance.shuffled(WRITES);
        const ids = writes.map(() => numbered(next++));
        for (const [n, write] of writes.entries()) await write.prepare(near, ids[n], db, keysOf(table));
        const names = JSON.stringify(writes.map(({ name }) => name));
        const args = [side, redis.socket, table, names, JSON.stringify(ids)];
        return { writes, ids, ...(await killed(args, ms)) };
      };
      // How long a whole life takes here and now.
      const whole = await live();
      const lives = [whole];
      const one = async () => {
        lives.push(await live(chance.random() * whole.lived));
        did();
      };
      await each(Array.from({ length: Math.min(A_STORE, count - done) }), one, BESIDE);
      await checkStore(fault, db, table, "half of a write is there");
      for (const { writes, ids, acknowledged } of lives) {
        tally("writes acknowledged before the kill", acknowledged);
        for (const [n, write] of writes.entries()) {
          const { value: took, error } = await verdict(write.took(near, ids[n]));
          if (error) fault("half of a write is there", `${write.name}: ${error.message}`);
          if (n < acknowledged && !took) fault("an acknowledged write is lost", `${write.name} of ${ids[n]}`);
          if (n >= acknowledged && took) tally("done, and not acknowledged any more");
          const { error: again } = await verdict(write.call(near, ids[n]));
          if (again && !(took && again.code === write.again)) fault("the same call again fails", again.message);
        }
      }
      await checkStore(fault, db, table, "the store is not sound when all is done again");
      await db.flushall();
    }
  },
};
