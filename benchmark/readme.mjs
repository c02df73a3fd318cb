// Writes the README's part about speed from the results: nobody types its figures.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, posix, relative } from "node:path";
import { COLUMNS, operationsOf, ratios, sidesOf, sizeOf } from "./bounds.mjs";
import { chartsOf } from "./charts.mjs";
import { claimsOf } from "./claims.mjs";
import { headline, ratio, ratioBeside, rounded, time } from "./format.mjs";
import { REASONS } from "./reasons.mjs";
import { titleOf } from "./rivals.mjs";

const [BEGIN, END] = ["<!-- benchmark -->", "<!-- /benchmark -->"];

const row = (texts) => `| ${texts.join(" | ")} |`;

const table = (head, rows) => [row(head), row(head.map((_, n) => (n === 0 ? "---" : "---:"))), ...rows.map(row)];

const folded = (title, lines) =>
  lines.length === 0 ? [] : [`<details><summary>${title}</summary>`, "", ...lines, "</details>", ""];

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

function text(results, { folder, name }) {
  const rows = results.grid ? ratios(results.grid) : [];
  const claims = claimsOf(results);
  const picture = (chart) => `![${chart}](${posix.join(folder, `${name}-${chart}.svg`)})`;
  const pictures = Object.keys(chartsOf(results)).flatMap((chart) => [picture(chart), ""]);
  const claimRows = claims.map(({ name, figure, unit, bound, isMet }) => [
    name,
    isMet ? `${ratio(figure)}${unit} ✓` : `**${ratio(figure)}${unit} ✗**`,
    bound,
  ]);
  return [
    "## Speed",
    "",
    "`npm run bench` measures it, and `npm run bench -- --report` writes this section.",
    "",
    ...pictures.slice(0, 2 * AT_ONCE),
    ...(results.grid ? ofGrid(results.grid, rows) : []),
    ...(claims.length > 0 ? [...table(["", "measured", "promised"], claimRows), ""] : []),
    ...notMet(rows, claims),
    ...folded("More charts", pictures.slice(2 * AT_ONCE)),
    ...(results.grid ? folded("The figures behind the ratios", absolute(results.grid)) : []),
    headline(results.machine),
  ].join("\n");
}

/** Replaces what stands between the two markers in the file. */
export function writeReadme(results, { file, folder, name }) {
  const readme = readFileSync(file, "utf8");
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from === -1 || to < from) throw new Error(`${file} lacks ${BEGIN} and ${END}`);
  const part = text(results, { folder: relative(dirname(file), folder).replaceAll("\\", "/"), name });
  writeFileSync(file, `${readme.slice(0, from + BEGIN.length)}\n\n${part}\n\n${readme.slice(to)}`);
}
