// C5: calls keep coming while there is no server, or one that is silent. The package has no limit of its own for calls
// that wait: `commandTimeout` ends each of them, as do `maxRetriesPerRequest` and `enableOfflineQueue`, which the tests
// of a server that is down cover.

import { verdict } from "../../__test__/support/assertions.mjs";
import { request } from "../../__test__/support/records.mjs";
import { numbered } from "../../__test__/support/writes.mjs";
import { IoredisState } from "../../index.js";

/** The `commandTimeout`, in ms. */
const DEADLINE_MS = 1000;

/** How much earlier, or later than Node's own timer, a call may end. */
const MARGIN = 0.1 * DEADLINE_MS;

/** Calls that are made together. */
const WAVE = 1000;

/**
 * Calls from which on lateness and growth are judged, because the campaign leaves such a shard the machine, and by how
 * many bytes memory may grow in their second half.
 */
const MANY = 20_000;
const GROWTH = 8 * 1024 * 1024;

function memory() {
  globalThis.gc();
  return process.memoryUsage().rss;
}

/** A wave of calls that cannot succeed. */
async function wave({ side, fault, sample }, state, { first, count, what, isJudged }) {
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  const calls = Array.from({ length: count }, (_, n) => {
    const id = numbered(first + n);
    const call = n % 2 === 0 ? state.create(request({ id })) : state.get(id);
    return verdict(call).then(({ error }) => ({ error, after: elapsed() }));
  });
  const made = elapsed();
  const timer = new Promise((resolve) => setTimeout(() => resolve(elapsed()), DEADLINE_MS));
  const ended = await Promise.all(calls);
  // On a busy machine Node's own timers are late, too.
  const late = Math.max((await timer) - DEADLINE_MS, made);
  for (const { error, after } of ended) {
    if (!error) fault("a call succeeds without a server", what);
    else if (side === "native" && error.code !== "COMMAND_TIMEOUT")
      fault("a call ends with another error", error.message);
    if (what === "down" && error?.ambiguous) fault("a call that was never sent is told as ambiguous", what);
    if (after < DEADLINE_MS - MARGIN) fault("a call ends before its deadline", `after ${Math.round(after)} ms`);
    if (isJudged && after > DEADLINE_MS + late + MARGIN)
      fault("a call ends after its deadline", `after ${Math.round(after)} ms`);
  }
  sample(
    `the last call of ${count} ends, ms after its deadline of ${DEADLINE_MS}`,
    Math.max(...ended.map(({ after }) => after)) - DEADLINE_MS,
  );
}

/** A store that has met its server: a busy machine may need longer than the deadline for that. */
async function ready(open, client, tableName) {
  for (;;) {
    const state = open(client, tableName);
    if (!(await verdict(state.ensureSchema())).error) return state;
  }
}

export const trial = {
  id: "C5",
  title: "Calls keep coming while there is no server, or a silent one",
  promise: "each ends at its deadline, none is made later all the same, and memory stays flat",
  unit: "calls",
  full: 200_000,
  shard: 100_000,
  short: 2 * WAVE,
  javascript: { full: 4000, short: 2 * WAVE, breaks: true },
  alone: true,
  async run(trial) {
    const { count, open, server, fault, sample, did } = trial;
    const redis = await server({ persistence: "always" });
    const other = await server();
    const options = { commandTimeout: DEADLINE_MS, maxRetriesPerRequest: null, retryStrategy: () => 50 };
    const silent = await ready(open, other.client(options), "silent");
    const down = await ready(open, redis.client(options), "down");
    // Here is nobody; there the system takes what is sent, and nobody reads it.
    await redis.kill();
    other.signal("SIGSTOP");
    let [done, early] = [0, undefined];
    while (done < count) {
      const size = Math.min(WAVE, count - done);
      const isDown = (done / WAVE) % 2 === 0;
      const what = isDown ? "down" : "silent";
      await wave(trial, isDown ? down : silent, { first: done, count: size, what, isJudged: count >= MANY });
      done += size;
      did(size);
      if (done >= count / 2) early ??= memory();
    }
    if (count >= MANY) {
      const growth = memory() - early;
      sample("memory gained while calls cannot succeed, MiB", growth / 1024 / 1024);
      if (growth > GROWTH) fault("memory grows while calls cannot succeed", `${growth} bytes in ${count} calls`);
    }
    await redis.restart();
    const reader = new IoredisState(redis.client(), { tableName: "down" });
    const made = await reader.count();
    if (made > 0) fault("calls that were given up are made all the same", `${made} of them`);
    while ((await verdict(down.get("nobody"))).error);
  },
};
