// H2: worker threads and child processes end in the middle of their calls: terminated, by an exception, by
// process.exit(), after quit(); with the package loaded once, twice, and in vm contexts of their own.
//
// The JavaScript version has neither threads nor memory of its own that could be torn down in the wrong order.

import { runProgram } from "../../__test__/support/programs.mjs";

/** Most threads or children of one program. */
const MOST = 20;

const LIMIT_MS = 5 * 60_000;

/** Who goes on working meanwhile; see fixtures/workers.mjs. */
const WHO = ["worker", "main", "children"];

export const trial = {
  id: "H2",
  title: "Threads and processes that end in the middle of their calls",
  promise: "no crash, every exit code is the right one, and the calls of other threads are not disturbed",
  unit: "threads and processes",
  full: 1500,
  shard: 300,
  short: 12,
  async run({ count, chance, server, fault, did }) {
    const { port } = await server();
    const size = Math.min(MOST, Math.ceil(count / WHO.length));
    for (let left = count, n = 0; left > 0; left -= size, n++) {
      const args = [WHO[n % WHO.length], Math.min(left, size), chance.below(2 ** 31)];
      const { code, signal, stdout, stderr } = await runProgram("workers", args, { port, limit: LIMIT_MS });
      if (signal === "SIGKILL") fault("a program with threads does not end", `${args}: ${stdout}${stderr}`);
      else if (code !== 0) fault("a program with threads has crashed", `${args}: ${code ?? signal} ${stderr}`);
      else {
        const { ended, wrong } = JSON.parse(stdout);
        for (const detail of wrong) fault("a thread, or another one's call, came to a bad end", `${args}: ${detail}`);
        if (stderr) fault("a program with threads has said something", `${args}: ${stderr}`);
        did(ended);
      }
    }
  },
};
