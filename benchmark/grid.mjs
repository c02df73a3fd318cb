// All operations on all sides. Every round has processes of its own, one a side, each with a store of its own on the
// same server. One operation after the other is measured on all sides, one side after the other; each time another one
// is the first.

import { mustAgree } from "./agreement.mjs";
import { delayed } from "./delay.mjs";
import { start } from "./processes.mjs";
import { summaries } from "./statistics.mjs";

/** Prefixes are equally long. */
const openSides = (names, server, module) =>
  Promise.all(
    names.map((name, n) => start("side.mjs", [name, `bench${n}`, server.pid, ...(module ? [module] : [])], name)),
  );

const closeSides = (sides) => Promise.all(sides.map((side) => side.close()));

const keyOf = (round, side, cell) => [round, side, cell.bytes, cell.delay, cell.inFlight, cell.operation].join(" / ");

const takesPart = (name, { sides, seldom }, round) =>
  (sides === undefined || sides.includes(name)) && !(seldom.includes(name) && round % 2 === 1);

/** Throws where a side answers otherwise than the first one. */
export async function checkAgreement({ names, module, server, admin }) {
  await admin.flushall();
  const sides = await openSides(names, server, module);
  try {
    const answers = {};
    for (const side of sides) answers[side.name] = await side.do("answers", { place: { port: server.port } });
    mustAgree(answers);
  } finally {
    await closeSides(sides);
  }
}

/** Measures what the journal lacks of a round with records of one size. */
async function measureRound(round, cells, { plan, names, module, server, admin, ports, journal, progress }) {
  const [{ bytes }] = cells;
  const isMissing = (name, cell) => takesPart(name, cell, round) && !journal.has(keyOf(round, name, cell));
  const missing = names.filter((name) => cells.some((cell) => isMissing(name, cell)));
  if (missing.length === 0) return;
  progress.begin(`round ${round + 1} of ${plan.rounds}, records of ${bytes} B`);
  await admin.flushall();
  const sides = await openSides(names, server, module);
  const stock = plan.stockOf(bytes);
  try {
    for (const side of sides) await side.do("fill", { place: { port: server.port }, bytes, stock });
    for (const [n, cell] of cells.entries()) {
      for (const at of sides.keys()) {
        const side = sides[(at + n + round) % sides.length];
        if (!takesPart(side.name, cell, round)) continue;
        progress.now(`${cell.operation}, ${cell.inFlight} in flight: ${side.name}`);
        const place = { port: ports.get(cell.delay) };
        const { operation, count, inFlight } = cell;
        await journal.once(keyOf(round, side.name, cell), () =>
          side.do("measure", { place, operation, count, inFlight, bytes, stock }),
        );
      }
    }
  } finally {
    await closeSides(sides);
  }
}

/** The cells of the plan, each with the summaries of all rounds by side. */
export async function measureGrid(bench) {
  const { plan, names, server, journal } = bench;
  const lines = [];
  const ports = new Map([[0, server.port]]);
  try {
    for (const delay of new Set(plan.cells.map((cell) => cell.delay))) {
      if (delay === 0) continue;
      lines.push(await delayed(server.port, delay));
      ports.set(delay, lines.at(-1).port);
    }
    for (let round = 0; round < plan.rounds; round++) {
      for (const bytes of new Set(plan.cells.map((cell) => cell.bytes))) {
        const cells = plan.cells.filter((cell) => cell.bytes === bytes);
        await measureRound(round, cells, { ...bench, ports });
      }
    }
  } finally {
    for (const line of lines) line.close();
  }

  return plan.cells.map((cell) => {
    const { operation, inFlight, bytes, delay, count } = cell;
    const runs = (name) =>
      Array.from({ length: plan.rounds }, (_, round) => journal.get(keyOf(round, name, cell))).filter(Boolean);
    const sides = names.filter((name) => takesPart(name, cell, 0)).map((name) => [name, summaries(runs(name))]);
    return { operation, inFlight, bytes, delay, count, sides: Object.fromEntries(sides) };
  });
}
