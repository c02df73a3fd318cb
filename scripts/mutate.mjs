// `npm run mutate`: takes each line of each Lua script out, one at a time, and shows that a test fails for it.
//
//   npm run mutate                     every line of every script; goes on where the last run was cut off
//   npm run mutate -- create: 002      lines whose names (`script: file:number`) contain one of the words
//   npm run mutate -- --minutes=8      as many as that time allows
//   npm run mutate -- --shard=1/4      one part of four
//   npm run mutate -- --sample=20 --seed=7
//   npm run mutate -- --again          tries those again for which no test has failed
//   npm run mutate -- --fresh          forgets what earlier runs have found

import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { main, root } from "./run.mjs";
import { addonPath, corePrograms, setup } from "./setup.mjs";

const JOURNAL = join(root, "target/mutation.jsonl");

function table(facts, OUTCOMES) {
  const rows = new Map();
  for (const [{ script }, { outcome }] of facts) {
    const row = rows.get(script.name) ?? Object.fromEntries(OUTCOMES.map((name) => [name, 0]));
    row[outcome] += 1;
    rows.set(script.name, row);
  }
  const cells = (name, counts) => `| ${[name, ...counts].join(" | ")} |`;
  const total = OUTCOMES.map((outcome) => [...rows.values()].reduce((sum, row) => sum + row[outcome], 0));
  return [
    cells("script", OUTCOMES),
    cells(
      "---",
      OUTCOMES.map(() => "--:"),
    ),
    ...[...rows].map(([name, row]) => cells(name, Object.values(row))),
    cells("all", total),
  ].join("\n");
}

await main(async (args) => {
  const { values, positionals: words } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      again: { type: "boolean" },
      fresh: { type: "boolean" },
      minutes: { type: "string", default: "Infinity" },
      sample: { type: "string" },
      seed: { type: "string" },
      shard: { type: "string", default: "1/1" },
      workers: { type: "string", default: "2" },
    },
  });
  setup();
  // What runs meanwhile ends with us, and leaves nothing behind.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  if (values.fresh) rmSync(JOURNAL, { force: true });
  if (values.seed) process.env.HITL_SEED = values.seed;
  const { campaign, linesOf, OUTCOMES } = await import("../__test__/mutation/campaign.mjs");
  const { Journal } = await import("../__test__/mutation/journal.mjs");
  const { CORE_PROGRAMS } = await import("../__test__/mutation/tests.mjs");

  const programs = { addon: addonPath(), ...corePrograms(CORE_PROGRAMS) };

  const [part, parts] = values.shard.split("/").map(Number);
  let lines = linesOf(programs)
    .filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
    .filter((_, nth) => nth % parts === part - 1);
  if (values.sample) {
    const { seed, shuffled } = await import("../__test__/support/chance.mjs");
    lines = shuffled(lines).slice(0, Number(values.sample));
    console.log(`${lines.length} lines, chosen by --seed=${seed}`);
  }

  let done = 0;
  const facts = await campaign(lines, {
    ...{ programs, again: values.again },
    journal: new Journal(JOURNAL),
    workers: Number(values.workers),
    until: Date.now() + Number(values.minutes) * 60_000,
    tell(line, { outcome, by = "every test passed" }) {
      done += 1;
      const mark = outcome === "survived" ? "SURVIVED" : outcome;
      console.log(`${done}/${lines.length}  ${mark}  ${line.name}  ${line.text}  (${by})`);
    },
  });

  const survivors = [...facts].filter(([, { outcome }]) => outcome === "survived");
  console.log(`\n${table(facts, OUTCOMES)}\n`);
  for (const [{ name, text }] of survivors) console.log(`SURVIVED  ${name}  ${text}`);
  if (facts.size < lines.length) console.log(`${lines.length - facts.size} lines are left: run it again to go on`);
  return survivors.length === 0 ? 0 : 1;
});
