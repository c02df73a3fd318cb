// What a run measures. The default ends within 20 minutes, `--full` is the whole grid, `--short` only shows that all
// works.

import { OPERATIONS } from "./operations.mjs";

const LARGE = 75_000;

/** Who takes part where time is short: in what a line makes slow; and alone, or in lists that take a second each. */
const TWO = ["native", "js", "published"];
const THREE = [...TWO, "node-redis"];

const LONG = "list of 10,000";

/** How many calls: fewer alone, far away, and of large records, where they take longer. */
function callsOf({ operation, inFlight, bytes, delay }) {
  const { calls } = OPERATIONS[operation];
  if (operation === LONG) return inFlight === 1 ? 3 : calls;
  const usual = delay > 0 ? Math.min(250, calls * 0.15) / (0.5 + delay) : calls * (inFlight === 1 ? 0.25 : 1);
  return Math.max(2 * inFlight, 20, Math.round(usual * (bytes >= LARGE ? 0.1 : 1)));
}

/** Whether so many answers of that kind fit into a process: 512 of 22 MB are 11 GB, and one of 10,000 large records. */
function fits({ operation, inFlight, bytes }) {
  if (operation === LONG) return bytes < LARGE && inFlight <= 64;
  return bytes < LARGE || inFlight <= 64 || !/list|whole/.test(operation);
}

/** The cells of the grid: operation, number in flight, size of records, delay of the line in ms; and who takes part. */
function cellsOf({ sizes, inFlight, delays, isFull, words }) {
  const names = Object.keys(OPERATIONS).filter(
    (name) => OPERATIONS[name].calls && (words.length === 0 || words.some((word) => name.includes(word))),
  );
  const kinds = [
    ...inFlight.map((many) => ({ inFlight: many, delay: 0 })),
    ...delays.map((delay) => ({ inFlight: 1, delay })),
  ];
  return sizes
    .flatMap((bytes) => names.flatMap((operation) => kinds.map((kind) => ({ operation, ...kind, bytes }))))
    .filter(fits)
    .map((cell) => ({ ...cell, count: callsOf(cell), ...participantsOf(cell, isFull) }));
}

/** `sides`: who takes part, all unless it says so; `seldom`: who does so in every other round only. */
function participantsOf({ operation, inFlight, delay }, isFull) {
  const seldom = !isFull && operation === LONG ? ["node-redis"] : [];
  if (!isFull && delay > 0) return { sides: TWO, seldom };
  const sides = operation === LONG || (!isFull && inFlight === 1) ? THREE : undefined;
  return { sides, seldom };
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
