// The charts of a run: what each of them shows.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mainOperationsOf, namesOf, sidesOf, sizeOf } from "./bounds.mjs";
import { ratio, rounded, time } from "./format.mjs";
import { titleOf } from "./rivals.mjs";
import { STARTS } from "./start.mjs";
import { barChart } from "./svg.mjs";

/** Bars of all sides for each operation, as long as their ratio to the JavaScript version's. */
function comparison(grid, cell, measure, show) {
  const names = namesOf(grid, cell);
  return {
    series: names.map(titleOf),
    reference: { length: 1, label: titleOf("js") },
    groups: mainOperationsOf(grid)
      .map((operation) => {
        const sides = sidesOf(grid, operation, cell) ?? {};
        const bars = names
          .filter((name) => sides[name]?.[measure])
          .map((name) => {
            const [median] = sides[name][measure];
            const length = median / sides.js[measure][0];
            return { series: names.indexOf(name), length, label: `${ratio(length)} · ${show(median)}` };
          });
        return { label: operation, bars };
      })
      .filter(({ bars }) => bars.length > 0),
  };
}

const latency = (ms) => time(ms * 1000);

/** A record's size as people say it. */
const kilobytes = (bytes) => `${bytes / 1000} KB`;

function ofGrid(grid) {
  const size = `records of ${kilobytes(sizeOf(grid))}`;
  const many = { inFlight: 64, delay: 0 };
  return {
    thread: barChart({
      title: "Time on the JavaScript thread per call",
      subtitle: `64 calls in flight, ${size}. Shorter is better.`,
      ...comparison(grid, many, "thread", time),
    }),
    throughput: barChart({
      title: "Calls per second",
      subtitle: `64 calls in flight, ${size}. Longer is better.`,
      ...comparison(grid, many, "perSecond", (figure) => `${rounded(figure)}/s`),
    }),
    latency: barChart({
      title: "Time of one call, one at a time",
      subtitle: `On loopback, ${size}: medians. Shorter is better.`,
      ...comparison(grid, { inFlight: 1, delay: 0 }, "p50", latency),
    }),
    line: barChart({
      title: "Time of one call over a line of 0.5 ms, one at a time",
      subtitle: `Each round trip takes 0.5 ms longer, ${size}: medians. Shorter is better.`,
      ...comparison(grid, { inFlight: 1, delay: 0.5 }, "p50", latency),
    }),
  };
}

/** Bars by size, as long as their ratio to the smallest store's. */
function ofScale(scale) {
  const sizes = [...new Set(scale.map(({ size }) => size))];
  const groups = [...new Set(scale.map(({ operation }) => operation))].flatMap((operation) =>
    Object.keys(scale[0].sides).map((name) => {
      const cells = scale.filter((cell) => cell.operation === operation);
      const first = cells[0].sides[name].p50[0];
      const bars = cells.map(({ sides, limit }, series) => {
        const [median] = sides[name].p50;
        const page = /page/.test(operation) ? ` (${limit} a page)` : "";
        return { series, length: median / first, label: `${latency(median)}${page}` };
      });
      return { label: `${operation}, ${name === "native" ? "this package" : "JavaScript"}`, bars };
    }),
  );
  return barChart({
    title: "The same call in stores of different sizes",
    subtitle: "Medians, as a share of the smallest store's. Pages grow with the store, up to 50. Equal is better.",
    series: sizes.map((size) => `${size.toLocaleString("en")} records`),
    groups,
    reference: { length: 1, label: "as in the smallest" },
  });
}

/** Bars of what has a unit of its own: as long as their ratio to the longest of the group. */
function ownUnit(label, figures, show) {
  const most = Math.max(...figures.map(([, figure]) => figure));
  return { label, bars: figures.map(([series, figure]) => ({ series, length: figure / most, label: show(figure) })) };
}

function ofStart(start, migration) {
  const names = Object.keys(start);
  const each = (measure) => names.map((name, series) => [series, start[name][measure][0]]);
  const ms = (figure) => `${rounded(figure)} ms`;
  const groups = [
    ownUnit("load the module", each("load"), ms),
    ownUnit("first answer", each("first"), ms),
    ownUnit("resident memory", each("resident"), (figure) => `${rounded(figure)} MiB`),
  ];
  if (migration) {
    const { native, js, records } = migration;
    const sides = (measure) => [
      [0, native[measure][0]],
      [names.indexOf("ioredis"), js[measure][0]],
    ];
    const count = records.toLocaleString("en");
    groups.push(ownUnit(`migrate ${count} records`, sides("seconds"), (figure) => `${rounded(figure)} s`));
    groups.push(ownUnit("… longest wait of others", sides("ping"), ms));
  }
  return barChart({
    title: "Start and migration",
    subtitle: "Medians of fresh processes. Shorter is better.",
    series: names.map((name) => STARTS[name]),
    groups,
  });
}

/** The charts of these results, by name. */
export function chartsOf({ grid, scale, start, migration }) {
  return {
    ...(grid && ofGrid(grid)),
    ...(scale && { scale: ofScale(scale) }),
    ...(start && { start: ofStart(start, migration) }),
  };
}

/** Writes the charts into the folder, beside the results of that name. */
export function draw(results, folder, name) {
  for (const [chart, text] of Object.entries(chartsOf(results))) {
    writeFileSync(join(folder, `${name}-${chart}.svg`), text);
  }
}
