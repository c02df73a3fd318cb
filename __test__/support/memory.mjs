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

/** The slopes between all pairs of `values`, from one to the next, in order. */
const slopesOf = (values) =>
  values
    .flatMap((value, i) => values.slice(i + 1).map((later, n) => (later - value) / (n + 1)))
    .toSorted((a, b) => a - b);

/** How much `values` grow from one to the next: the median over all pairs, which no single leap moves. */
export function growth(values) {
  const slopes = slopesOf(values);
  return slopes[Math.floor(slopes.length / 2)];
}

/** Sen's lower limit of that growth, 95 %: values that only go up and down, however far, have none above zero. */
export function certainGrowth(values) {
  const slopes = slopesOf(values);
  const n = values.length;
  const spread = 1.645 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  return slopes[Math.max(0, Math.floor((slopes.length - spread) / 2))];
}
