// G2: random sequences of all operations, answered by the store and by a model of the contract, while connections break.

import { inspect } from "node:util";
import { chanceOf } from "../../__test__/support/random.mjs";
import { unique } from "../../__test__/support/records.mjs";
import { behindProxy } from "../support/behind-proxy.mjs";
import { stopClock } from "../support/clock.mjs";
import { run, shrink } from "../support/lockstep.mjs";
import { newSequence } from "../support/sequences.mjs";
import { STRIKES, strikesOn } from "../support/strikes.mjs";

const LENGTH = 50;

/** Sequences that run at the same time, on clients that they share. */
const LANES = 16;

/** Of so many failing sequences a shard looks for the shortest form. */
const SHRUNK = 3;

const value = (it) => inspect(it, { depth: 8, compact: true, breakLength: Infinity, maxStringLength: 100 });

/** Longest text of an answer in a report: the calls that led to it matter more. */
const ANSWER = 250;
const answer = (it) => value(it).slice(0, ANSWER);

/** "1.get('a')": the replica and its call. */
const spelled = ({ name, args, replica, fault }) =>
  `${fault ? `[${fault}] ` : ""}${replica}.${name}(${args.map(value).join(", ")})`;

export const trial = {
  id: "G2",
  title: "Random sequences of all operations against a model of the contract",
  promise:
    "every answer, every refusal, every page and every stored byte is the model's, while connections break and scripts are flushed",
  unit: "operations",
  full: 1_000_000,
  shard: 50_000,
  short: 4000,
  javascript: { full: 10_000, short: 500, breaks: true },
  async run(trial) {
    const { side, count, chance, open, atEnd, fault, tally, did } = trial;
    const { proxy, db, connect } = await behindProxy(trial);
    const clients = [connect(), connect()];
    const strikes = strikesOn({ proxy, db, chance });
    const clock = stopClock();
    atEnd(() => clock.release());

    const store = {
      db,
      clock,
      codes: side === "native",
      open() {
        const prefix = unique("g2").replace("-", "_");
        return { prefix, states: clients.map((client) => open(client, prefix)) };
      },
      strike: strikes.strike,
    };

    const failed = [];
    let left = count / LENGTH;
    const lane = async () => {
      while (left > 0) {
        left -= 1;
        const seed = chance.below(2 ** 32);
        const steps = newSequence(chanceOf(seed), LENGTH, STRIKES);
        const parted = await run(steps, store);
        if (parted) failed.push({ seed, steps, parted });
        did(LENGTH);
      }
    };
    // The JavaScript version looks at the clock in the middle of its calls.
    await Promise.all(Array.from({ length: side === "native" ? LANES : 1 }, lane));
    tally("faults met", strikes.begun);
    for (const [n, { seed, steps, parted }] of failed.entries()) {
      const shortest = n < SHRUNK ? await shrink(steps, parted, store) : { steps, parted };
      const { call, seen, expected } = shortest.parted;
      const answers = `${call}: ${answer(seen)} instead of ${answer(expected)}`;
      fault("store and model part", `seed ${seed}, ${answers}, after ${shortest.steps.map(spelled).join("; ")}`);
    }
  },
};
