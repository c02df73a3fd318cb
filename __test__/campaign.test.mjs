// The short form of the campaign: every trial on this package, and on the JavaScript version where it breaks there,
// which shows that the trial can see a fault. And the campaign itself: it goes on where it was, and tells what it saw.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runShard } from "../campaign/run.mjs";
import { shortShard } from "../campaign/shards.mjs";
import { faultsOf } from "../campaign/summary.mjs";
import { allTrials } from "../campaign/trials.mjs";
import { seed } from "./support/chance.mjs";

const trials = await allTrials();

for (const trial of trials) {
  test(`${trial.id}, ${trial.title}: ${trial.promise}`, async () => {
    const { done, examples } = await runShard(shortShard(trial, "native", seed));
    assert.deepEqual(examples, []);
    assert.equal(done, trial.short);
  });

  if (trial.javascript?.breaks) {
    test(`${trial.id} finds the JavaScript version's faults`, async () => {
      const { faults } = await runShard(shortShard(trial, "javascript", seed));
      assert.equal(faults["the trial itself failed"], undefined);
      assert.ok(faultsOf({ faults }) > 0, "no fault seen");
    });
  }
}

const program = fileURLToPath(new URL("../campaign/main.mjs", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "hitl-campaign-"));
after(() => rm(folder, { recursive: true, force: true }));

const campaign = async (...args) => {
  const places = [`--results=${join(folder, "results")}`, `--docs=${join(folder, "docs")}`];
  return (await promisify(execFile)(process.execPath, [program, ...places, ...args])).stdout;
};

test("a campaign goes on where it was, repeats a shard by its number, and reports both sides", async () => {
  const args = ["A3", "--seed=5", "--side=javascript"];
  assert.match(await campaign(...args), /1 shards to run.*A3-javascript-1: 2000 of 2000, \d+ × /s);
  assert.match(await campaign(...args), /0 shards to run/);
  const file = join(folder, "results", "seed-5", "A3-javascript-1.json");
  const first = JSON.parse(await readFile(file, "utf8"));
  assert.match(await campaign(...args, "--shard=1"), /A3-javascript-1/);
  assert.equal(JSON.parse(await readFile(file, "utf8")).seed, first.seed);
  await unlink(file);
  assert.match(await campaign(...args), /1 shards to run/);

  // As if this package had been asked as well.
  const native = { ...first, name: "A3-native-1", side: "native", faults: {}, done: 1234 };
  await writeFile(join(folder, "results", "seed-5", "A3-native-1.json"), JSON.stringify(native));
  const readme = join(folder, "README.md");
  await writeFile(readme, "before\n<!-- campaign -->\nold\n<!-- /campaign -->\nbehind\n");
  await campaign("--report", "--seed=5", `--readme=${readme}`);
  assert.match(
    await readFile(readme, "utf8"),
    /^before\n<!-- campaign -->\n\n.*\n\| external ids are set.* \| an? .*: [\d,]+ in 2,000 requests \| none in 1,234 requests \|\n\n<!-- \/campaign -->\nbehind\n$/s,
  );
  const page = await readFile(join(folder, "docs", "README.md"), "utf8");
  assert.match(page, /\| A3 \| no decision is undone.*2,000: .*a resolved request is pending again: /);
  assert.doesNotMatch(page, /undefined|NaN/);
  const { trials: rows } = JSON.parse(await readFile(join(folder, "docs", "summary.json"), "utf8"));
  assert.equal(rows.find(({ id }) => id === "A3").javascript.done, 2000);
  assert.deepEqual(await readdir(join(folder, "docs")), ["README.md", "summary.json"]);
});

test("an unknown trial or side is refused with the names that there are", async () => {
  await assert.rejects(campaign("Z9"), /There is no trial Z9; there are .*A3/);
  await assert.rejects(campaign("--side=both"), /There is no side both; there are native and javascript/);
});
