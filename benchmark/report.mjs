// Tables of what was measured.

export function median(figures) {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The least and the greatest figure. */
export const spread = (figures) => [Math.min(...figures), Math.max(...figures)];

const rounded = (figure) => (figure >= 100 ? Math.round(figure).toLocaleString("en") : Number(figure.toPrecision(2)));

/** Ratios to the JavaScript version, with what was promised for them. */
export function ratios(table) {
  const rows = [];
  const find = (operation, inFlight, delay = 0) =>
    table.find((cell) => cell.operation === operation && cell.inFlight === inFlight && cell.delay === delay)?.sides;
  for (const operation of new Set(table.map((cell) => cell.operation))) {
    const [many, one, far] = [find(operation, 64), find(operation, 1), find(operation, 1, 0.5)];
    const ratio = (sides, measure) => sides.native[measure].median / sides.js[measure].median;
    rows.push({
      operation,
      thread: ratio(many, "thread"),
      throughput: ratio(many, "perSecond"),
      alone: ratio(one, "perSecond"),
      server: ratio(many, "server"),
      far: far && ratio(far, "p50"),
      nodeRedis: many["node-redis"] && many.native.perSecond.median / many["node-redis"].perSecond.median,
    });
  }
  return rows;
}

export function print(table) {
  console.log("\nµs of the JavaScript thread per call, 64 in flight: median (least … most)\n");
  for (const cell of table.filter(({ inFlight, delay }) => inFlight === 64 && delay === 0)) {
    const figures = Object.entries(cell.sides).map(([name, { thread, perSecond }]) => {
      const [least, most] = thread.spread.map(rounded);
      return `${name} ${rounded(thread.median)} (${least} … ${most}), ${rounded(perSecond.median)}/s`;
    });
    console.log(`${cell.operation.padEnd(28)}${cell.bytes} B  ${figures.join(" | ")}`);
  }
  console.log("\nRatios to the JavaScript version on ioredis 5\n");
  console.table(
    Object.fromEntries(
      ratios(table).map(({ operation, ...figures }) => [
        operation,
        Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, figure && rounded(figure)])),
      ]),
    ),
  );
}
