// Removing any line of any script fails a test. All lines take hours (`npm run mutate`); here are some of them, others in
// each run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addonPath, corePrograms } from "../scripts/setup.mjs";
import { campaign, linesOf } from "./mutation/campaign.mjs";
import { Journal } from "./mutation/journal.mjs";
import { CORE_PROGRAMS, PROVEN } from "./mutation/tests.mjs";
import { seed, shuffled } from "./support/chance.mjs";

/** Lines that are taken out; of every second one the server refuses what is left. */
const SAMPLE = 8;

// Mach-O programs are signed, and Windows keeps those that run from being written: the method is Linux's.
const skip = process.platform !== "linux" && "programs are patched on Linux only";
const programs = skip ? {} : { addon: addonPath(), ...corePrograms(CORE_PROGRAMS) };
const lines = skip ? [] : linesOf(programs);
const proven = lines.filter(({ script }) => PROVEN.includes(script.name));

async function outcomesOf(chosen) {
  // These tests run anyway, with the scripts as they are.
  const facts = await campaign(chosen, { programs, journal: new Journal(null), workers: 1, baseline: false });
  return [...facts].map(([{ name, text }, { outcome }]) => ({ name, text, outcome }));
}

test(`${SAMPLE} lines, each missing in turn, each fail a test`, { skip }, async () => {
  const outcomes = await outcomesOf(shuffled(proven).slice(0, SAMPLE));
  const survivors = outcomes.filter(({ outcome }) => outcome === "survived");
  assert.deepEqual(survivors, [], `HITL_SEED=${seed}`);
  assert.equal(outcomes.length, SAMPLE);
});

test("a line that no test is about survives, and so would be found", { skip }, async () => {
  const line = lines.find(({ name, text }) => name.startsWith("create: create.lua") && text.startsWith("stored = "));
  const steps = [{ program: "scripts", name: "answers::an_index_leads" }];
  const [{ outcome }] = await outcomesOf([{ ...line, steps }]);
  assert.equal(outcome, "survived");
});

test("a script that lacks the end of a block is refused by the server", { skip }, async () => {
  const [{ outcome }] = await outcomesOf([lines.find(({ text }) => text === "end")]);
  assert.equal(outcome, "refused");
});
