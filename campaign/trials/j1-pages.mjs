// J1: what a page, a deep page, a request and a number cost the server in a large store.

import { median } from "../../benchmark/statistics.mjs";
import { slowCommands } from "../support/held.mjs";
import { cursorAt, fillLarge, idOf, PENDING_EVERY, TEAMS } from "../support/large-store.mjs";

const TABLE = "j1";
const PAGE = 50;

/** How many pages are in front of the deep one. */
const DEEP = 999;

/** How often each call is made. */
const TIMES = 200;

/** The longest that one command may hold the server, in ms, and how many first pages a deep one may cost. */
const LIMIT = 5;
const DEARER = 1.5;

/** Behind which request the deep page of an index begins that has one in `every` requests, and is long enough. */
const deep = (count, every) => count - every * Math.min(DEEP * PAGE, Math.floor(count / every / 2));

/** What is called; the deep pages are compared with the first ones of the same filter. */
function callsIn(count) {
  const page = (filter) => (state) => state.list({ ...filter, limit: PAGE });
  const deepPage = (filter, every) => page({ ...filter, cursor: cursorAt(deep(count, every)) });
  const pending = { status: "pending" };
  const team = { namespace: "team-0", status: "resolved" };
  return {
    "first page": page({}),
    "1,000th page": deepPage({}, 1),
    "first page of those pending": page(pending),
    "1,000th page of those pending": deepPage(pending, PENDING_EVERY),
    "first page of a namespace": page(team),
    // Of a namespace's requests about three in four are resolved.
    "1,000th page of a namespace": deepPage(team, 1.5 * TEAMS),
    get: (state, n) => state.get(idOf((n * 7919) % count)),
    count: (state) => state.count(pending),
  };
}

export const trial = {
  id: "J1",
  title: "Pages, requests and counts in a million requests",
  promise: "the 1,000th page costs the server no more than 1.5 times the first, and no command more than 5 ms",
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
    const usual = {};
    for (const [name, call] of Object.entries(callsIn(count))) {
      const costs = [];
      let longest = { ms: 0 };
      for (let n = 0; n < TIMES; n++) {
        const commands = await slowCommands(db, 0);
        const { items } = await call(state, n);
        if (name.includes("page") && items.length !== PAGE) fault("a page is not full", `${name}: ${items.length}`);
        const seen = (await commands()).filter(({ command }) => !/^(config|slowlog)/i.test(command));
        costs.push(seen.reduce((sum, { ms }) => sum + ms, 0));
        if (seen[0]?.ms > longest.ms) [longest] = seen;
      }
      usual[name] = median(costs);
      sample(`${name}, ms of the server`, usual[name]);
      sample(`${name}, its longest command, ms`, longest.ms);
      if (usual[name] > LIMIT) fault("a call holds the server too long", `${name}: ${usual[name]} ms`);
    }
    // A difference of some µs is none: in a small store they are all there is.
    for (const [name, cost] of Object.entries(usual).filter(([name]) => name.startsWith("1,000th"))) {
      const first = usual[name.replace("1,000th", "first")];
      if (cost > DEARER * first && cost > first + 0.1) fault("a deep page is dear", `${name}: ${cost} ms, ${first} ms`);
    }
    did(count);
  },
};
