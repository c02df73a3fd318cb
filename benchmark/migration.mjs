// A store of layout 1 is brought up to date: how long that takes, and how long it keeps everybody else waiting.

import { OldStore, oldRecords } from "../__test__/support/old-store.mjs";
import { start } from "./processes.mjs";
import { summaries } from "./statistics.mjs";

const PREFIX = "old";

/** Commands that took longer than this are in the server's log, in µs. */
const SLOW = 500;

const keyOf = (side, round) => `migration / ${side} / ${round}`;

/** The longest command that the server has run, in ms. */
async function longestCommand(admin) {
  const log = await admin.slowlog("GET", 1000);
  return Math.max(0, ...log.map(([, , micros]) => micros)) / 1000;
}

async function migrate(name, old, expected, pinger, { server, admin }) {
  const side = await start("side.mjs", [name, PREFIX, server.pid], name);
  try {
    await old.reset();
    await admin.slowlog("RESET");
    await pinger.do("longest");
    const took = await side.do("schema", { place: { port: server.port } });
    const figures = { seconds: took / 1000, ping: await pinger.do("longest"), command: await longestCommand(admin) };
    const differences = await old.differences(expected);
    if (differences.length > 0) throw new Error(`${name} migrates otherwise: ${differences.slice(0, 5).join("; ")}`);
    return figures;
  } finally {
    await side.close();
  }
}

/** The baseline takes minutes for what takes seconds: it has one round. */
const roundsOf = (side, { rounds }) => (side === "js" ? 1 : rounds);

/** By side: seconds, the longest wait of a bystander and the longest command, in ms. */
export async function measureMigration(bench) {
  const { plan, server, admin, journal, progress } = bench;
  const { records } = plan.migration;
  const sides = ["native", "js"];
  const parts = sides.flatMap((side) =>
    Array.from({ length: roundsOf(side, plan.migration) }, (_, round) => ({ side, round, key: keyOf(side, round) })),
  );
  if (!parts.every(({ key }) => journal.has(key))) {
    progress.begin(`migration: a store of ${records.toLocaleString("en")} in layout 1`);
    await admin.flushall();
    await admin.config("SET", "slowlog-log-slower-than", SLOW, "slowlog-max-len", 1000);
    const old = await new OldStore(admin, PREFIX, 1).build(oldRecords(records), { dirt: false });
    const expected = await old.expected();
    const pinger = await start("pinger.mjs", [server.port]);
    try {
      for (const { side, round, key } of parts) {
        progress.now(`${side}, round ${round + 1}`);
        await journal.once(key, () => migrate(side, old, expected, pinger, bench));
      }
    } finally {
      await pinger.close();
      await admin.config("SET", "slowlog-log-slower-than", -1);
      await admin.flushall();
    }
  }
  const runs = (name) => parts.filter(({ side }) => side === name).map(({ key }) => journal.get(key));
  return { records, ...Object.fromEntries(sides.map((side) => [side, summaries(runs(side))])) };
}
