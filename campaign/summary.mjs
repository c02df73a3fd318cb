// What the shards have seen, added up: a row for each trial, as data and as a table.

import { wordTable } from "../benchmark/markdown.mjs";
import { median } from "../benchmark/statistics.mjs";

/** Of rare faults: none in `n` trials says, with 95 % confidence, that fewer than 3 in `n` have one. */
const RULE_OF_THREE = 3;

const add = (sums, counts) => {
  for (const [name, number] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + number;
  return sums;
};

const round = (value) => Number(value.toPrecision(3));

function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return { of: sorted.length, median: round(median(sorted)), worst: round(sorted.at(-1)) };
}

/** What one side has shown in a trial; `null` where no shard of it has been run. */
function sideOf(results, full) {
  if (results.length === 0) return null;
  const samples = {};
  for (const { samples: more } of results) {
    for (const [name, values] of Object.entries(more)) samples[name] = [...(samples[name] ?? []), ...values];
  }
  return {
    full,
    done: results.reduce((sum, { done }) => sum + done, 0),
    faults: results.reduce((sums, { faults }) => add(sums, faults), {}),
    tallies: results.reduce((sums, { tallies }) => add(sums, tallies), {}),
    samples: Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, spread(values)])),
    seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
    shards: results.length,
    commits: [...new Set(results.map(({ versions }) => versions.commit))],
    examples: results.flatMap(({ examples }) => examples).slice(0, 5),
  };
}

/** A row for each trial. */
export function summaryOf(trials, results) {
  return trials.map((trial) => {
    const { id, title, promise, unit } = trial;
    const of = (side) => results.filter((result) => result.id === id && result.side === side);
    const native = sideOf(of("native"), trial.full);
    return { id, title, promise, unit, native, javascript: sideOf(of("javascript"), trial.javascript?.full) };
  });
}

export const faultsOf = (side) => Object.values(side?.faults ?? {}).reduce((sum, number) => sum + number, 0);

export const number = (value) => value.toLocaleString("en");

const counts = (names) =>
  Object.entries(names)
    .map(([name, value]) => `${name}: ${number(value)}`)
    .join("; ");

const figures = (side) =>
  [
    counts(side.tallies),
    ...Object.entries(side.samples).map(
      ([name, { median: usual, worst, of }]) => `${name}: median ${usual}, worst ${worst} of ${number(of)}`,
    ),
  ]
    .filter(Boolean)
    .join("; ");

function verdict({ native }) {
  if (native === null) return "not run";
  if (faultsOf(native) > 0) return `**broken**: ${counts(native.faults)}`;
  return native.done >= native.full ? "holds" : `holds so far (${Math.floor((100 * native.done) / native.full)} %)`;
}

const bound = ({ done }) => (done === 0 ? "" : `< ${(RULE_OF_THREE / done).toExponential(0)}`);

function besides({ javascript }) {
  if (javascript === null) return "–";
  const faults = faultsOf(javascript) === 0 ? "no fault" : counts(javascript.faults);
  return [`${number(javascript.done)}: ${faults}`, figures(javascript)].filter(Boolean).join("; ");
}

/** The table, as Markdown. */
export function table(summary) {
  const head = ["", "promise", "trials", "faults", "95 % bound", "seen besides", "JavaScript version, same trial"];
  const rows = summary.map((row) => {
    const { id, promise, unit, native } = row;
    if (native === null) return [id, promise, "–", verdict(row), "", "", besides(row)];
    const done = `${number(native.done)} ${unit}`;
    return [id, promise, done, verdict(row), faultsOf(native) ? "" : bound(native), figures(native), besides(row)];
  });
  return wordTable(head, rows).join("\n");
}
