// How soon a fresh process has its first answer, and what it weighs then.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Baseline } from "./baseline.mjs";
import { overIoredis } from "./commands.mjs";
import { summaries } from "./statistics.mjs";

const PROBE = fileURLToPath(new URL("start-probe.mjs", import.meta.url));

/** What a process has loaded, by the probe's names. */
export const STARTS = {
  native: "this package on an ioredis client",
  alone: "this package without a client",
  ioredis: "JavaScript, ioredis 5",
};

const keyOf = (what, round) => `start / ${what} / ${round}`;

async function probe(what, { port }) {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", PROBE, what, String(port)]);
  return JSON.parse(stdout);
}

/** By what is started: ms to load the module, ms from construction to the first answer, resident MiB. */
export async function measureStart({ plan, server, admin, journal, progress }) {
  const names = Object.keys(STARTS);
  const rounds = Array.from({ length: plan.start.rounds }, (_, round) => round);
  progress.begin(`start: ${rounds.length} processes each`);
  await admin.flushall();
  // A store that is current: nobody has to migrate.
  await new Baseline(overIoredis(admin), "start").ensureSchema();
  for (const round of rounds) {
    for (const at of names.keys()) {
      const what = names[(at + round) % names.length];
      progress.now(`${STARTS[what]}, ${round + 1}`);
      await journal.once(keyOf(what, round), () => probe(what, server));
    }
  }
  const runs = (what) => rounds.map((round) => journal.get(keyOf(what, round)));
  return Object.fromEntries(names.map((what) => [what, summaries(runs(what))]));
}
