// Takes lines out of scripts, one at a time, and sees which test fails for it.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { startRedis } from "../support/redis.mjs";
import { reasonsFor } from "./equivalents.mjs";
import { scriptsIn } from "./image.mjs";
import { Order } from "./order.mjs";
import { TESTS } from "./tests.mjs";
import { Bench } from "./trial.mjs";

/** What a missing line may come to. Only the last one is a fault of the tests. */
export const OUTCOMES = ["refused", "failed", "hung", "listed", "survived"];

const sha1 = (bytes) => createHash("sha1").update(bytes).digest("hex");

/** Every line of every script, with the tests that its script has. `programs`: their paths by name. */
export function linesOf(programs) {
  const digests = Object.fromEntries(Object.entries(programs).map(([name, path]) => [name, sha1(readFileSync(path))]));
  return scriptsIn(readFileSync(programs.addon)).flatMap((script) => {
    const steps = TESTS[script.name]?.map((step) => ({ ...step, digest: digests[step.program] }));
    if (!steps) throw new Error(`no tests are named for ${script.name}`);
    return [...script.mutants()].map((line) => ({ ...line, steps }));
  });
}

const groupOf = ({ script, path }) => `${script.name} ${path}`;

/**
 * Tries lines. `journal` knows what was found out before, `again` has survivors tried again, `until` ends the run at that time, and `tell(line, fact)`
 * hears of each line. Returns the facts by line; what there was no time for is missing.
 */
export async function campaign(
  lines,
  { programs, journal, again, workers, until = Infinity, tell = () => {}, baseline = true },
) {
  const order = new Order();
  const facts = new Map();
  const server = await startRedis();
  const client = server.client();

  async function fact(line, bench) {
    const refusal = await client.script("LOAD", line.source).then(
      () => null,
      (error) => error.message,
    );
    if (refusal) return { outcome: "refused", by: "the server" };
    const [reason] = reasonsFor(line);
    if (reason) return { outcome: "listed", by: reason };
    for (const step of order.of(groupOf(line), line.steps)) {
      if (Date.now() > until) return null;
      const outcome = await bench.run(step, line.script, line.source);
      if (outcome === "passed") continue;
      order.note(groupOf(line), step);
      return { outcome, by: `${step.program} ${step.name}`.trim() };
    }
    return { outcome: "survived" };
  }

  /** Tests that fail without a missing line would prove nothing. */
  async function assertSound(line, bench) {
    for (const step of line.steps) {
      const key = `${step.digest} ${step.name}`;
      if (journal.find(key)) continue;
      const outcome = await bench.run(step);
      if (outcome !== "passed") throw new Error(`${step.name} has ${outcome} although no line is missing`);
      journal.add(key, { outcome });
    }
  }

  const waiting = [...lines];
  const sound = new Set();
  async function work() {
    const bench = await Bench.open(programs);
    try {
      while (waiting.length > 0 && Date.now() < until) {
        const line = waiting.shift();
        let found = journal.find(line.key);
        if (!found || (again && found.outcome === "survived")) {
          if (baseline && !sound.has(line.script.name)) {
            sound.add(line.script.name);
            await assertSound(line, bench);
          }
          found = await fact(line, bench);
          if (!found) return;
          journal.add(line.key, { name: line.name, ...found });
        }
        facts.set(line, found);
        tell(line, found);
      }
    } finally {
      await bench.close();
    }
  }
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    await server.stop();
  }
  return facts;
}
