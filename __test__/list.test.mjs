// CONTRACT section 5, list: order, filters, limits, and pages that end where the inbox ends.

import assert from "node:assert/strict";
import { test } from "node:test";
import { at, cursorOf, fill, idsOf, pages, series } from "./support/inbox.mjs";
import { decision, request } from "./support/records.mjs";
import { withStores } from "./support/store.mjs";

const { server, db, store } = await withStores();

async function inbox(entries) {
  const it = store();
  return { ...it, javascript: await fill(db, it.keys, entries) };
}

test("newest first, ties by id descending in bytes", async () => {
  const { state } = await inbox([
    ["a", 5],
    ["b", 9],
    ["\u{1f600}", 7],
    ["\uffff", 7],
    ["c", 7],
    ["C", 7],
    ["é", 7],
    ["d", 1],
  ]);
  const { items, ...rest } = await state.list();
  assert.deepEqual(idsOf(items), ["b", "\u{1f600}", "\uffff", "é", "c", "C", "a", "d"]);
  assert.deepEqual(rest, {}, "no nextCursor, not even as undefined");
});

test("a list without requests is an empty page", async () => {
  const { state } = store();
  for (const filter of [undefined, null, {}, { status: "pending" }, { namespace: "x", limit: 1 }]) {
    assert.deepEqual(await state.list(filter), { items: [] });
  }
});

for (const [filter, expected] of [
  [{}, ["e", "d", "c", "b", "a"]],
  [{ status: "pending" }, ["d", "c", "a"]],
  [{ status: "resolved" }, ["e", "b"]],
  [{ status: "" }, ["e", "d", "c", "b", "a"]],
  [{ namespace: "team" }, ["d", "c", "b"]],
  [{ namespace: "" }, ["e", "d", "c", "b", "a"]],
  [{ namespace: "global" }, ["e", "a"]],
  [{ namespace: "team", status: "pending" }, ["d", "c"]],
  [{ namespace: "team", status: "resolved" }, ["b"]],
  [{ namespace: "team", status: "" }, ["d", "c", "b"]],
  [{ namespace: "", status: "resolved" }, ["e", "b"]],
  [{ status: "cancelled" }, []],
  [{ namespace: "none" }, []],
  [{ namespace: "team:status:pending" }, []],
  [{ namespace: "a b" }, []],
]) {
  test(`list(${JSON.stringify(filter)}) shows ${expected.join(" ") || "nothing"}`, async () => {
    const { state } = await inbox([
      ["a", 1],
      ["b", 2, { namespace: "team" }],
      ["c", 3, { namespace: "team" }],
      ["d", 4, { namespace: "team" }],
      ["e", 5, { namespace: undefined }],
    ]);
    await state.resolve("b", decision("b"));
    await state.resolve("e", decision("e"));
    const { items, nextCursor } = await state.list(filter);
    assert.deepEqual(idsOf(items), expected);
    assert.equal(nextCursor, undefined);
    assert.deepEqual(items, await Promise.all(expected.map((id) => state.get(id))));
    assert.deepEqual((await pages(state, { ...filter, limit: 1 })).flatMap(idsOf), expected);
  });
}

const sixty = series(60);
const big = await inbox(series(10_002));
const small = await inbox(sixty);
for (const [limit, expected] of [
  [undefined, 50],
  [null, 50],
  [Number.NaN, 50],
  [Number.POSITIVE_INFINITY, 50],
  [Number.NEGATIVE_INFINITY, 50],
  [0, 50],
  [-1, 50],
  [-0, 50],
  [0.999, 50],
  [1, 1],
  [1.999, 1],
  [7.5, 7],
  [59, 59],
]) {
  test(`limit ${limit}: a page of ${expected}`, async () => {
    const { items, nextCursor } = await small.state.list({ limit });
    assert.equal(items.length, expected);
    assert.equal(nextCursor, cursorOf(items.at(-1)));
  });
}

for (const limit of [60, 61, 1e9, 2 ** 53]) {
  test(`limit ${limit}: all 60, and no cursor`, async () => {
    const page = await small.state.list({ limit });
    assert.equal(page.items.length, 60);
    assert.ok(!("nextCursor" in page));
  });
}

for (const limit of [10_000, 10_001, 20_000, Number.MAX_VALUE]) {
  test(`limit ${limit}: at most 10,000, complete and in order`, async () => {
    const { items, nextCursor } = await big.state.list({ limit });
    assert.equal(items.length, 10_000);
    assert.deepEqual(idsOf(items.slice(0, 2)), ["r10001", "r10000"]);
    assert.ok(items.every((item, i) => i === 0 || item.createdAt < items[i - 1].createdAt));
    assert.equal(nextCursor, cursorOf(items.at(-1)));
    assert.deepEqual(idsOf((await big.state.list({ cursor: nextCursor })).items), ["r0001", "r0000"]);
  });
}

for (const limit of [1, 7, 50, 63, 64, 65, 999, 1000, 1001]) {
  test(`pages of ${limit} give the whole inbox once, and end with it`, async () => {
    const entries = series(limit < 50 ? 131 : 2 * limit);
    const { state } = await inbox(entries);
    const found = await pages(state, { limit });
    assert.deepEqual(found.flatMap(idsOf), entries.map(([id]) => id).reverse());
    assert.equal(found.length, Math.ceil(entries.length / limit), "an exactly full last page has no cursor");
  });
}

