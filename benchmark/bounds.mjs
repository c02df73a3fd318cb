// What was promised, as ratios to the JavaScript version on ioredis 5, and whether it holds.

import { PUBLISHED, RIVALS } from "./rivals.mjs";

/** Cells that are compared. */
const MANY = { inFlight: 64, delay: 0 };
const ALONE = { inFlight: 1, delay: 0 };
const FAR = { inFlight: 1, delay: 0.5 };

const atMost = { sign: "≤", holds: (ratio, bound) => ratio <= bound };
const atLeast = { sign: "≥", holds: (ratio, bound) => ratio >= bound };
const above = { sign: ">", holds: (ratio, bound) => ratio > bound };

/** The columns of the table. `of` is whom the ratio is to. */
export const COLUMNS = {
  thread: { title: "JS-thread time, 64 in flight", cell: MANY, measure: "thread", of: "js", ...atMost },
  throughput: { title: "throughput, 64 in flight", cell: MANY, measure: "perSecond", of: "js", ...atLeast },
  alone: { title: "throughput, one at a time", cell: ALONE, measure: "perSecond", of: "js", ...atLeast },
  server: { title: "server time, 64 in flight", cell: MANY, measure: "server", of: "js", ...atMost },
  far: { title: "time over a line of 0.5 ms, one at a time", cell: FAR, measure: "p50", of: "js", ...atMost },
  nodeRedis: {
    title: "throughput to node-redis, 64 in flight",
    ...{ cell: MANY, measure: "perSecond", of: "node-redis" },
    ...above,
  },
};

/** By operation: thread, throughput, alone, server. */
const BOUNDS = {
  create: [0.35, 3.0, 1.2, 1.4],
  get: [0.6, 1.7, 1.0, 1.1],
  findByToken: [0.45, 2.0, 1.4, 1.2],
  findByExternalId: [0.45, 2.0, 1.4, 1.2],
  setExternalId: [0.1, 4.0, 1.7, 1.4],
  resolve: [0.35, 2.0, 1.2, 0.6],
  "list of 50": [0.75, 1.3, 1.1, 1.1],
  "list of 10,000": [0.7, 1.4, 1.2, 1.1],
  count: [0.4, 2.0, 1.0, 1.1],
  appendTimeline: [0.35, 2.5, 1.2, 1.1],
  "whole approval": [0.65, 1.5, 1.2, 1.1],
};

/** What costs the JavaScript version two turns, and us one. */
const TWO_TURNS = /^(find|set)/;

function boundsOf(operation) {
  const [thread, throughput, alone, server] = BOUNDS[operation] ?? [];
  return { thread, throughput, alone, server, far: TWO_TURNS.test(operation) ? 0.6 : 1.05, nodeRedis: 1 };
}

/** The size of records that was promised for, else the first one that there is. */
export const sizeOf = (grid) => (grid.find(({ bytes }) => bytes === 2200) ?? grid[0]).bytes;

/** What the sides needed for an operation. */
export function sidesOf(grid, operation, { inFlight, delay }) {
  const bytes = sizeOf(grid);
  return grid.find(
    (cell) =>
      cell.operation === operation && cell.bytes === bytes && cell.inFlight === inFlight && cell.delay === delay,
  )?.sides;
}

export const operationsOf = (grid) => [...new Set(grid.map(({ operation }) => operation))];

/** Those that a person wants to see at a glance: with bounds of their own, if there are any. */
export function mainOperationsOf(grid) {
  const all = operationsOf(grid);
  const main = all.filter((operation) => operation in BOUNDS);
  return main.length > 0 ? main : all;
}

/** The sides that have taken part in cells of a kind. */
export function namesOf(grid, cell) {
  const all = operationsOf(grid).flatMap((operation) => Object.keys(sidesOf(grid, operation, cell) ?? {}));
  return Object.keys({ ...RIVALS, [PUBLISHED]: null }).filter((name) => all.includes(name));
}

/** Rows of the table: the operation, and by column the ratio, the bound where there is one, and whether it is met. */
export function ratios(grid) {
  return operationsOf(grid).map((operation) => {
    const bounds = boundsOf(operation);
    const figures = Object.entries(COLUMNS).map(([name, { cell, measure, of, holds }]) => {
      const sides = sidesOf(grid, operation, cell);
      const [ours, theirs] = [sides?.native?.[measure]?.[0], sides?.[of]?.[measure]?.[0]];
      if (ours === undefined || theirs === undefined) return [name, null];
      const ratio = ours / theirs;
      const bound = bounds[name];
      return [name, { ratio, bound, isMet: bound === undefined || holds(ratio, bound) }];
    });
    return { operation, ...Object.fromEntries(figures) };
  });
}
