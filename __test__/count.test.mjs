// CONTRACT section 5, count: the size of the index that the filter means.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decision, request } from "./support/records.mjs";
import { withStores } from "./support/store.mjs";

const { db, store } = await withStores();

async function inbox() {
  const it = store();
  for (const [id, namespace] of [
    ["a", "global"],
    ["b", "team"],
    ["c", "team"],
    ["d", "team"],
    ["e", undefined],
  ]) {
    await it.state.create(request({ id, namespace }));
  }
  await it.state.resolve("b", decision("b"));
  await it.state.resolve("e", decision("e"));
  return it;
}

for (const [filter, expected] of [
  [undefined, 5],
  [null, 5],
  [{}, 5],
  [{ status: "pending" }, 3],
  [{ status: "resolved" }, 2],
  [{ status: "" }, 5],
  [{ status: undefined, namespace: undefined }, 5],
  [{ namespace: "team" }, 3],
  [{ namespace: "global" }, 2],
  [{ namespace: "" }, 5],
  [{ namespace: "", status: "resolved" }, 2],
  [{ namespace: "team", status: "" }, 3],
  [{ namespace: "team", status: "pending" }, 2],
  [{ namespace: "team", status: "resolved" }, 1],
  [{ namespace: "global", status: "resolved" }, 1],
  [{ namespace: "none" }, 0],
  [{ status: "cancelled" }, 0],
  [{ status: "toString" }, 0],
  [{ namespace: "team", status: "cancelled" }, 0],
  [{ namespace: "team:status:pending" }, 0],
  [{ namespace: "\ud800" }, 0],
  [{ namespace: "te*" }, 0],
  [{ limit: 1, cursor: "x" }, 5],
]) {
  test(`count(${JSON.stringify(filter)}) is ${expected}`, async () => {
    const { state } = await inbox();
    assert.equal(await state.count(filter), expected);
  });
}

test("count is the cardinality of the index, whatever the records say", async () => {
  const { state, keys } = await inbox();
  await db.zadd(keys.all, 1, "ghost");
  await db.zadd(keys.namespaceStatus("team", "pending"), 1, "ghost");
  assert.equal(await state.count(), 6);
  assert.equal(await state.count({ namespace: "team", status: "pending" }), 3);
});

test("count without any request is 0", async () => {
  assert.equal(await store().state.count(), 0);
});
