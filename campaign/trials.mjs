// The trials of the campaign: one module each in `trials/`, found by looking.
//
// A trial is
//
//   id, title       as in the test matrix, "A1"; a title in one line
//   promise         what must hold each time, in words
//   unit            what is counted: "races", "kills"
//   full            how many of them the whole campaign does
//   shard           how many of them one shard does: at most eight minutes on two busy cores
//   short           how many of them `npm test` does: a few seconds
//   javascript      the same for the JavaScript version, `{ full, short, breaks }`, where it can be asked the same;
//                   `breaks`: the trial finds faults there even in its short form, which shows that it can find any
//   alone           nothing else may run beside it, because it measures time
//   run(trial)      does `trial.count` of them and tells what it sees: see `witness.mjs`

import { readdirSync } from "node:fs";
import { SetupError } from "../scripts/run.mjs";

const folder = new URL("trials/", import.meta.url);

/** "A2" before "A10". */
const byId = (a, b) => a.id.localeCompare(b.id, "en", { numeric: true });

/** All trials, in the order of their ids. */
export async function allTrials() {
  const files = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  const modules = await Promise.all(files.map((name) => import(new URL(name, folder))));
  return modules.map(({ trial }) => trial).sort(byId);
}

/** The trials with these ids; all of them where none is named. */
export function chosen(trials, ids) {
  for (const id of ids) {
    if (!trials.some((trial) => trial.id === id)) {
      throw new SetupError(`There is no trial ${id}; there are ${trials.map((trial) => trial.id).join(", ")}.`);
    }
  }
  return ids.length === 0 ? trials : trials.filter(({ id }) => ids.includes(id));
}
