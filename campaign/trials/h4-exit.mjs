// H4: a program ends by itself once its work is over, whether or not it says goodbye to its client.
//
// The JavaScript version works over the caller's client and has nothing of its own that could keep a process alive.

import { runProgram } from "../../__test__/support/programs.mjs";

/** Programs of `__test__/fixtures/exits.mjs`. */
const PROGRAMS = [
  ...["idle", "idleCarried", "unused", "own", "ownUnused", "mock", "unref"],
  ...["pending", "ownPending", "quit", "quitAtOnce", "quitTwice", "disconnect", "close", "ownClose", "exit"],
  ...["down", "downWithClient"],
];

/** How long a process may live after its last work, in ms. */
const BOUND_MS = 200;

/** A busy machine makes any process late. What keeps one alive makes it later than one that does nothing, each time. */
const TRIES = 5;

const AT_ONCE = 2;

export const trial = {
  id: "H4",
  title: "Programs that end without saying goodbye",
  promise:
    "a process ends within 200 ms of its last work, with code 0: idle, in mid-call, without a server, never connected, after two quits",
  unit: "programs",
  full: 360,
  shard: 180,
  short: PROGRAMS.length,
  alone: true,
  async run({ count, server, fault, sample, tally, did }) {
    const { port } = await server();

    const run = (program, ioredis) => runProgram("exits", [program], { port, ioredis });

    async function ends(program, ioredis, attempt = 1) {
      const [end, idle] = await Promise.all([run(program, ioredis), attempt > 1 ? run("nothing", ioredis) : null]);
      const { code, signal, lateness, stdout, stderr } = end;
      if (signal !== null) return fault("a process does not end by itself", `${program}: ${stdout}${stderr}`);
      if (code !== 0 || stderr) return fault("a process ends with an error", `${program}: ${code} ${stderr}`);
      // One that calls `process.exit()` has said all.
      if (lateness === undefined) return undefined;
      if (lateness - (idle?.lateness ?? 0) <= BOUND_MS) return sample("from the last work to the end, ms", lateness);
      if (attempt === TRIES) return fault("a process ends late", `${program}: ${lateness} ms`);
      tally("late, and tried again");
      return ends(program, ioredis, attempt + 1);
    }

    const waiting = Array.from({ length: count }, (_, n) => n);
    const work = async () => {
      for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) {
        const isLater = Math.floor(n / PROGRAMS.length) % 2 === 1;
        await ends(PROGRAMS[n % PROGRAMS.length], isLater ? "6" : "5");
        did();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  },
};
