// One run: a private server, all parts one after the other, their results.

import { Redis5, startRedis } from "../__test__/support/redis.mjs";
import { checkAgreement, measureGrid } from "./grid.mjs";
import { Journal } from "./journal.mjs";
import { machineOf } from "./machine.mjs";
import { measureMemory } from "./memory.mjs";
import { measureMigration } from "./migration.mjs";
import { Progress } from "./progress.mjs";
import { PUBLISHED, RIVALS } from "./rivals.mjs";
import { measureScale } from "./scale.mjs";
import { measureStart } from "./start.mjs";

const MEASURE = {
  grid: measureGrid,
  scale: measureScale,
  migration: measureMigration,
  start: measureStart,
  memory: measureMemory,
};

// An interrupted run takes its server along.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => process.exit(code));
}

/** A server as it comes, but that it writes nothing to disk. */
async function onServer(use) {
  const server = await startRedis();
  const admin = new Redis5({ path: server.socket });
  try {
    return await use(server, admin);
  } finally {
    admin.disconnect();
    await server.stop();
  }
}

/**
 * Measures the parts. `module`: a further side; `mode`: what the journal at `journalPath` must have been written for.
 */
export function measureAll({ plan, parts, module, mode, journalPath }) {
  return onServer(async (server, admin) => {
    const began = performance.now();
    const machine = await machineOf(admin);
    const { date, ...unchanging } = machine;
    const journal = new Journal(journalPath, { ...unchanging, ...mode, module });
    const progress = new Progress();
    if (journal.size > 0) progress.begin(`${journal.size} measurements are there already`);
    const names = [...Object.keys(RIVALS), ...(module ? [PUBLISHED] : [])];
    const bench = { plan, names, module, server, admin, journal, progress };

    progress.begin("do all sides answer alike?");
    await checkAgreement(bench);
    const results = { machine: { ...machine, rounds: plan.rounds } };
    for (const part of parts) results[part] = await MEASURE[part](bench);
    progress.end();
    journal.end();
    results.machine.minutes = Math.round((performance.now() - began) / 60_000);
    return results;
  });
}
