// Writes the README's part about speed: what a reader wants to know first. The rest is on the page.

import { dirname } from "node:path";
import { COLUMNS, mainOperationsOf, ratios, sizeOf } from "./bounds.mjs";
import { chartsOf } from "./charts.mjs";
import { ratio } from "./format.mjs";
import { picture, table, writePart } from "./markdown.mjs";

/** What a caller feels: by column of bounds.mjs, its title here, and whether a ratio says that we are slower. */
const FELT = {
  thread: { title: "time of the JavaScript thread", isSlower: (figure) => figure > 1 },
  throughput: { title: "calls a second", isSlower: (figure) => figure < 1 },
  alone: { title: "calls a second, one at a time", isSlower: (figure) => figure < 1 },
  far: { title: "latency over a line of 0.5 ms", isSlower: (figure) => figure > 1 },
};

function cellOf(found, { isSlower }) {
  if (!found) return "";
  const text = ratio(found.ratio);
  return isSlower(Number(text)) ? `**${text}**` : text;
}

function ofGrid(grid, rounds) {
  const main = mainOperationsOf(grid);
  const rows = ratios(grid)
    .filter(({ operation }) => main.includes(operation))
    .map((row) => [row.operation, ...Object.entries(FELT).map(([name, felt]) => cellOf(row[name], felt))]);
  const inFlight = COLUMNS.thread.cell.inFlight;
  return [
    `Ratios to the JavaScript version on ioredis 5: medians of ${rounds} alternating rounds, records of ${sizeOf(grid) / 1000} KB, ${inFlight} calls in flight unless it says otherwise. Bold is where this version is the slower one.`,
    "",
    ...table(["", ...Object.values(FELT).map(({ title }) => title)], rows),
    "",
  ];
}

/** Writes the part into the file. */
export function writeReadme(results, { file, folder, name }) {
  const charts = Object.keys(chartsOf(results)).slice(0, 1);
  writePart(file, "benchmark", [
    ...charts.flatMap((chart) => picture(chart, { here: dirname(file), folder, name })),
    ...(results.grid ? ofGrid(results.grid, results.machine.rounds) : []),
  ]);
}
