// CONTRACT section 5, list: cursors, ours and those of JS.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses } from "./support/assertions.mjs";
import { at, cursorOf, fill, idsOf, pages, series } from "./support/inbox.mjs";
import { JavascriptVersion } from "./support/javascript-version.mjs";
import { seeded } from "./support/random.mjs";
import { request, stored } from "./support/records.mjs";
import { withStores } from "./support/store.mjs";

const { db, store } = await withStores();

async function inbox(entries) {
  const it = store();
  return { ...it, javascript: await fill(db, it.keys, entries) };
}

const encode = (text) => Buffer.from(text).toString("base64url");

test("nextCursor is base64url of <createdAt>|<id> of the last item", async () => {
  const { state } = await inbox([
    ["é|🙂", 3],
    ["b", 2],
    ["c", 1],
  ]);
  const { items, nextCursor } = await state.list({ limit: 1 });
  assert.equal(nextCursor, Buffer.from(`${items[0].createdAt}|é|🙂`).toString("base64url"));
});

test("a cursor is split at its first bar: ids may have bars", async () => {
  const entries = [
    ["|", 5],
    ["a|b|c", 4],
    ["||", 4],
    ["x|", 3],
  ];
  const { state } = await inbox(entries);
  assert.deepEqual((await pages(state, { limit: 1 })).flatMap(idsOf), ["|", "||", "a|b|c", "x|"]);
});

/** The place of an id: newest first, then id descending. */
function order(id, entries) {
  const sorted = [...entries].sort((a, b) => b[1] - a[1] || Buffer.compare(Buffer.from(b[0]), Buffer.from(a[0])));
  return sorted.findIndex(([other]) => other === id);
}

test("cursors of JS are accepted, and JS accepts ours", async () => {
  const { state, javascript } = await inbox(series(25));
  const expected = series(25)
    .map(([id]) => id)
    .reverse();
  let page = await javascript.list({ limit: 5 });
  const found = [...idsOf(page.items)];
  for (const next of [state, javascript, state, state, javascript]) {
    if (page.nextCursor === undefined) break;
    page = await next.list({ limit: 5, cursor: page.nextCursor });
    found.push(...idsOf(page.items));
  }
  assert.deepEqual(found, expected);
  const [last] = (await state.list({ limit: 1 })).items;
  assert.equal((await state.list({ limit: 1 })).nextCursor, JavascriptVersion.cursor(last));
});

test("the position is the score in the listed index, not the record's time: entries with score 0 page to the end", async () => {
  const it = store();
  await fill(db, it.keys, series(30));
  for (let i = 0; i < 20; i++) await db.zadd(it.keys.all, 0, `r00${String(i).padStart(2, "0")}`);
  const expected = series(30)
    .map(([id]) => id)
    .reverse();
  for (const limit of [1, 3, 7, 20]) {
    assert.deepEqual((await pages(it.state, { limit }, 40)).flatMap(idsOf), expected, `pages of ${limit}`);
  }
});

test("entries whose createdAt is no date page to the end by their score", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  for (const id of ["a", "b", "c", "d"]) {
    await db.set(keys.request(id), stored("request", { ...request({ id }), status: "pending", createdAt: "long ago" }));
    await db.zadd(keys.all, 0, id);
  }
  assert.deepEqual((await pages(state, { limit: 1 }, 10)).flatMap(idsOf), ["d", "c", "b", "a"]);
});

test("entries without createdAt page to the end by their score", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  for (const id of ["a", "b", "c", "d"]) {
    await db.set(keys.request(id), stored("request", { ...request({ id }), status: "pending" }));
    await db.zadd(keys.all, 0, id);
  }
  assert.deepEqual((await pages(state, { limit: 1 }, 10)).flatMap(idsOf), ["d", "c", "b", "a"]);
});

test("scores with fractions, negative and beyond 2^53 keep their place", async () => {
  const it = store();
  await fill(db, it.keys, series(7));
  const scores = [-5, -0.5, 0.1, 1700000000000.25, 2 ** 53 + 2, 1e300, 1700000000000.5];
  for (const [i, score] of scores.entries()) await db.zadd(it.keys.all, score, `r000${i}`);
  const expected = [5, 4, 6, 3, 2, 1, 0].map((i) => `r000${i}`);
  assert.deepEqual((await pages(it.state, { limit: 1 }, 10)).flatMap(idsOf), expected);
});

test("infinite scores keep their place", async () => {
  const it = store();
  await fill(db, it.keys, series(4));
  await db.zadd(it.keys.all, "+inf", "r0000", "-inf", "r0003", "+inf", "r0001");
  assert.deepEqual((await pages(it.state, { limit: 1 }, 10)).flatMap(idsOf), ["r0001", "r0000", "r0002", "r0003"]);
});

