// `npm run recovery`: how soon calls succeed again once a fault is over, measured under load on real servers.
//
//   npm run recovery                    every fault, 20 times with each ioredis
//   npm run recovery -- frozen          the faults whose names contain one of the words
//   npm run recovery -- --rounds=5

import { main } from "./run.mjs";
import { setup } from "./setup.mjs";

const ROUNDS = 20;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = (value) => `${Math.round(value)} ms`;

await main(async (args) => {
  setup();
  const { endure, FAULTS } = await import("../__test__/support/faults.mjs");
  const { Redis5, Redis6 } = await import("../__test__/support/redis.mjs");
  const words = args.filter((arg) => !arg.startsWith("-"));
  const given = args.find((arg) => arg.startsWith("--rounds="));
  const rounds = given ? Number(given.split("=")[1]) : ROUNDS;
  const chosen = FAULTS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

  let broken = 0;
  console.log(`Recovery from the end of the cause, ${rounds} rounds each, under load\n`);
  for (const fault of chosen) {
    for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
      const { times, failures, lost } = await endure(fault, { rounds, Library });
      const [usual, worst] = fault.bounds;
      const holds = median(times) <= usual && Math.max(...times) <= worst && failures.length === 0;
      const isWhole = lost.length === 0 || fault.loses;
      if (!holds || !isWhole) broken += 1;
      console.log(
        `${holds && isWhole ? "holds " : "BROKEN"}  ${fault.name} (${library}): median ${ms(median(times))} of ${ms(usual)}, ` +
          `worst ${ms(Math.max(...times))} of ${ms(worst)}; calls that failed: ${failures.length}; ` +
          `acknowledged and lost${fault.loses ? " (by Redis: its replication is asynchronous)" : ""}: ${lost.length}`,
      );
      for (const text of [...failures, ...lost].slice(0, 5)) console.log(`        ${text}`);
    }
  }
  return broken === 0 ? 0 : 1;
});
