// A6: what a call has sent reaches the server a second time, beside the first or later, on another connection: as by a
// client that sends again what it has no reply to. And somebody calls once more with the same payload.

import { verdict } from "../../__test__/support/assertions.mjs";
import { keysOf, snapshot } from "../../__test__/support/layout.mjs";
import { isOperation } from "../../__test__/support/proxy.mjs";
import { decision } from "../../__test__/support/records.mjs";
import { numbered, WRITES } from "../../__test__/support/writes.mjs";
import { behindProxy } from "../support/behind-proxy.mjs";
import { startReplay } from "../support/replay.mjs";
import { checkStore } from "../support/sound.mjs";

/** Records of one round. */
const ROUND = 32;

/** Writes after which the request may have been decided before they arrive again. */
const UNDECIDED = /^create$|^create of a batch item$|^setExternalId/;

/** The keys whose values differ. */
const changed = (before, after) =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );

export const trial = {
  id: "A6",
  title: "Every command arrives twice, and the same payload comes in a new call",
  promise: "a replay changes nothing and fails nowhere; a new call succeeds without effect, or is refused",
  unit: "replays",
  full: 100_000,
  shard: 50_000,
  short: 1500,
  javascript: { full: 2000, short: 800, breaks: true },
  async run(trial) {
    const { side, count, chance, open, atEnd, fault, tally, did } = trial;
    const { redis, proxy, db, connect } = await behindProxy(trial);
    const client = connect();
    const again = await startReplay(redis);
    atEnd(() => again.end());

    let left = count;
    const replay = async (bytes) => {
      if (left === 0) return;
      left -= 1;
      const reply = await again.send(bytes);
      if (String(reply).startsWith("-")) fault("a replay is refused", `${reply}`);
      did();
    };

    const succeeds = async (call, name) => {
      const { error } = await verdict(call);
      if (error) fault("a call fails because of a replay", `${name}: ${error.message}`);
    };

    for (let round = 0; left > 0; round++) {
      const write = WRITES[round % WRITES.length];
      const tableName = `a6_${round}`;
      const [near, far] = [open(db, tableName), open(client, tableName)];
      await far.ensureSchema();
      const ids = Array.from({ length: ROUND }, (_, n) => numbered(n));
      const [sent, beside] = [[], []];
      proxy.onCommand = (words, bytes) => {
        if (!isOperation(words)) return;
        sent.push(bytes);
        if (chance.below(4) === 0) beside.push(replay(bytes));
      };
      // With the reply lost, what arrives twice is what is sent again, too, which is marked as such.
      const loss = chance.below(2) === 0 ? proxy.loseReplies({ count: chance.between(1, ROUND / 2) }) : undefined;
      await Promise.all(
        ids.map(async (id) => {
          await write.prepare(far, id, db, keysOf(tableName));
          await succeeds(write.call(far, id), `${write.name}, ${id}`);
          const isDecided = UNDECIDED.test(write.name) && chance.below(2) === 0;
          if (isDecided) await succeeds(far.resolve(id, decision(id)), `the decision after ${write.name}, ${id}`);
        }),
      );
      await loss?.fired;
      proxy.onCommand = undefined;
      await Promise.all(beside);

      const before = await snapshot(db, `${tableName}:`);
      await Promise.all(chance.shuffled(sent).map(replay));
      const replayed = await snapshot(db, `${tableName}:`);
      for (const key of changed(before, replayed)) fault("a replay changes the store", `${write.name}: ${key}`);

      for (const id of ids) {
        const { error } = await verdict(write.call(near, id));
        tally(error ? "new calls refused" : "new calls without effect");
        if (side === "javascript" ? write.again && !error : error?.code !== write.again) {
          fault("a new call with the same payload gets a wrong answer", `${write.name}, ${id}: ${error?.message}`);
        }
      }
      for (const key of changed(replayed, await snapshot(db, `${tableName}:`))) {
        fault("a new call with the same payload changes the store", `${write.name}: ${key}`);
      }
      if (side === "native") await checkStore(fault, db, tableName);
    }
  },
};
