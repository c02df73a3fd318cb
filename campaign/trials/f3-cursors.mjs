// F3: cursors that no page has ever ended with: cut off, of other stores, huge, no UTF-8, without a date.

import { isDeepStrictEqual } from "node:util";
import { verdict } from "../../__test__/support/assertions.mjs";
import { at, cursorOf, fill, idsOf } from "../../__test__/support/inbox.mjs";
import { keysOf, scoresOf } from "../../__test__/support/layout.mjs";
import { monitored } from "../../__test__/support/monitor.mjs";
import { numbered } from "../../__test__/support/writes.mjs";

const TABLE = "f3";
const REQUESTS = 3000;
const LIMIT = 5;

/** Rows of indexes and records that one page may read: a window of some 64, whatever it shows, or a search by halves. */
const MAX_ROWS = 80;

const encode = (text) => Buffer.from(text).toString("base64url");

/** Half of them at one instant: there the id decides. */
const entries = () => Array.from({ length: REQUESTS }, (_, n) => [numbered(n), n % 2 ? 5000 : n]);

const DATES = [
  ...["", " ", "NaN", "now", "2026", "1999", "0", "-1", "1e400", "2026-13-01", "2026-01-01T00:00:05", "01 Jan 2026"],
  ...["+275760-09-13T00:00:00.000Z", "+275760-09-13T00:00:00.001Z", "-271821-04-20T00:00:00.000Z", "__proto__", "é"],
];
const IDS = ["", "|", "a|b", "\0", "zzz", "__proto__", "🙂", "\uffff", "\ufffd", "n", "n9999999", "*", "'); --"];

/** Each way to make a cursor that is none of ours, from one that is. */
const WAYS = {
  whole: (cursor) => cursor,
  truncated: (cursor, { below }) => cursor.slice(0, below(cursor.length)),
  beheaded: (cursor, { below }) => cursor.slice(below(cursor.length)),
  changed(cursor, { below, pick }) {
    const place = below(cursor.length);
    return cursor.slice(0, place) + pick([..."AZaz09-_+/=!|%\0é\ud800"]) + cursor.slice(place + 1);
  },
  "in the other alphabet": (cursor) => `${Buffer.from(cursor, "base64url").toString("base64")}\n`,
  foreign: (_, { pick, below }) => encode(`${at(below(9000) - 1000)}|${pick(IDS)}`),
  "without a date": (_, { pick, below }) => encode(`${pick(DATES)}|${pick([...IDS, numbered(below(REQUESTS))])}`),
  "no UTF-8": (_, { below, between }) =>
    Buffer.from(Array.from({ length: between(1, 60) }, () => (below(9) ? below(256) : 124))).toString("base64url"),
  huge: (cursor, { pick, between }) =>
    pick([encode(`${at(5000)}|${"x".repeat(between(1e4, 1e6))}`), cursor + "A".repeat(between(1e4, 1e6))]),
  words: (_, { pick }) => pick(["null", "undefined", "0", "-1", "[object Object]", "*1\r\n$4\r\nPING\r\n", "|", "…"]),
};

/** What a cursor stands for, by the contract: ids of its page and whether there are more; `null` where it is none. */
function pageBehind(cursor, rows, scores) {
  let from = 0;
  if (cursor !== "") {
    const text = Buffer.from(cursor, "base64url").toString();
    const bar = text.indexOf("|");
    const id = text.slice(bar + 1);
    const score = scores.get(id) ?? Date.parse(text.slice(0, bar));
    if (bar === -1 || Number.isNaN(score)) return null;
    const isBehind = ([other, its]) =>
      its < score || (its === score && Buffer.compare(...[other, id].map(Buffer.from)) < 0);
    from = rows.findIndex(isBehind);
    if (from === -1) from = rows.length;
  }
  return { ids: rows.slice(from, from + LIMIT).map(([id]) => id), isLast: rows.length <= from + LIMIT };
}

/** How many rows and records these commands have asked for, those of scripts included. */
function rowsOf(commands) {
  let rows = 0;
  for (const { name, words } of commands) {
    const limit = words.findIndex((word) => /^limit$/i.test(word));
    if (name === "MGET") rows += words.length - 1;
    else if (limit !== -1) rows += Number(words[limit + 2]);
    else if (/^Z(REV)?RANGE$/.test(name)) rows += words[3] < 0 ? REQUESTS : words[3] - words[2] + 1;
    else if (/^(KEYS|SMEMBERS|[SZ]?SCAN|Z(REV)?RANGEBYSCORE)$/.test(name)) rows += REQUESTS;
  }
  return rows;
}

export const trial = {
  id: "F3",
  title: "Cursors that no page has ended with",
  promise: "each is refused by name or answers the page that it stands for, and neither reads more than a page",
  unit: "cursors",
  full: 2000,
  shard: 1000,
  short: 60,
  javascript: { full: 1000, short: 60, breaks: true },
  async run({ count, chance, open, server, fault, did, tally, sample }) {
    const redis = await server();
    const db = redis.client();
    const keys = keysOf(TABLE);
    await fill(db, keys, entries());
    const ends = [...entries().slice(0, 50), ...entries().slice(-50)];
    const rows = (await scoresOf(db, keys.all)).reverse();
    const scores = new Map(rows);
    const state = open(redis.client(), TABLE);
    await state.list();
    for (let n = 0; n < count; n++) {
      const [id, ms] = chance.pick(ends);
      const way = chance.pick(Object.keys(WAYS));
      const cursor = WAYS[way](cursorOf({ createdAt: at(ms), id }), chance);
      const where = `${way}, ${JSON.stringify(cursor).slice(0, 200)}`;
      const expected = pageBehind(cursor, rows, scores);
      const { value, commands } = await monitored(redis, () => verdict(state.list({ limit: LIMIT, cursor })));
      if (value.error) {
        const isNamed = value.error.message === `Invalid inbox cursor "${cursor}"`;
        if (!isNamed) fault("an error that does not name the cursor", `${where}: ${value.error.message}`);
        if (expected) fault("a cursor with a meaning is refused", where);
        tally("refused");
      } else if (expected === null) {
        fault("a cursor without a meaning is taken", where);
      } else {
        const seen = { ids: idsOf(value.value.items), isLast: value.value.nextCursor === undefined };
        if (!isDeepStrictEqual(seen, expected)) fault("another page than the one behind the cursor", where);
      }
      const read = rowsOf(commands);
      if (read > MAX_ROWS) fault("more is read than a page needs", `${where}: ${read} rows`);
      sample("rows read", read);
      did();
    }
  },
};
