// `npm run campaign`: the promises of this package, driven until they break or hold, beside the JavaScript version.
//
//   npm run campaign                     every shard that has not been run yet; hours. Goes on where it was cut off
//   npm run campaign -- A1 B3            of these trials only
//   npm run campaign -- --minutes=30     begins no shard after half an hour
//   npm run campaign -- A1 --shard=3     this shard of the trial, again: what it does follows from its seed
//   npm run campaign -- --seed=7         another campaign, with other chances; the committed one has seed 1
//   npm run campaign -- --side=native    this package only, or `javascript`
//   npm run campaign -- --published=<module>  asks the published package instead of our model of it
//   npm run campaign -- --beside=1       shards that run at the same time; 2 unless said
//   npm run campaign -- --list           the trials and their shards
//   npm run campaign -- --report         writes docs/campaign, and the README's part about it, from what has been seen
//
// `--results=<folder>` says where shards write down what they saw, `--docs=<folder>` and `--readme=<file>` where the
// report goes.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { main, root, SetupError } from "../scripts/run.mjs";
import { setup } from "../scripts/setup.mjs";
import { isDone, results, runAll } from "./run.mjs";
import { plan, SIDES } from "./shards.mjs";
import { faultsOf, summaryOf } from "./summary.mjs";
import { allTrials, chosen } from "./trials.mjs";

const OPTIONS = {
  seed: { type: "string", default: "1" },
  minutes: { type: "string", default: "Infinity" },
  shard: { type: "string" },
  side: { type: "string" },
  beside: { type: "string", default: "2" },
  published: { type: "string" },
  list: { type: "boolean", default: false },
  report: { type: "boolean", default: false },
  results: { type: "string", default: join(root, ".cache", "campaign") },
  docs: { type: "string", default: join(root, "docs", "campaign") },
  readme: { type: "string", default: join(root, "README.md") },
};

function sidesOf({ side }) {
  if (side === undefined) return SIDES;
  if (!SIDES.includes(side)) throw new SetupError(`There is no side ${side}; there are ${SIDES.join(" and ")}.`);
  return [side];
}

const describe = (faults) =>
  Object.entries(faults)
    .map(([kind, number]) => `${number} × ${kind}`)
    .join(", ");

/** Tells how it goes: a line for each shard that ends, and on a terminal a line that changes below them. */
class Teller {
  #running = new Map();
  #ended = 0;
  broken = 0;

  constructor(total) {
    this.total = total;
  }

  progress = (shard, done) => {
    this.#running.set(shard.name, `${shard.name} ${Math.floor((100 * done) / shard.count)} %`);
    const line = `${this.#ended} of ${this.total}  ${[...this.#running.values()].join("  ")}`;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
  };

  onEnd = (result) => {
    this.#running.delete(result.name);
    this.#ended += 1;
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    const isOurs = result.side === "native";
    const isBroken = isOurs && (faultsOf(result) > 0 || result.done < result.count);
    if (isBroken) this.broken += 1;
    const word = isBroken ? "BROKEN" : isOurs ? "holds " : "      ";
    const seen = describe(result.faults) || "no fault";
    console.log(`${word} ${result.name}: ${result.done} of ${result.count}, ${seen}, ${result.seconds} s`);
    if (isOurs) for (const example of result.examples) console.log(`       ${example.replaceAll("\n", "\n       ")}`);
  };
}

function list(trials, shards) {
  for (const { id, title, full, unit, javascript } of trials) {
    const own = shards.filter((shard) => shard.id === id);
    const there = javascript ? `, ${javascript.full} of the JavaScript version` : "";
    console.log(`${id.padEnd(3)} ${title}: ${full} ${unit}${there}; ${own.length} shards`);
  }
}

await main(async (args) => {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  const trials = chosen(await allTrials(), positionals);
  const folder = join(values.results, `seed-${values.seed}`);
  const all = plan(trials, { seed: values.seed, sides: sidesOf(values) });
  if (values.list) {
    list(trials, all);
    return 0;
  }
  if (values.report) {
    const { writeReport } = await import("./report.mjs");
    const { writeReadme } = await import("./readme.mjs");
    const seen = results(folder);
    const summary = summaryOf(trials, seen);
    writeReport(summary, { folder: values.docs, seed: values.seed, results: seen });
    writeReadme(summary, values.readme);
    return 0;
  }

  setup();
  const { versionsOf } = await import("./versions.mjs");
  const isWanted = (shard) => (values.shard ? shard.number === Number(values.shard) : !isDone(folder, shard));
  const shards = all.filter(isWanted);
  console.log(`Seed ${values.seed}: ${shards.length} shards to run, ${all.length - shards.length} left out or done`);
  const teller = new Teller(shards.length);
  await runAll(shards, {
    ...{ folder, published: values.published, beside: Number(values.beside), versions: await versionsOf() },
    ...{ until: Date.now() + Number(values.minutes) * 60_000, progress: teller.progress, onEnd: teller.onEnd },
  });
  const seen = results(folder).filter(({ id, side }) => side === "native" && trials.some((trial) => trial.id === id));
  console.log(
    `${seen.length} shards of this package seen, ${seen.filter((one) => faultsOf(one) > 0).length} with faults`,
  );
  return teller.broken === 0 ? 0 : 1;
});
