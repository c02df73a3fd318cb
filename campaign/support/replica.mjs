// One replica of a mixed fleet in a process of its own, which can be killed at any moment:
// `node replica.mjs <side> <port> <seed> [module of the published package]`.
//
// It is told `{ tableName, ids, calls, of, slot }`, makes so many calls about these requests, the last ones of `of`, and
// says of each when it began and how it ended, on a clock that all processes of the machine share. It goes through the
// requests in their order, as the others do at the same time, so that they meet at each.

import { Redis } from "ioredis5";
import { verdict } from "../../__test__/support/assertions.mjs";
import { chanceOf } from "../../__test__/support/random.mjs";
import { decision, entry, unique } from "../../__test__/support/records.mjs";
import { sideOf } from "../sides.mjs";

const AT_ONCE = 8;

/** How many requests are worked on at a time. */
const WINDOW = 6;

const [side, port, seed, published] = process.argv.slice(2);
const client = new Redis({ port: Number(port), host: "127.0.0.1" });
const open = await sideOf(side, published);
const chance = chanceOf(Number(seed));

const now = () => Number(process.hrtime.bigint()) / 1e6;

/** What a store answers that has accepted a decision before, or has not got the request. */
const isRefusal = ({ message }) => /is already resolved|Unknown human request/.test(message);

/** The calls and how often each is made, of a hundred. */
const CALLS = [
  [
    35,
    "setExternalId",
    (state, id, slot) => state.setExternalId(id, unique(`${slot}-${id}`), chance.pick([undefined, `plugin-${slot}`])),
  ],
  [25, "resolve", (state, id, slot) => state.resolve(id, decision(id, { by: { id: slot } }))],
  [25, "get", (state, id) => state.get(id)],
  [
    5,
    "appendTimeline",
    (state, id, slot) => state.appendTimeline(entry({ id: unique(`${slot}-${process.pid}`), threadId: id })),
  ],
  [5, "list", (state) => state.list({ status: "pending", limit: 100 })],
  [5, "count", (state) => state.count({ status: "pending" })],
];

/** Each call as often as its share says. */
const DRAWN = CALLS.flatMap(([share, ...call]) => Array(share).fill(call));

process.on("message", async ({ tableName, ids, calls, of, slot }) => {
  const state = open(client, tableName);
  const won = new Set();
  let left = calls;
  async function one() {
    const [call, make] = chance.pick(DRAWN);
    const place = Math.floor((1 - left / of) * ids.length) + chance.below(WINDOW);
    const id = ids[Math.min(place, ids.length - 1)];
    const known = new Set(won);
    const began = now();
    process.send({ call, id, began });
    const { value, error } = await verdict(make(state, id, slot));
    if (call === "resolve" && !error) won.add(id);
    const shown = call === "list" ? (value?.items ?? []) : call === "get" && value ? [value] : [];
    const undone = shown
      .filter((record) => known.has(record.id) && record.status !== "resolved")
      .map((record) => record.id);
    const failed = error && !isRefusal(error) ? error.message : undefined;
    process.send({ call, id, began, ended: now(), isDone: !error, undone, failed });
  }
  const work = async () => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  process.send({ isIdle: true });
});
// Whoever has started it is gone.
process.once("disconnect", () => process.exit());
await client.ping();
process.send({ isReady: true });
