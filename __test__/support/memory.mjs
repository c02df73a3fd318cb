// What a process has, and whether it grows.

import { readdirSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

const MIB = 1024 * 1024;

/** A small nursery, so that what V8 happens to keep of it is not taken for growth. To be called before the work. */
export const calm = () => setFlagsFromString("--max-semi-space-size=1");

/**
 * The memory in use, in MiB: what V8 keeps after a collection, and all that is resident outside of its heap and of files. `null`
 * where there is no /proc.
 */
export function memoryInUse() {
  if (process.platform !== "linux") return null;
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, heapTotal } = process.memoryUsage();
  const rss = Number(/RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "latin1"))[1]) * 1024;
  return (rss - heapTotal + heapUsed) / MIB;
}

/** File descriptors and threads of this process. */
export function possessions() {
  if (process.platform !== "linux") return { descriptors: 0, threads: 0 };
  return { descriptors: readdirSync("/proc/self/fd").length, threads: readdirSync("/proc/self/task").length };
}

/** How much `values` grow from one to the next: the median over all pairs, which no single leap moves. */
export function growth(values) {
  const slopes = values.flatMap((value, i) => values.slice(i + 1).map((later, n) => (later - value) / (n + 1)));
  return slopes.toSorted((a, b) => a - b)[Math.floor(slopes.length / 2)];
}
