// `npm run fuzz`: looks for inputs for which a property of the Rust core (`src/properties`) does not hold.
//
//   npm run fuzz                        every target, a minute each
//   npm run fuzz -- record date         these targets
//   npm run fuzz -- --seconds=600       how long each of them
//
// What is found lies in `fuzz/artifacts`; as a file in `fuzz/corpus/<target>` it stays a test of `cargo test`.

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { main, outputOf, root, run, SetupError } from "./run.mjs";
import { requireNightly } from "./setup.mjs";

/** Longest input: what is larger is only slower, because the targets read decisions from it. */
const LONGEST = 512;

const targets = readdirSync(join(root, "fuzz/fuzz_targets"))
  .map((name) => name.replace(".rs", ""))
  .sort();

function requireFuzzer() {
  requireNightly("libFuzzer needs");
  if (outputOf("cargo", ["fuzz", "--version"]) === null) {
    throw new SetupError("cargo-fuzz is not installed: cargo install --locked cargo-fuzz");
  }
}

await main((args) => {
  const options = { seconds: { type: "string", default: "60" } };
  const { values, positionals: words } = parseArgs({ args, allowPositionals: true, options });
  const unknown = words.find((word) => !targets.includes(word));
  if (unknown) throw new SetupError(`${unknown} is no target: there are ${targets.join(", ")}`);
  requireFuzzer();

  const broken = [];
  for (const target of words.length > 0 ? words : targets) {
    console.log(`\n== ${target}`);
    // What a run learns goes on in the next one; only the small corpus in git is everybody's.
    const learnt = join("target/fuzz-corpus", target);
    mkdirSync(join(root, learnt), { recursive: true });
    const limits = [`-max_total_time=${values.seconds}`, `-max_len=${LONGEST}`, "-timeout=30", "-print_final_stats=1"];
    const fuzz = ["+nightly", "fuzz", "run", target, learnt, join("fuzz/corpus", target), "--", ...limits];
    if (run("cargo", fuzz) !== 0) broken.push(target);
  }
  if (broken.length > 0)
    console.log(`\nA property does not hold: ${broken.join(", ")}; the inputs are in fuzz/artifacts`);
  return broken.length === 0 ? 0 : 1;
});
