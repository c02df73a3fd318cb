// A1: eight connections in four processes decide the same requests.

import { request } from "../../__test__/support/records.mjs";
import { each, numbered } from "../../__test__/support/writes.mjs";
import { race } from "../support/races.mjs";
import { checkStore } from "../support/sound.mjs";

const TABLE = "a1";

export const trial = {
  id: "A1",
  title: "Eight connections in four processes decide one request",
  promise: "exactly one of them wins, its decision is the stored one, and all others are told that they came too late",
  unit: "races",
  full: 100_000,
  shard: 25_000,
  short: 2000,
  javascript: { full: 5000, short: 200, breaks: false },
  async run(trial) {
    const { side, count, open, server, fault, sample, did } = trial;
    const redis = await server();
    const state = open(redis.client(), TABLE);
    await state.ensureSchema();
    const ids = Array.from({ length: count }, (_, n) => numbered(n));
    await each(ids, (id) => state.create(request({ id })));

    const wins = new Map();
    await race(trial, { connection: { port: redis.port }, tableName: TABLE, ids }, async (round, racers) => {
      const winners = new Map(round.map((id) => [id, []]));
      for (const { name, won, refused } of racers) {
        wins.set(name, (wins.get(name) ?? 0) + won.length);
        for (const id of won) winners.get(id).push(name);
        for (const [id, code, message] of refused) {
          // The JavaScript version's errors have no codes.
          const isRight = side === "javascript" || code === "ALREADY_RESOLVED";
          if (!isRight || message !== `Human request "${id}" is already resolved`) {
            fault("a loser is told something else", `${id}: ${code} ${message}`);
          }
        }
      }
      await each(round, async (id) => {
        const { status, result } = await state.get(id);
        const [winner, ...others] = winners.get(id);
        if (winner === undefined) fault("nobody wins", `${id} is ${status}`);
        else if (others.length > 0) fault("two win", `${id}: ${winner} and ${others}`);
        else if (result?.by?.id !== winner) fault("the stored decision is not the winner's", id);
      });
      did(round.length);
    });
    // Of eight, each should win an eighth: a race that one always wins would be none.
    sample("share of the luckiest connection, %", (100 * Math.max(...wins.values())) / count);
    if (side === "native") await checkStore(fault, redis.client(), TABLE);
  },
};
