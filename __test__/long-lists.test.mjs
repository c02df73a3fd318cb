// Of a long result the first records come to JavaScript while the next ones are still read. It must not show.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { cursorOf, fill, idsOf, pages, series } from "./support/inbox.mjs";
import { withProxy } from "./support/proxy.mjs";
import { entry } from "./support/records.mjs";
import { keysOf, withStores } from "./support/store.mjs";

const COUNT = 240;
/** So that a command reads forty of them, and 24 MB make a list: as much as one of two may have ahead. */
const SIZE = 100_000;

const { server, db, store, client } = await withStores();
const proxy = await withProxy(server);
const far = server.client({ port: proxy.port, lazyConnect: true, retryStrategy: () => 0 });

const TABLE = "long";
const keys = keysOf(TABLE);
const entries = series(COUNT, { context: { text: "x".repeat(SIZE) } });
const inOrder = entries.map(([id]) => id);
await fill(
  db,
  keys,
  entries.map(([id, ms, fields]) => [id, ms, { ...fields, batchId: "b", batchIndex: ms }]),
);
const state = new IoredisState(client, { tableName: TABLE });
for (const [id, ms] of entries) {
  const createdAt = new Date(ms).toISOString();
  await state.appendTimeline(entry({ id, threadId: "t", createdAt, detail: "x".repeat(SIZE) }));
}

const READS = {
  list: (from) => from.list({ limit: COUNT }).then(({ items }) => items.reverse()),
  listByBatch: (from) => from.listByBatch("b"),
  timeline: (from) => from.timeline("t"),
};

/** Every record once, in order and whole. */
function assertWhole(records) {
  assert.deepEqual(idsOf(records), inOrder);
  assert.ok(records.every(({ context, detail }) => (context?.text ?? detail).length === SIZE));
}

for (const [name, read] of Object.entries(READS)) {
  test(`${name}: 24 MB are whole`, async () => {
    assertWhole(await read(state));
  });

  test(`${name}: 24 MB are whole where the connection is lost on the way`, async () => {
    const remote = new IoredisState(far, { tableName: TABLE });
    const { replyBytes } = await proxy.measure(() => read(remote));
    for (const part of [0.2, 0.5, 0.9]) {
      const fault = proxy.cutReplyAfter(Math.floor(replyBytes * part));
      const records = await read(remote);
      assert.ok(fault.happened);
      assertWhole(records);
    }
  });
}

test("six at once, of which not all may have something ahead, are whole", async () => {
  const reads = [...Object.values(READS), ...Object.values(READS)];
  const results = await Promise.all(reads.map((read) => read(state)));
  for (const records of results) assertWhole(records);
  assertWhole(await READS.list(state));
});

test("a long page ends with the cursor of its last record", async () => {
  const [first, ...others] = await pages(state, { limit: COUNT - 1 });
  assert.equal(first.length, COUNT - 1);
  assert.deepEqual(others.map(idsOf), [[inOrder[0]]]);
  const { nextCursor } = await state.list({ limit: COUNT - 1 });
  assert.equal(nextCursor, cursorOf(first.at(-1)));
});

test("what came ahead of a failure is nobody's: neither of that call, nor of the next one", async () => {
  const { state: own, keys: ownKeys } = store();
  const items = entries.map(([id, ms, fields]) => [id, ms, { ...fields, batchId: "b", batchIndex: ms }]);
  await fill(db, ownKeys, items);
  const last = inOrder.at(-1);
  const record = await db.get(ownKeys.request(last));
  await db.set(ownKeys.request(last), record.slice(0, -1));
  await refuses(own.listByBatch("b"), "CORRUPT_RECORD");
  await db.set(ownKeys.request(last), record);
  // This call has the ticket of the one that failed.
  assert.deepEqual(await own.timeline("t"), []);
  assertWhole(await READS.listByBatch(own));
});
