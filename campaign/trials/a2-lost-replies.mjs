// A2: the server has executed a write, and its reply is lost with the connection. The write is sent again, and in the
// meantime somebody else may have wanted the same.

import { verdict } from "../../__test__/support/assertions.mjs";
import { keysOf } from "../../__test__/support/layout.mjs";
import { isOperation } from "../../__test__/support/proxy.mjs";
import { each, numbered, WRITES } from "../../__test__/support/writes.mjs";
import { behindProxy } from "../support/behind-proxy.mjs";
import { rivalOf } from "../support/rivals.mjs";
import { checkStore } from "../support/sound.mjs";

const PER_WRITE = 10_000;

/** At most so many calls are under way when a connection breaks. */
const AT_ONCE = 128;

/** When the rival calls: for most records never, for some at the same time, and for some when the reply is lost. */
const MOMENTS = ["never", "never", "at once", "after the loss"];

/** The operations' commands from the `skipped`th on, as `loseReplies` wants them named. */
function after(skipped) {
  let left = skipped;
  return (words) => isOperation(words) && left-- <= 0;
}

/** Compares what the callers were told about `id` with what the store holds. */
async function judge({ side, fault, tally }, { write, rival, state, id, own, others }) {
  const where = `${write.name}, ${id}`;
  const isOthers = rival !== undefined && (await rival.won(state, id));
  if (others) tally(isOthers ? "the rival came first" : "the rival came too late");
  if (isOthers) {
    if (!own.error) fault("told that it is done, and it is not", where);
    else if (side === "native" && own.error.code !== rival.tooLate)
      fault("a wrong refusal", `${where}: ${own.error.code}`);
    if (!others || others.error) fault("the rival is told that it is not done, and it is", where);
    return;
  }
  if (own.error) fault("told that it failed, and it is done", `${where}: ${own.error.message}`);
  if (others && !others.error) fault("both are told that it is theirs", where);
  try {
    if (!(await write.took(state, id))) fault("nothing is stored", where);
  } catch (error) {
    fault("something else is stored", `${where}: ${error.message}`);
  }
  if (write.again) {
    const { error } = await verdict(write.call(state, id));
    if (!error) fault("the same again is accepted", where);
  }
}

export const trial = {
  id: "A2",
  title: "Replies lost after the server has executed a write",
  promise: "each caller is told what has become of the write, and nothing is there twice",
  unit: "lost replies",
  full: PER_WRITE * WRITES.length,
  shard: (PER_WRITE * WRITES.length) / 4,
  short: 30 * WRITES.length,
  javascript: { full: 100 * WRITES.length, short: 10 * WRITES.length, breaks: true },
  async run(trial) {
    const { side, count, chance, open, tally, fault, did } = trial;
    const { proxy, db, connect } = await behindProxy(trial);
    const client = connect();

    for (const [number, write] of WRITES.entries()) {
      const tableName = `a2_${number}`;
      const [near, far] = [open(db, tableName), open(client, tableName)];
      await far.ensureSchema();
      // The JavaScript version's create overwrites, which other trials count.
      const isContested = side === "native" || write.again !== undefined;
      const rival = isContested ? rivalOf(write.name) : undefined;
      let next = 0;
      for (let left = count / WRITES.length; left > 0; ) {
        const ids = Array.from({ length: chance.between(1, AT_ONCE) }, () => numbered(next++));
        await each(ids, (id) => write.prepare(near, id, db, keysOf(tableName)));
        const lost = Math.min(left, chance.between(1, ids.length));
        const loss = proxy.loseReplies({ count: lost, match: after(chance.between(0, ids.length - lost)) });
        await Promise.all(
          ids.map(async (id) => {
            const moment = rival ? chance.pick(MOMENTS) : "never";
            const calling = verdict(write.call(far, id));
            if (moment === "after the loss") await loss.fired;
            const others = moment === "never" ? undefined : await verdict(rival.call(near, id));
            await judge(trial, { write, rival, state: near, id, own: await calling, others });
          }),
        );
        await loss.fired;
        tally("cuts");
        left -= lost;
        did(lost);
      }
      if (side === "native") await checkStore(fault, db, tableName);
    }
  },
};
