// Writes the page with all that was measured: nobody types its figures.

import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { COLUMNS, operationsOf, ratios, sidesOf, sizeOf } from "./bounds.mjs";
import { chartsOf } from "./charts.mjs";
import { claimsOf } from "./claims.mjs";
import { headline, ratio, ratioBeside, rounded, time } from "./format.mjs";
import { folded, picture, table } from "./markdown.mjs";
import { REASONS } from "./reasons.mjs";
import { titleOf } from "./rivals.mjs";

/** How many charts are seen at once: the others are folded away. */
const AT_ONCE = 2;

/** One cell: met, or in bold with its bound. */
function cellText(found, { sign }) {
  if (!found) return "";
  if (found.bound === undefined) return ratio(found.ratio);
  const text = ratioBeside(found.ratio, found.bound);
  return found.isMet ? `${text} ✓` : `**${text} ✗** (${sign} ${found.bound})`;
}

/** What is not met, each with its reason. */
function notMet(rows, claims) {
  const cells = rows.flatMap(({ operation, ...found }) =>
    Object.entries(found)
      .filter(([, cell]) => cell && !cell.isMet)
      .map(([column]) => [`${operation}, ${COLUMNS[column].title}`, REASONS[operation]?.[column]]),
  );
  const others = claims.filter(({ isMet }) => !isMet).map(({ name }) => [name, REASONS[name]]);
  const all = [...cells, ...others];
  if (all.length === 0) return [];
  const byReason = new Map();
  for (const [name, reason] of all) byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
  const lines = [...byReason].map(([reason, names]) => `- ${names.join("; ")}: ${reason ?? "we do not know why"}.`);
  return ["Not what was promised, and why:", "", ...lines, ""];
}

function ofGrid(grid, rows) {
  const columns = Object.values(COLUMNS);
  const cells = rows.map(({ operation, ...found }) => [
    operation,
    ...Object.entries(COLUMNS).map(([name, column]) => cellText(found[name], column)),
  ]);
  return [
    `Ratios to the JavaScript version on ioredis 5, or where it says so to the same on node-redis; records of ${sizeOf(grid) / 1000} KB, on loopback, medians. ✓ is what was promised.`,
    "",
    ...table(["", ...columns.map(({ title }) => title)], cells),
    "",
  ];
}

/** The figures behind the ratios. */
function absolute(grid) {
  const many = { inFlight: 64, delay: 0 };
  const alone = { inFlight: 1, delay: 0 };
  const ms = (figure) => time(figure * 1000);
  const rows = operationsOf(grid).flatMap((operation) =>
    ["native", "js"].map((name, n) => {
      const [loaded, single] = [many, alone].map((cell) => sidesOf(grid, operation, cell)[name]);
      const of = (side, measure, show) => (side[measure] ? show(side[measure][0]) : "");
      return [
        n === 0 ? operation : "",
        titleOf(name),
        ...["thread", "process", "server"].map((measure) => of(loaded, measure, time)),
        of(loaded, "perSecond", rounded),
        of(loaded, "loop", ms),
        of(loaded, "resident", (figure) => `${rounded(figure)} MiB`),
        ...["p50", "p99", "p999"].map((measure) => of(single, measure, ms)),
      ];
    }),
  );
  const head = "operation,,JS thread,process,server,calls/s,loop p99,resident,alone p50,p99,p99.9".split(",");
  return [...table(head, rows), ""];
}

/** Writes the page to `file`; the charts are in `folder`, under the results' name. */
export function writePage(results, { file, folder, name }) {
  const rows = results.grid ? ratios(results.grid) : [];
  const claims = claimsOf(results);
  const here = dirname(file);
  const pictures = Object.keys(chartsOf(results)).map((chart) => picture(chart, { here, folder, name }));
  const claimRows = claims.map(({ name: claim, figure, unit, bound, isMet }) => [
    claim,
    isMet ? `${ratio(figure)}${unit} ✓` : `**${ratio(figure)}${unit} ✗**`,
    bound,
  ]);
  const lines = [
    "# The comparison",
    "",
    "This package beside the JavaScript version, in one run, on one machine and server, in alternating rounds.",
    "`npm run bench` measures it, and `npm run bench -- --report` writes this page; nobody types its figures.",
    "The JavaScript version is our model of 1.1.0, written from its protocol, unless `--baseline` names the published one.",
    "",
    ...pictures.slice(0, AT_ONCE).flat(),
    ...(results.grid ? ofGrid(results.grid, rows) : []),
    ...(claims.length > 0 ? [...table(["", "measured", "promised"], claimRows), ""] : []),
    ...notMet(rows, claims),
    ...folded("More charts", pictures.slice(AT_ONCE).flat()),
    ...(results.grid ? folded("The figures behind the ratios", absolute(results.grid)) : []),
    headline(results.machine),
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
}
