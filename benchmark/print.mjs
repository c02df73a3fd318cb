// The tables of a run, for the terminal.

import { COLUMNS, namesOf, operationsOf, ratios, sidesOf, sizeOf } from "./bounds.mjs";
import { claimsOf } from "./claims.mjs";
import { headline, ratio, ratioBeside, rounded, time } from "./format.mjs";

/** A table with the first column to the left, the others to the right. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) => row.map((text, n) => (n === 0 ? text.padEnd(widths[n]) : text.padStart(widths[n]))).join("  "))
    .join("\n");
}

/** Median, least and most of each side, for one kind of cell. */
function figures(grid, cell, measure, show) {
  const names = namesOf(grid, cell);
  const rows = operationsOf(grid).map((operation) => {
    const sides = sidesOf(grid, operation, cell) ?? {};
    const texts = names.map((name) => {
      const found = sides[name]?.[measure];
      if (!found) return "–";
      const [median, least, most] = found.map(show);
      return `${median} (${least} … ${most})`;
    });
    return [operation, ...texts];
  });
  return table([["", ...names], ...rows]);
}

function printGrid(grid) {
  const many = { inFlight: 64, delay: 0 };
  const alone = { inFlight: 1, delay: 0 };
  console.log(`\nTime on the JavaScript thread per call, records of ${sizeOf(grid)} B, 64 in flight\n`);
  console.log(figures(grid, many, "thread", time));
  console.log("\nCalls per second, 64 in flight\n");
  console.log(figures(grid, many, "perSecond", rounded));
  console.log("\nLatency, one at a time: median of the medians\n");
  console.log(figures(grid, alone, "p50", (ms) => time(ms * 1000)));
  console.log("\nRatios to the JavaScript version on ioredis 5; ✗ is not what was promised\n");
  const rows = ratios(grid).map(({ operation, ...found }) => [
    operation,
    ...Object.keys(COLUMNS).map((name) => cellText(found[name], COLUMNS[name])),
  ]);
  console.log(table([["", ...Object.keys(COLUMNS)], ...rows]));
}

function cellText(found, { sign }) {
  if (!found) return "–";
  if (found.bound === undefined) return ratio(found.ratio);
  return `${ratioBeside(found.ratio, found.bound)} ${found.isMet ? "✓" : "✗"} ${sign} ${found.bound}`;
}

function printScale(scale) {
  console.log("\nLatency by the size of the store: medians\n");
  const rows = scale.map(({ size, operation, limit, sides }) => [
    `${operation}${/page/.test(operation) ? ` of ${limit}` : ""}, ${size.toLocaleString("en")} records`,
    ...Object.values(sides).map(({ p50 }) => time(p50[0] * 1000)),
  ]);
  console.log(table([["", ...Object.keys(scale[0].sides)], ...rows]));
}

export function print(results) {
  const { machine, grid, scale, migration, start, memory } = results;
  console.log(headline(machine));
  if (grid) printGrid(grid);
  if (scale) printScale(scale);
  for (const [name, part] of Object.entries({ migration, start, memory })) {
    if (part) console.log(`\n${name}: ${JSON.stringify(part, (key, value) => (key === "points" ? undefined : value))}`);
  }
  const claims = claimsOf(results);
  if (claims.length > 0) console.log("");
  for (const { name, figure, unit, bound, isMet } of claims) {
    console.log(`${isMet ? "✓" : "✗"} ${name}: ${ratio(figure)}${unit} (${bound})`);
  }
}
