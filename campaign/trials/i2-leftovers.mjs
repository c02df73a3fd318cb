// I2: connections that break, clients that come and go and the runtime with them, and calls that fail, leave nothing.
//
// The JavaScript version has no descriptors, threads or memory beside those of the caller's client.

import { connections, until } from "../../__test__/support/connections.mjs";
import { certainGrowth, growth } from "../../__test__/support/memory.mjs";
import { runProgram } from "../../__test__/support/programs.mjs";

/** Ways of fixtures/rounds.mjs: a client each time, no client, lost connections, and ten refused calls each time. */
const WAYS = ["quit", "url", "dropped", "fails"];

/** One heap of the C library for all threads: with a heap for each, memory comes in leaps that hide what grows. */
const ENV = { MALLOC_ARENA_MAX: "1" };

/** So many rounds in one process. */
const ROUNDS = 10_000;

/** Growth that is none, in MiB for a thousand rounds. Fewer rounds than a shard's cannot tell. */
const BOUND = 64 / 1024;

const LIMIT_MS = 12 * 60_000;

export const trial = {
  id: "I2",
  title: "What is left of lost connections, clients that come and go, and refused calls",
  promise: "no descriptor, thread, listener or connection is left, and no more than 64 KiB of memory for a thousand",
  unit: "rounds",
  full: WAYS.length * ROUNDS,
  shard: ROUNDS,
  short: WAYS.length * 40,
  async run({ count, first, server, fault, sample, did }) {
    const redis = await server();
    const db = redis.client();
    const isShort = count < ROUNDS;
    const ways = isShort ? WAYS : [WAYS[(first / ROUNDS) % WAYS.length]];
    for (const way of ways) {
      const rounds = count / ways.length;
      const end = await runProgram("rounds", [way, rounds], {
        ...{ port: redis.port, nodeArgs: ["--expose-gc"], env: ENV, limit: LIMIT_MS },
      });
      if (end.code !== 0 || end.stderr) {
        fault("the process came to a bad end", `${way}: ${end.code ?? end.signal} ${end.stderr}`);
        continue;
      }
      const { before, after, memory, warnings } = JSON.parse(end.stdout);
      for (const what of ["descriptors", "threads", "listeners"]) {
        const [then, now] = [before, after].map((found) => JSON.stringify(found[what]));
        if (then !== now) fault(`${what} are left`, `${way}: ${then} → ${now}`);
      }
      for (const warning of warnings) fault("Node has warned", `${way}: ${warning}`);
      await until(async () => (await connections(db)).length === 1);
      did(rounds);
      if (memory[0] === null || isShort) continue;
      const looksPerThousand = (memory.length * 1000) / rounds;
      sample(`${way}: growth in a thousand rounds, KiB`, growth(memory) * looksPerThousand * 1024);
      // What leaks grows in both halves; what was once taken and is used again does not.
      const half = memory.length / 2;
      const halves = [memory.slice(0, half), memory.slice(half)];
      if (halves.every((values) => certainGrowth(values) * looksPerThousand > BOUND)) {
        fault("memory grows", `${way}: ${memory.map((value) => value.toFixed(2)).join(" ")} MiB`);
      }
    }
  },
};
