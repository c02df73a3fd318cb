// Runs calls with a number of them in flight, and says what that took of everybody's time.

import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Nanoseconds that a thread has run, as Linux counts them; elsewhere nobody does. */
function ran(path) {
  try {
    return Number(readFileSync(path, "latin1").split(" ")[0]);
  } catch {
    return Number.NaN;
  }
}

/** How long this thread and the server's process have run, in ns, and this process. */
function clocks(server) {
  const { user, system } = process.cpuUsage();
  return {
    thread: ran(`/proc/self/task/${process.pid}/schedstat`),
    process: (user + system) * 1000,
    server: ran(`/proc/${server}/schedstat`),
    wall: Number(process.hrtime.bigint()),
  };
}

/** Calls `call` with 0, 1, … `count - 1`, `inFlight` of them at a time. Returns how long each took, in ns, sorted. */
async function run(count, inFlight, call) {
  const latencies = new Float64Array(count);
  let next = 0;
  async function worker() {
    while (next < count) {
      const n = next++;
      const began = performance.now();
      await call(n);
      latencies[n] = performance.now() - began;
    }
  }
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, worker));
  return latencies.sort();
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/**
 * Measures `count` calls after a warm-up: calls per second, latencies in ms, and µs per call on this thread, in this
 * process and on the server (the process with the number `server`).
 */
export async function measure({ count, inFlight, server, call }) {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  globalThis.gc?.();
  const before = clocks(server);
  loop.enable();
  const latencies = await run(count, inFlight, call);
  loop.disable();
  const after = clocks(server);
  const spent = (clock) => (after[clock] - before[clock]) / 1000 / count;
  return {
    perSecond: (count * 1e9) / (after.wall - before.wall),
    p50: at(latencies, 0.5),
    p99: at(latencies, 0.99),
    p999: at(latencies, 0.999),
    thread: spent("thread"),
    process: spent("process"),
    server: spent("server"),
    loop: loop.percentile(99) / 1e6,
  };
}
