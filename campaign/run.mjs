// Runs shards, each in a process of its own, and writes down what each has seen as soon as it has ended: a campaign
// that was cut off goes on where it was.

import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("shard.mjs", import.meta.url));

/** A shard is planned for eight minutes at most; one that takes so much longer hangs. */
const LIMIT_MS = 15 * 60_000;

const fileOf = (folder, { name }) => join(folder, `${name}.json`);

/** What these shards have seen, of those that have been run. */
export function results(folder) {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}

export const isDone = (folder, shard) => existsSync(fileOf(folder, shard));

/** Runs one shard. `progress(done)` is told how far it is. */
export async function runShard(shard, { published, progress = () => {} } = {}) {
  const began = performance.now();
  const args = published === undefined ? [] : [published];
  const child = fork(program, [JSON.stringify(shard), ...args], { execArgv: ["--expose-gc"] });
  let report = { done: 0, faults: {}, examples: [], tallies: {}, samples: {} };
  let isOver = false;
  child.on("message", (message) => {
    if (message.report) [report, isOver] = [message.report, true];
    else progress(message.done);
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const [code, signal] = await once(child, "exit");
  clearTimeout(limit);
  if (!isOver) {
    const end = `the shard ended with ${code ?? signal} before it could report`;
    report = { ...report, faults: { [end]: 1 }, examples: [end] };
  }
  return { ...shard, ...report, seconds: Math.round((performance.now() - began) / 1000) };
}

/** Writes a result, all of it or nothing. */
function write(folder, result) {
  mkdirSync(folder, { recursive: true });
  const file = fileOf(folder, result);
  writeFileSync(`${file}.new`, JSON.stringify(result));
  renameSync(`${file}.new`, file);
}

/**
 * Runs the shards, `beside` of them at a time and those that must be `alone` by themselves, and stops beginning new
 * ones at `until` (ms since 1970). `onEnd(result)` is told of each.
 */
export async function runAll(shards, { folder, beside, until, published, versions, progress, onEnd }) {
  const waiting = [...shards];
  const running = new Map();
  let isAlone = false;
  const start = (shard) => {
    isAlone = shard.alone ?? false;
    const options = { published, progress: (...seen) => progress(shard, ...seen) };
    const ended = runShard(shard, options).then((result) => {
      running.delete(shard.name);
      write(folder, { ...result, versions });
      onEnd(result);
    });
    running.set(shard.name, ended);
  };
  while (waiting.length > 0 || running.size > 0) {
    const mayStart = () => Date.now() < until && running.size < (isAlone && running.size > 0 ? 0 : beside);
    while (waiting.length > 0 && mayStart()) {
      const next = running.size === 0 ? 0 : waiting.findIndex(({ alone }) => !alone);
      if (next === -1) break;
      start(waiting.splice(next, 1)[0]);
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
}
