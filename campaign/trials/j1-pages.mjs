// J1: what a page, a deep page, a request and a number cost the server in a large store.

import { median } from "../../benchmark/statistics.mjs";
import { isShort, slowCommands } from "../support/held.mjs";
import { cursorAt, fillLarge, idOf, PENDING_EVERY, TEAMS } from "../support/large-store.mjs";

const TABLE = "j1";
const PAGE = 50;

/** How many pages are in front of the deep one. */
const DEEP = 999;

/** How often each call is made. */
const TIMES = 200;

/** The longest that one call may hold the server, in ms, and how many first pages a deep one may cost its caller. */
const LIMIT = 5;
const DEARER = 1.5;

/** The request behind which the deep page of an index begins that has those whose number, by `every`, leaves `rest`. */
function deep(count, { every, rest }) {
  const behind = Math.min(DEEP * PAGE * every, count / 2);
  return every * Math.floor((count - behind) / every) + rest;
}

/** What is called; the deep pages are compared with the first ones of the same filter. */
function callsIn(count) {
  const page = (filter) => (state) => state.list({ ...filter, limit: PAGE });
  const deepPage = (filter, index) => page({ ...filter, cursor: cursorAt(deep(count, index)) });
  const pending = { status: "pending" };
  const team = { namespace: "team-0", status: "resolved" };
  return {
    "first page": page({}),
    "1,000th page": deepPage({}, { every: 1, rest: 0 }),
    "first page of those pending": page(pending),
    "1,000th page of those pending": deepPage(pending, { every: PENDING_EVERY, rest: 0 }),
    "first page of a namespace": page(team),
    // Of twenty requests two are the namespace's, and of these the second one is resolved.
    "1,000th page of a namespace": deepPage(team, { every: 2 * TEAMS, rest: TEAMS }),
    get: (state, n) => state.get(idOf((n * 7919) % count)),
    count: (state) => state.count(pending),
  };
}

/** One call: how long it took its caller and the server, and the longest command, in ms. */
async function measured(db, call) {
  const commands = await slowCommands(db, 0);
  const began = performance.now();
  const said = await call();
  const took = performance.now() - began;
  const seen = (await commands()).filter(({ command }) => !/^(config|slowlog)/i.test(command));
  return { said, took, held: seen.reduce((sum, { ms }) => sum + ms, 0), longest: seen[0]?.ms ?? 0 };
}

export const trial = {
  id: "J1",
  title: "Pages, requests and counts in a million requests",
  promise: "the 1,000th page costs no more than 1.5 times the first, and no call holds the server above 5 ms",
  unit: "requests",
  full: 1_000_000,
  shard: 1_000_000,
  short: 3000,
  alone: true,
  async run({ count, open, server, fault, did, sample }) {
    const redis = await server();
    const db = redis.client();
    await fillLarge(db, TABLE, { count });
    const state = open(redis.client(), TABLE);
    await state.count();
    const calls = Object.entries(callsIn(count));
    const seen = Object.fromEntries(calls.map(([name]) => [name, []]));
    // In turns, so that what else the machine does meets all of them.
    for (let n = 0; n < TIMES; n++) {
      for (const [name, call] of calls) {
        const one = await measured(db, () => call(state, n));
        const { items } = one.said ?? {};
        if (items && items.length !== PAGE) fault("a page is not full", `${name}: ${items.length}`);
        seen[name].push({ ...one, said: undefined });
      }
    }
    const usual = (name, what) => median(seen[name].map((one) => one[what]));
    for (const [name] of calls) {
      sample(`${name}, ms of its caller`, usual(name, "took"));
      sample(`${name}, ms of the server`, usual(name, "held"));
      sample(`${name}, its longest command, ms`, Math.max(...seen[name].map(({ longest }) => longest)));
      if (isShort({ count })) continue;
      if (usual(name, "held") > LIMIT) fault("a call holds the server too long", name);
      if (!name.startsWith("1,000th")) continue;
      const [deepOne, first] = [name, name.replace("1,000th", "first")].map((one) => usual(one, "took"));
      if (deepOne > DEARER * first) fault("a deep page is dear", `${name}: ${deepOne} ms, the first: ${first} ms`);
    }
    did(count);
  },
};
