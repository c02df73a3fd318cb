// How long work on a large store holds the server, beside live calls and next to how long the machine itself keeps any
// program waiting.

import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { start } from "../../benchmark/processes.mjs";

/** Commands that take longer, in µs, are in the server's log. */
const SLOW = 500;
const LOGGED = 10_000;

/** How long the machine itself is looked at, in seconds, and the pause before the next look, in ms. */
const LOOK = 4;
const BETWEEN = 16_000;

const place = (name) => new URL(name, import.meta.url);

/** Whether a trial is too short to measure time: it looks at what is done, then, and not at how long that takes. */
export const isShort = ({ count }) => count < 100_000;

/** A process of this folder, which ends with the trial. */
export async function helper(trial, name, args) {
  const process = await start(place(name), args, name);
  trial.atEnd(() => process.close());
  return process;
}

/**
 * Has a program run whenever it can, where we may say so: the server that is measured has a core of its own elsewhere.
 * Niceness counts within a group of processes only, real-time priority among all of them.
 */
async function prefer(pid) {
  try {
    await promisify(execFile)("chrt", ["--fifo", "--pid", "1", String(pid)]);
  } catch {
    // Then the machine's other work counts as ours.
  }
}

/** How long, in ms, a program that does nothing but look at the clock was kept from it. */
async function stall(redis) {
  try {
    const args = ["-p", redis.port, "--intrinsic-latency", LOOK].map(String);
    const { stdout } = await promisify(execFile)("redis-cli", args);
    return Number([...stdout.matchAll(/Max latency so far: (\d+) microseconds/g)].at(-1)?.[1]) / 1000;
  } catch {
    return 0;
  }
}

/** Looks at that now and then while something else goes on, and returns a function that ends it with the longest one. */
function watchStall(redis) {
  let longest = 0;
  let isOver = false;
  const over = new AbortController();
  const looking = (async () => {
    while (!isOver) {
      longest = Math.max(longest, await stall(redis));
      await pause(BETWEEN, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  return async () => {
    isOver = true;
    over.abort();
    await looking;
    return longest;
  };
}

/** Has the server log what takes long from now on; returns a function that tells `{ ms, command }`, longest first. */
export async function slowCommands(db, slow = SLOW) {
  await db.config("SET", "slowlog-max-len", LOGGED);
  await db.config("SET", "slowlog-log-slower-than", slow);
  await db.slowlog("RESET");
  return async () => {
    const log = await db.slowlog("GET", LOGGED);
    const seen = log.map(([, , micros, words]) => ({ ms: micros / 1000, command: words.slice(0, 2).join(" ") }));
    await db.config("SET", "slowlog-log-slower-than", -1);
    await db.slowlog("RESET");
    return seen.sort((a, b) => b.ms - a.ms);
  };
}

/**
 * Runs `work` beside live calls on the store `tableName`, or on plain keys where there is no name. Tells the trial what it
 * took, and that the promise is broken where a command held the server for longer than `limit` ms and the machine's own
 * stall together, or where a live call failed or was lost. Returns what `work` says, and the live requests' ids.
 */
export async function held(trial, redis, { tableName = "", limit, waits = Infinity }, work) {
  const { sample, tally, fault } = trial;
  const bystander = await helper(trial, "bystander.mjs", [redis.port, tableName]);
  if (!isShort(trial)) await Promise.all([redis.pid, bystander.pid].map(prefer));
  const watched = isShort(trial) ? undefined : watchStall(redis);
  await bystander.do("begin");
  const slow = await slowCommands(redis.client());
  const said = await work();
  const commands = await slow();
  const machine = (await watched?.()) ?? 0;
  const { calls, p99, worst, failures, lost, ids } = await bystander.do("finish");
  for (const text of failures) fault("a live call failed", text);
  for (const text of lost) fault("a live call was acknowledged and is lost", text);
  tally("live calls meanwhile", calls);
  if (isShort(trial)) return { said, ids };
  const [longest] = commands;
  sample("longest command, ms", longest?.ms ?? 0);
  tally("commands above 5 ms", commands.filter(({ ms }) => ms > 5).length);
  sample("the machine's own stall, ms", machine);
  sample("live calls' p99, ms", p99);
  sample("live calls' worst, ms", worst);
  if (longest?.ms > limit + machine)
    fault("a command held the server too long", `${longest.ms} ms: ${longest.command}`);
  if (p99 > waits + machine) fault("live calls waited too long", `${p99} ms`);
  return { said, ids };
}
