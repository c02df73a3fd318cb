// What one call costs in stores of 10³ to 10⁶ records, each in a database of its own. Both versions read and write the
// same stores, in turn.

import { cursorBehind, fillLarge } from "./large-stores.mjs";
import { start } from "./processes.mjs";
import { summaries } from "./statistics.mjs";

const PREFIX = "scale";
const BYTES = 600;
const SIDES = ["native", "js"];

/** The page that lies far behind. */
const FAR = 1000;

/** How long the pages of a store are, so that there are so many of them. */
const pageOf = (size) => Math.max(1, Math.min(50, Math.floor(size / FAR)));

/** What is called in a store. */
function callsIn(size, calls) {
  const limit = pageOf(size);
  const cursor = cursorBehind((FAR - 1) * limit, size);
  const page = { operation: "page", count: Math.ceil(calls / 4) };
  return {
    get: { operation: "get", count: calls },
    count: { operation: "count", count: calls },
    "first page": { ...page, options: { limit } },
    "1,000th page": { ...page, options: { limit, cursor } },
    create: { operation: "create", count: Math.ceil(calls / 2) },
  };
}

/** Every measurement: reads come first, so that nothing has been added to what they read. */
function cellsOf({ sizes, calls, rounds }) {
  const cells = sizes.flatMap((size, db) =>
    Object.entries(callsIn(size, calls)).map(([name, call]) => ({ size, db, name, call })),
  );
  const isWrite = ({ name }) => name === "create";
  const halves = [cells.filter((cell) => !isWrite(cell)), cells.filter(isWrite)];
  return halves.flatMap((half) =>
    Array.from({ length: rounds }, (_, round) =>
      half.flatMap((cell, n) => SIDES.map((_, at) => ({ ...cell, round, side: SIDES[(at + n + round) % 2] }))),
    ).flat(),
  );
}

const keyOf = ({ size, name, side, round }) => `scale / ${size} / ${name} / ${side} / ${round}`;

async function measureMissing(cells, { plan, server, admin, journal, progress }) {
  await admin.flushall();
  for (const [db, size] of plan.scale.sizes.entries()) {
    progress.begin(`scale: making a store of ${size.toLocaleString("en")}`);
    const own = admin.duplicate({ db });
    await fillLarge(own, PREFIX, { size, bytes: BYTES });
    own.disconnect();
  }
  progress.begin(`scale: ${plan.scale.rounds} rounds`);
  const opened = await Promise.all(SIDES.map((name) => start("side.mjs", [name, PREFIX, server.pid], name)));
  const sides = Object.fromEntries(opened.map((side) => [side.name, side]));
  try {
    for (const cell of cells) {
      const { size, db, name, side, round, call } = cell;
      progress.now(`round ${round + 1}, ${name} of ${size.toLocaleString("en")}: ${side}`);
      const task = { place: { port: server.port, db }, inFlight: 1, bytes: BYTES, stock: size, ...call };
      await journal.once(keyOf(cell), () => sides[side].do("measure", task));
    }
  } finally {
    await Promise.all(opened.map((side) => side.close()));
    await admin.flushall();
  }
}

/** Per size and operation the summaries of each side. */
export async function measureScale(bench) {
  const { plan, journal } = bench;
  const cells = cellsOf(plan.scale);
  if (!cells.every((cell) => journal.has(keyOf(cell)))) await measureMissing(cells, bench);
  return plan.scale.sizes.flatMap((size) =>
    Object.keys(callsIn(size, 0)).map((operation) => {
      const runs = (side) =>
        cells.filter((cell) => cell.size === size && cell.name === operation && cell.side === side).map(keyOf);
      const sides = SIDES.map((side) => [side, summaries(runs(side).map((key) => journal.get(key)))]);
      return { size, limit: pageOf(size), operation, sides: Object.fromEntries(sides) };
    }),
  );
}
