// `npm run scale`: verify and purge on a large store. What they take in time and memory, and how long they hold the
// server, next to how long the machine itself makes any program wait.
//
//   npm run scale                       a million requests
//   npm run scale -- --requests=100000

import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { JavascriptVersion } from "../__test__/support/javascript-version.mjs";
import { keysOf } from "../__test__/support/layout.mjs";
import { decision, request } from "../__test__/support/records.mjs";
import { startRedis } from "../__test__/support/redis.mjs";
import { numbered } from "../__test__/support/writes.mjs";
import { IoredisState } from "../index.js";
import { main } from "./run.mjs";
import { setup } from "./setup.mjs";

const PIPELINE = 1000;
/** One request in so many is damaged. */
const DAMAGED = 1000;
const START = Date.parse("2024-01-01T00:00:00.000Z");

const MIB = 2 ** 20;
const inMiB = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`;

/** Stores requests, three in four of them resolved, with tokens, external ids, batches and timelines. */
async function fill(db, keys, count) {
  for (let from = 0; from < count; from += PIPELINE) {
    const pipeline = db.pipeline();
    for (let n = from; n < Math.min(count, from + PIPELINE); n++) {
      const id = numbered(n);
      const createdAt = new Date(START + n).toISOString();
      const namespace = `team-${n % 10}`;
      const status = n % 4 ? "resolved" : "pending";
      const batch = { batchId: `b${Math.floor(n / 5)}`, batchIndex: n % 5 };
      const ids = { externalId: `x-${id}`, externalIds: { slack: `x-${id}` } };
      const { token, ...rest } = request({ id, namespace, context: { text: "x".repeat(300) } });
      const end = n % 4 ? { result: decision(id), createdAt, resolvedAt: createdAt } : { createdAt };
      pipeline.set(keys.request(id), JSON.stringify({ ...rest, token, status, ...ids, ...end, ...batch }));
      pipeline.set(keys.token(token), id).set(keys.externalId(`x-${id}`), id);
      for (const key of [keys.all, keys.status(status), keys.namespace(namespace)]) pipeline.zadd(key, START + n, id);
      pipeline.zadd(keys.namespaceStatus(namespace, status), START + n, id);
      pipeline.zadd(keys.batchItems(batch.batchId), batch.batchIndex, id);
      if (n % 10 === 0) {
        pipeline.set(keys.entry(`e-${id}`), JSON.stringify({ id: `e-${id}`, threadId: id, message: "m", createdAt }));
        pipeline.zadd(keys.thread(id), START + n, `e-${id}`);
      }
    }
    for (const [error] of await pipeline.exec()) if (error) throw error;
  }
}

/** Takes entries away and adds others; returns how many findings that makes. */
async function damage(db, keys, count) {
  let made = 0;
  for (let n = 0; n < count; n += DAMAGED) {
    await db.zrem(keys.all, numbered(n));
    await db.zadd(keys.status("pending"), 1, `nobody-${n}`);
    made += 2;
  }
  return made;
}

/** Runs `work` and tells what it took. */
async function measured(name, db, work) {
  await db.config("SET", "slowlog-max-len", 100_000);
  await db.config("SET", "slowlog-log-slower-than", 1000);
  await db.slowlog("RESET");
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  const start = performance.now();
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  clearInterval(watch);
  const slow = await db.slowlog("GET", 100_000);
  slow.sort(([, , one], [, , other]) => other - one);
  const [longest] = slow.map(([, , micros, [command]]) => `${(micros / 1000).toFixed(1)} ms (${command})`);
  const held = `${longest ?? "less than 1 ms"}, ${slow.length} above 1 ms`;
  console.log(
    `${name}: ${seconds.toFixed(1)} s; longest command ${held}; ` +
      `memory ${inMiB(before)} before, ${inMiB(peak)} at most (+${inMiB(peak - before)})`,
  );
  return result;
}

/** How long the machine keeps a program that does nothing but look at the clock. */
function stall(port) {
  try {
    const said = execFileSync("redis-cli", ["-p", String(port), "--intrinsic-latency", "5"], { encoding: "utf8" });
    const micros = [...said.matchAll(/Max latency so far: (\d+) microseconds/g)].at(-1)?.[1];
    return `${(Number(micros) / 1000).toFixed(1)} ms`;
  } catch {
    return "unknown (no redis-cli)";
  }
}

await main(async (args) => {
  const { values } = parseArgs({ args, options: { requests: { type: "string", default: "1000000" } } });
  const count = Number(values.requests);
  setup();
  const server = await startRedis();
  try {
    const db = server.client();
    const keys = keysOf("scale");
    await new JavascriptVersion(db, "scale").ensureSchema();
    await fill(db, keys, count);
    const state = new IoredisState(db, { tableName: "scale" });
    console.log(`${count} requests, ${await db.dbsize()} keys; the machine's own stall: ${stall(server.port)}`);

    const sound = await measured("verify, a sound store", db, () => state.verify());
    const made = await damage(db, keys, count);
    const mended = await measured("verify with repair", db, () => state.verify({ repair: true }));
    const after = await measured("verify once more", db, () => state.verify());
    const middle = new Date(START + count / 2);
    const purged = await measured("purge of the older half", db, () => state.purge({ resolvedBefore: middle }));
    const last = await measured("verify at the end", db, () => state.verify());

    console.log({ looked: sound.seen, made, mended: mended.repaired, purged });
    const isRight = sound.found + after.found + last.found === 0 && mended.repaired === made;
    console.log(isRight ? "All of it was found and mended, and nothing else." : "WRONG: see the figures above.");
    return isRight ? 0 : 1;
  } finally {
    await server.stop();
  }
});
