// `npm run bench`: this package against the JavaScript version and others, on one private Redis.
//
//   npm run bench                         the table of the README: 5 rounds, records of 2.2 KB
//   npm run bench -- --full               every operation, number in flight, size of records and delay; goes on where
//                                         it was cut off
//   npm run bench -- --rounds=9           more rounds
//   npm run bench -- create resolve       the operations whose names contain one of the words
//   npm run bench -- --baseline=<module>  the published package as a further side

import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { main, outputOf } from "../scripts/run.mjs";
import { setup } from "../scripts/setup.mjs";
import { delayed } from "./delay.mjs";
import { OPERATIONS } from "./operations.mjs";
import { median, print, spread } from "./report.mjs";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));

/** A side whose process runs until `close()`. */
async function openSide(name, port, server, module) {
  const child = fork(new URL("side.mjs", import.meta.url), [name, port, server, module].map(String), {
    execArgv: ["--expose-gc"],
  });
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`${name} ended with ${code}`);
  });
  failed.catch(() => {});
  const answer = async () => {
    const [{ result, error }] = await Promise.race([once(child, "message"), failed]);
    if (error) throw new Error(`${name}: ${error}`);
    return result;
  };
  await answer();
  return {
    do(task, options) {
      child.send({ task, ...options });
      return answer();
    },
    async close() {
      child.send({ task: "close" });
      await once(child, "exit");
    },
  };
}

/** What is measured in one round: cells of operation, number in flight, size of records and delay. */
function gridOf({ full, words }) {
  const names = Object.keys(OPERATIONS).filter(
    (name) => (full || OPERATIONS[name].bounds) && (words.length === 0 || words.some((word) => name.includes(word))),
  );
  const cells = [];
  for (const bytes of full ? [600, 2200, 75_000] : [2200]) {
    for (const operation of names) {
      if (bytes > 10_000 && operation === "list of 10,000") continue;
      for (const inFlight of full ? [1, 64, 512] : [1, 64]) cells.push({ operation, inFlight, bytes, delay: 0 });
      for (const delay of full ? [0.5, 2] : [0.5]) cells.push({ operation, inFlight: 1, bytes, delay });
    }
  }
  return cells;
}

/** The share of an operation's calls that a cell makes: alone, delayed and large ones take longer. */
function shareOf({ inFlight, bytes, delay, operation }) {
  if (operation === "list of 10,000") return 1;
  const alone = inFlight === 1 ? 0.3 : 1;
  return alone * (delay > 0 ? 0.25 / (1 + delay) : 1) * (bytes > 10_000 ? 0.1 : 1);
}

await main(async (args) => {
  const { values, positionals: words } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      full: { type: "boolean", default: false },
      rounds: { type: "string", default: "5" },
      baseline: { type: "string" },
    },
  });
  setup();
  const { Redis5, startRedis } = await import("../__test__/support/redis.mjs");
  const rounds = Number(values.rounds);
  const cells = gridOf({ full: values.full, words });
  const names = ["native", "js", "js6", "pipelining", "node-redis", ...(values.baseline ? ["published"] : [])];
  const results = new Map(cells.map((cell) => [cell, Object.fromEntries(names.map((name) => [name, []]))]));

  const machine = {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cpus().length} × ${cpus()[0].model}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    redis: outputOf("redis-server", ["--version"])?.match(/v=(\S+)/)?.[1],
    rounds,
  };
  console.log(
    Object.entries(machine)
      .map(([name, value]) => `${name}: ${value}`)
      .join(" · "),
  );

  const server = await startRedis();
  const admin = new Redis5({ path: server.socket });
  const proxies = new Map();
  for (const delay of new Set(cells.map(({ delay }) => delay))) {
    if (delay > 0) proxies.set(delay, await delayed(server.port, delay));
  }
  try {
    for (let round = 0; round < rounds; round++) {
      // Nobody is always the first one.
      const order = names.map((_, n) => names[(n + round) % names.length]);
      for (const name of order) {
        for (const bytes of new Set(cells.map((cell) => cell.bytes))) {
          await admin.flushall();
          for (const delay of new Set(cells.map((cell) => cell.delay))) {
            const mine = cells.filter((cell) => cell.bytes === bytes && cell.delay === delay);
            const port = delay > 0 ? proxies.get(delay).port : server.port;
            const side = await openSide(name, port, server.pid, values.baseline);
            if (delay === 0) await side.do("fill", { bytes });
            for (const cell of mine) {
              process.stderr.write(`\r\x1b[Kround ${round + 1} of ${rounds}: ${name}, ${cell.operation} `);
              results.get(cell)[name].push(await side.do("measure", { ...cell, share: shareOf(cell) }));
            }
            await side.close();
          }
        }
      }
    }
  } finally {
    for (const proxy of proxies.values()) proxy.close();
    admin.disconnect();
    await server.stop();
  }
  process.stderr.write("\r\x1b[K");

  const table = cells.map((cell) => ({
    ...cell,
    sides: Object.fromEntries(
      names.map((name) => {
        const runs = results.get(cell)[name];
        const measures = Object.keys(runs[0]);
        return [
          name,
          Object.fromEntries(
            measures.map((measure) => {
              const figures = runs.map((run) => run[measure]);
              return [measure, { median: median(figures), spread: spread(figures) }];
            }),
          ),
        ];
      }),
    ),
  }));
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}${values.full ? "full" : "table"}.json`, `${JSON.stringify({ machine, table }, null, 1)}\n`);
  print(table);
  return 0;
});
