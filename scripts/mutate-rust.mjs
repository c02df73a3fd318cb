// `npm run mutate:rust`: changes the Rust of the store, one place at a time, and shows that a test fails for it.
//
//   npm run mutate:rust                     every change; goes on where the last run was cut off
//   npm run mutate:rust -- record.rs walk/  changes whose names (`src/file:line:column: what`) contain one of the words
//   npm run mutate:rust -- --minutes=8      as many as that time allows
//   npm run mutate:rust -- --shard=1/4      one part of four
//   npm run mutate:rust -- --again          tries those again for which no test has failed
//   npm run mutate:rust -- --fresh          forgets what earlier runs have found
//
// cargo-mutants says what may be changed (`.cargo/mutants.toml`). The changed sources lie in `target/mutation-rust`.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { provideRedis } from "./redis.mjs";
import { demandOutput, main, outputOf, root, SetupError } from "./run.mjs";
import { provideDependencies, requireCargo } from "./setup.mjs";

const JOURNAL = join(root, "target/mutation-rust.jsonl");

function listed() {
  if (outputOf("cargo", ["mutants", "--version"]) === null) {
    throw new SetupError("cargo-mutants is not installed: cargo install --locked cargo-mutants");
  }
  return JSON.parse(demandOutput("cargo", ["mutants", "--list", "--json"], "cargo-mutants finds nothing to change"));
}

function table(facts, OUTCOMES) {
  const rows = new Map();
  for (const [{ file }, { outcome }] of facts) {
    const row = rows.get(file) ?? Object.fromEntries(OUTCOMES.map((name) => [name, 0]));
    row[outcome] += 1;
    rows.set(file, row);
  }
  const total = OUTCOMES.map((outcome) => [...rows.values()].reduce((sum, row) => sum + row[outcome], 0));
  const lines = [...rows].map(([file, row]) => [file, ...Object.values(row)]);
  return [["file", ...OUTCOMES], ["---", ...OUTCOMES.map(() => "--:")], ...lines, ["all", ...total]]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

await main(async (args) => {
  const { values, positionals: words } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      again: { type: "boolean" },
      fresh: { type: "boolean" },
      minutes: { type: "string", default: "Infinity" },
      shard: { type: "string", default: "1/1" },
    },
  });
  provideDependencies();
  requireCargo();
  provideRedis();
  // What runs meanwhile ends with us, and leaves nothing behind.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  if (values.fresh) rmSync(JOURNAL, { force: true });
  const { campaign, changesIn, OUTCOMES } = await import("../__test__/mutation/rust.mjs");
  const { Journal } = await import("../__test__/mutation/journal.mjs");

  const [part, parts] = values.shard.split("/").map(Number);
  const changes = changesIn(listed(), root)
    .filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
    .filter((_, nth) => nth % parts === part - 1);

  let done = 0;
  const facts = await campaign(changes, {
    ...{ root, again: values.again },
    folder: join(root, "target/mutation-rust"),
    journal: new Journal(JOURNAL),
    until: Date.now() + Number(values.minutes) * 60_000,
    tell({ name }, { outcome, by = "every test passed" }) {
      done += 1;
      console.log(`${done}/${changes.length}  ${outcome === "survived" ? "SURVIVED" : outcome}  ${name}  (${by})`);
    },
  });

  const survivors = [...facts].filter(([, { outcome }]) => outcome === "survived");
  console.log(`\n${table(facts, OUTCOMES)}\n`);
  for (const [{ name }] of survivors) console.log(`SURVIVED  ${name}`);
  if (facts.size < changes.length)
    console.log(`${changes.length - facts.size} changes are left: run it again to go on`);
  return survivors.length === 0 ? 0 : 1;
});
