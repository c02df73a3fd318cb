// A1b: the same races, where the server's ACL refuses scripts. The JavaScript version takes another way then.

import { request } from "../../__test__/support/records.mjs";
import { each, numbered } from "../../__test__/support/writes.mjs";
import { race } from "../support/races.mjs";

const TABLE = "a1b";
const USER = { username: "approvals", password: "scriptless" };

export const trial = {
  id: "A1b",
  title: "The same races, where the server refuses scripts",
  promise: "nobody is told that he has won without having done so: each call is refused with the server's words",
  unit: "races",
  full: 5000,
  shard: 5000,
  short: 200,
  javascript: { full: 1000, short: 100, breaks: true },
  async run(trial) {
    const { side, count, open, server, fault, did } = trial;
    const redis = await server();
    const db = redis.client();
    await db.acl("SETUSER", USER.username, "on", `>${USER.password}`, "~*", "&*", "+@all", "-eval", "-evalsha");
    const state = open(db, TABLE);
    await state.ensureSchema();
    const ids = Array.from({ length: count }, (_, n) => numbered(n));
    await each(ids, (id) => state.create(request({ id })));

    await race(trial, { connection: { port: redis.port, ...USER }, tableName: TABLE, ids }, async (round, racers) => {
      const wins = new Map();
      for (const { won, refused } of racers) {
        for (const id of won) wins.set(id, (wins.get(id) ?? 0) + 1);
        for (const [id, code, message] of refused) {
          if (side === "native" && !/^NOPERM .*eval/i.test(message))
            fault("the refusal is unclear", `${id}: ${code} ${message}`);
        }
      }
      for (const [id, number] of wins) if (number > 1) fault("two win", `${id}: ${number} winners`);
      await each(round, async (id) => {
        const { status } = await state.get(id);
        if ((status === "resolved") !== wins.has(id)) fault("the verdict is not the truth", `${id} is ${status}`);
        if (side === "native" && status === "resolved") fault("a decision without a script", id);
      });
      did(round.length);
    });
  },
};