/** How many records each command reads while `work` runs. */
async function chunksOf(work) {
  const monitor = await server.client().monitor();
  const counts = [];
  monitor.on("monitor", (_, args) => {
    if (/^mget$/i.test(args[0])) counts.push(args.length - 1);
  });
  const value = await work();
  // The monitor has seen everything once it has seen this.
  const over = new Promise((resolve) => {
    monitor.on("monitor", (_, args) => args[0] === "echo" && args[1] === "over" && resolve());
  });
  await db.echo("over");
  await over;
  monitor.disconnect();
  return { value, counts };
}

test("no single command of a large page asks for more than 1,000 records and the one behind them", async () => {
  const { value, counts } = await chunksOf(() => big.state.list({ limit: 5000 }));
  assert.equal(value.items.length, 5000);
  assert.ok(counts.length > 0 && counts.every((count) => count <= 1001), `MGET of ${counts}`);
});

for (const [name, read] of [
  ["list", (state) => state.list({ limit: 120 }).then((page) => page.items.reverse())],
  ["listByBatch", (state) => state.listByBatch("b")],
]) {
  test(`${name}: 12 MB come complete and in order, at most 4 MB a command, also when nobody knows their sizes yet`, async () => {
    const size = 100_000;
    const entries = series(120, { context: { text: "x".repeat(size) }, batchId: "b" });
    const { state } = await inbox(entries.map(([id, ms, fields]) => [id, ms, { ...fields, batchIndex: ms }]));
    const { value, counts } = await chunksOf(() => read(state));
    assert.deepEqual(
      idsOf(value),
      entries.map(([id]) => id),
    );
    assert.ok(value.every((item) => item.context.text.length === size));
    assert.ok(counts.length > 0 && counts.every((count) => count * size <= 4 << 20), `MGET of ${counts}`);
  });
}

test("one timestamp for 300 requests: pages keep their place within it", async () => {
  const entries = series(300).map(([id]) => [id, 0]);
  const { state } = await inbox(entries);
  for (const limit of [1, 50, 100, 299]) {
    const found = await pages(state, { limit });
    assert.deepEqual(found.flatMap(idsOf), entries.map(([id]) => id).reverse(), `pages of ${limit}`);
  }
});

/** Ways in which an index entry has no record to show. */
const HOLES = {
  "whose record is gone": (db, keys, id) => db.del(keys.request(id)),
  "whose record is an empty string": (db, keys, id) => db.set(keys.request(id), ""),
  "whose record is corrupt": (db, keys, id) => db.set(keys.request(id), '{"id":'),
  "whose record has another status": (db, keys, id) =>
    db.set(keys.request(id), JSON.stringify({ ...request({ id }), status: "resolved", createdAt: at(0) })),
  "whose record has another namespace": (db, keys, id) =>
    db.set(
      keys.request(id),
      JSON.stringify({ ...request({ id, namespace: "other" }), status: "pending", createdAt: at(0) }),
    ),
};

for (const [name, pierce] of Object.entries(HOLES)) {
  for (const [where, holes] of [
    ["at the front", [9, 8, 7]],
    ["in the middle", [6, 4, 5]],
    ["at the end", [0, 1, 2]],
    ["everywhere but one", [9, 8, 7, 6, 5, 4, 2, 1, 0]],
    ["everywhere", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
  ]) {
    test(`index entries ${name}, ${where}, never shorten or end a page`, async () => {
      const { state, keys } = await inbox(series(10));
      for (const i of holes) await pierce(db, keys, `r000${i}`);
      const filter = { status: "pending", namespace: "global" };
      const expected = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].filter((i) => !holes.includes(i)).map((i) => `r000${i}`);
      for (const limit of [1, 2, 3, 10]) {
        const found = await pages(state, { ...filter, limit });
        assert.deepEqual(found.flatMap(idsOf), expected);
        assert.equal(found.length, Math.max(1, Math.ceil(expected.length / limit)), `pages of ${limit}`);
      }
    });
  }
}

test("3,000 holes in a row do not end a page", async () => {
  const { state, keys } = await inbox([
    ["old", 0],
    ["new", 5000],
  ]);
  const ghosts = Array.from({ length: 3000 }, (_, i) => [Date.parse(at(i + 1)), `ghost${i}`]).flat();
  await db.zadd(keys.all, ...ghosts);
  assert.deepEqual(idsOf((await state.list({ limit: 2 })).items), ["new", "old"]);
  const found = await pages(state, { limit: 1 });
  assert.deepEqual(found.map(idsOf), [["new"], ["old"]]);
});

test("a resolved id that JS left in a namespace's pending index is not shown as pending", async () => {
  const { state, keys } = await inbox([
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ]);
  await state.resolve("b", decision("b"));
  await db.zadd(keys.namespaceStatus("global", "pending"), Date.parse(at(2)), "b");
  assert.deepEqual(idsOf((await state.list({ namespace: "global", status: "pending", limit: 2 })).items), ["c", "a"]);
});

test("list writes nothing: not even where it meets holes", async () => {
  const { state, keys } = await inbox(series(5));
  await db.del(keys.request("r0002"));
  await state.list();
  assert.equal(await db.zcard(keys.all), 5);
});
