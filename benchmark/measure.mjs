// Runs calls with a number of them in flight, and says what that took of everybody's time.

import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often the event loop's delay is looked at, in ms. It counts from one look to the next. */
const RESOLUTION = 1;

/** Nanoseconds that a thread has run, as Linux counts them; elsewhere nobody does. */
function ran(path) {
  try {
    return Number(readFileSync(path, "latin1").split(" ")[0]);
  } catch {
    return Number.NaN;
  }
}

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Lets this thread sleep for a millisecond: what Linux says of a thread is true when it was last put to sleep. */
const sleep = () => Atomics.wait(nobody, 0, 0, 1);

/** How long this thread, this process and the server's main thread have run, in ns. */
function clocks(server) {
  const wall = Number(process.hrtime.bigint());
  sleep();
  const { user, system } = process.cpuUsage();
  return {
    thread: ran(`/proc/self/task/${process.pid}/schedstat`),
    process: (user + system) * 1000,
    server: ran(`/proc/${server}/schedstat`),
    ...{ wall, awake: Number(process.hrtime.bigint()) },
  };
}

/** Calls `call` with 0, 1, … `count - 1`, `inFlight` of them at a time. Returns how long each took, in ms, sorted. */
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
 * Measures `count` calls: calls per second, latencies in ms, µs per call on this thread, in this process and on the
 * server (the process with the number `server`), the event loop's delay in ms, and the resident memory in MiB.
 */
export async function measure({ count, inFlight, server, call }) {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION });
  globalThis.gc();
  const before = clocks(server);
  loop.enable();
  const latencies = await run(count, inFlight, call);
  loop.disable();
  const after = clocks(server);
  const spent = (clock) => (after[clock] - before[clock]) / 1000 / count;
  return {
    perSecond: (count * 1e9) / (after.wall - before.awake),
    p50: at(latencies, 0.5),
    p99: at(latencies, 0.99),
    p999: at(latencies, 0.999),
    thread: spent("thread"),
    process: spent("process"),
    server: spent("server"),
    loop: Math.max(0, loop.percentile(99) / 1e6 - RESOLUTION),
    resident: process.memoryUsage.rss() / 2 ** 20,
  };
}