test("each index has its own position for an id", async () => {
  const it = store();
  await fill(db, it.keys, series(5));
  await db.zadd(it.keys.status("pending"), Date.parse(at(10)), "r0001");
  const filter = { status: "pending", limit: 1 };
  assert.deepEqual((await pages(it.state, filter, 10)).flatMap(idsOf), ["r0001", "r0004", "r0003", "r0002", "r0000"]);
  assert.deepEqual((await pages(it.state, { limit: 1 }, 10)).flatMap(idsOf), [
    "r0004",
    "r0003",
    "r0002",
    "r0001",
    "r0000",
  ]);
});

test("an id that is absent from the index stands at its date", async () => {
  const { state } = await inbox(series(5));
  const after = async (cursor) => idsOf((await state.list({ cursor: encode(cursor) })).items);
  assert.deepEqual(await after(`${at(3)}|zzz`), ["r0003", "r0002", "r0001", "r0000"]);
  assert.deepEqual(await after(`${at(3)}|a`), ["r0002", "r0001", "r0000"]);
  assert.deepEqual(await after(`${at(3)}|`), ["r0002", "r0001", "r0000"]);
  assert.deepEqual(await after(`2027|x`), ["r0004", "r0003", "r0002", "r0001", "r0000"]);
  assert.deepEqual(await after(`1999|x`), []);
  assert.deepEqual(await after(`Thu, 01 Jan 2026 00:00:00 GMT|x`), ["r0000"]);
});

test("a request that is resolved while somebody pages through pending loses and repeats nothing", async () => {
  const { state } = await inbox(series(6));
  const first = await state.list({ status: "pending", limit: 2 });
  await state.resolve("r0004", { type: "TIMED_OUT", id: "r0004", externalRef: "x" });
  const rest = await state.list({ status: "pending", cursor: first.nextCursor });
  assert.deepEqual(idsOf(rest.items), ["r0003", "r0002", "r0001", "r0000"]);
});

test("a cursor is decoded as leniently as Node's base64url", async () => {
  const { state } = await inbox([
    ["a", 1],
    ["b", 2],
    ["ÿþý???>>>", 3],
  ]);
  const { nextCursor } = await state.list({ limit: 1 });
  const standard = Buffer.from(nextCursor, "base64url").toString("base64");
  assert.notEqual(standard, nextCursor, "this cursor has characters in which the alphabets differ");
  const middle = nextCursor.length >> 1;
  const variants = [
    standard,
    `${nextCursor}=`,
    `${nextCursor}==`,
    `${nextCursor.slice(0, middle)}\n ${nextCursor.slice(middle)}`,
    `${nextCursor.slice(0, middle)}!*é${nextCursor.slice(middle)}`,
    ` ${nextCursor}\t`,
  ];
  for (const cursor of variants) {
    assert.equal(Buffer.from(cursor, "base64url").toString(), Buffer.from(nextCursor, "base64url").toString());
    assert.deepEqual(idsOf((await state.list({ cursor })).items), ["b", "a"], cursor);
  }
});

for (const cursor of [undefined, null, ""]) {
  test(`the cursor ${JSON.stringify(cursor)} is none`, async () => {
    const { state } = await inbox(series(2));
    assert.deepEqual(idsOf((await state.list({ cursor })).items), ["r0001", "r0000"]);
  });
}

for (const cursor of [
  "x",
  "=",
  "....",
  "null",
  "\ud800",
  encode("2026-01-01T00:00:00.000Z"),
  encode("|"),
  encode("|x"),
  encode("yesterday|x"),
  encode("2026-13-01T00:00:00.000Z|x"),
  encode("NaN|r0009"),
  encode("+275760-09-13T00:00:00.001Z|x"),
  Buffer.from([0xff, 0xfe, 0x7c, 0xff]).toString("base64url"),
  "A".repeat(100_000),
]) {
  test(`the cursor ${JSON.stringify(cursor).slice(0, 50)} is invalid, and the error says which`, async () => {
    const { state } = await inbox(series(2));
    await refuses(state.list({ cursor }), "INVALID_CURSOR", `Invalid inbox cursor "${cursor}"`);
    await refuses(state.list({ cursor, status: "pending", namespace: "global" }), "INVALID_CURSOR");
  });
}

test("a cursor without a date is fine where its id is in the index", async () => {
  const { state } = await inbox(series(3));
  assert.deepEqual(idsOf((await state.list({ cursor: encode("|r0001") })).items), ["r0000"]);
  assert.deepEqual(idsOf((await state.list({ cursor: encode("yesterday|r0001") })).items), ["r0000"]);
});

test("seeded random pages over a random inbox: the cursors of any two page sizes meet", async () => {
  const { seed, random } = seeded();
  const entries = Array.from({ length: 200 }, (_, i) => [`r${i}`, Math.floor(random() * 40)]);
  const { state } = await inbox(entries);
  const expected = entries.map(([id]) => id).sort((a, b) => order(a, entries) - order(b, entries));
  const found = [];
  let cursor;
  do {
    const page = await state.list({ limit: 1 + Math.floor(random() * 20), cursor });
    found.push(...idsOf(page.items));
    if (page.nextCursor) assert.equal(page.nextCursor, cursorOf(page.items.at(-1)));
    cursor = page.nextCursor;
  } while (cursor);
  assert.deepEqual(found, expected, `seed ${seed}`);
});
