// What a run measures. The default ends within 20 minutes, `--full` is the whole grid, `--short` only shows that all
// works.

import { OPERATIONS } from "./operations.mjs";

const LARGE = 75_000;

/** Who takes part where time is short: in what a line makes slow; and alone, or in lists that take a second each. */
const TWO = ["native", "js", "published"];
const THREE = [...TWO, "node-redis"];

/** How many calls: fewer alone, far away, and of large records, where they take longer. */
function callsOf({ operation, inFlight, bytes, delay }) {
  const { calls } = OPERATIONS[operation];
  if (operation === "list of 10,000") return inFlight === 1 ? 3 : calls;
  const usual = delay > 0 ? Math.min(300, calls * 0.15) / (0.5 + delay) : calls * (inFlight === 1 ? 0.3 : 1);
  return Math.max(2 * inFlight, 20, Math.round(usual * (bytes >= LARGE ? 0.1 : 1)));
}

/** The cells of the grid: operation, number in flight, size of records, delay of the line in ms. */
function cellsOf({ sizes, inFlight, delays, isFull, words }) {
  const names = Object.keys(OPERATIONS).filter(
    (name) => OPERATIONS[name].calls && (words.length === 0 || words.some((word) => name.includes(word))),
  );
  const cells = [];
  for (const bytes of sizes) {
    for (const operation of names) {
      const isLong = operation === "list of 10,000";
      // 10,000 large records are one answer of 750 MB, and 512 answers of 22 MB are 11 GB.
      if (isLong && bytes >= LARGE) continue;
      for (const many of inFlight)
        if (!(isLong && many > 64)) cells.push({ operation, inFlight: many, bytes, delay: 0 });
      for (const delay of delays) cells.push({ operation, inFlight: 1, bytes, delay });
    }
  }
  return cells.map((cell) => ({ ...cell, count: callsOf(cell), sides: sidesOf(cell, isFull) }));
}

/** The sides that take part in a cell; `undefined`: all. */
function sidesOf({ operation, inFlight, delay }, isFull) {
  if (!isFull && delay > 0) return TWO;
  return operation === "list of 10,000" || (!isFull && inFlight === 1) ? THREE : undefined;
}

const stockOf = (bytes) => (bytes >= LARGE ? 1000 : 10_000);

/** The figures of each part. */
export function planOf({ full = false, short = false, rounds, words = [] }) {
  if (short) {
    const cells = cellsOf({ sizes: [600], inFlight: [1, 64], delays: [0.5], isFull: full, words });
    return {
      rounds: rounds ?? 1,
      cells: cells.map((cell) => ({ ...cell, count: Math.min(cell.count, 64) })),
      stockOf: () => 200,
      scale: { sizes: [1000, 3000], calls: 50, rounds: 2 },
      migration: { records: 500, rounds: 1 },
      start: { rounds: 3 },
      memory: { calls: 4000, warmUp: 2000, samples: 4, bytes: 600, sides: ["native"] },
    };
  }
  return {
    rounds: rounds ?? 5,
    cells: full
      ? cellsOf({ sizes: [600, 2200, LARGE], inFlight: [1, 64, 512], delays: [0.5, 2], isFull: true, words })
      : cellsOf({ sizes: [2200], inFlight: [1, 64], delays: [0.5], isFull: false, words }),
    stockOf,
    scale: { sizes: [1e3, 1e4, 1e5, 1e6], calls: 1000, rounds: full ? 9 : 5 },
    migration: { records: 1e5, rounds: full ? 5 : 3 },
    start: { rounds: full ? 50 : 25 },
    memory: { calls: 1e6, warmUp: 5e5, samples: 40, bytes: 600, sides: full ? ["native", "js"] : ["native"] },
  };
}
