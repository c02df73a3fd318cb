// Whether memory stays what it is: resident memory over many mixed calls, after a warm-up.

import { start } from "./processes.mjs";
import { slope } from "./statistics.mjs";

const MILLION = 1e6;

async function measureSide(name, { plan, server, admin, progress }) {
  const { calls, warmUp, samples, bytes } = plan.memory;
  progress.begin(`memory: ${calls.toLocaleString("en")} mixed calls, ${name}`);
  await admin.flushall();
  const side = await start("side.mjs", [name, "memory", server.pid], name);
  const place = { port: server.port };
  const step = calls / samples;
  try {
    const points = [];
    // The warm-up goes in the same steps, with the same collections of garbage behind them.
    for (let made = step; made <= warmUp + calls; made += step) {
      progress.now(`${made.toLocaleString("en")} of ${(warmUp + calls).toLocaleString("en")}`);
      const resident = await side.do("mix", { place, from: made - step, count: step, bytes });
      if (made >= warmUp) points.push([made - warmUp, resident]);
    }
    const inMiB = points.map(([made, resident]) => [made, Number((resident / 2 ** 20).toFixed(2))]);
    return { calls, perMillion: Number((slope(inMiB) * MILLION).toFixed(3)), points: inMiB };
  } finally {
    await side.close();
    await admin.flushall();
  }
}

/** By side: resident MiB after so many calls, and by how much it grows in a million of them. */
export async function measureMemory(bench) {
  const sides = {};
  for (const name of bench.plan.memory.sides) {
    sides[name] = await bench.journal.once(`memory / ${name}`, () => measureSide(name, bench));
  }
  return sides;
}
