// CONTRACT section 5, timeline.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { entry } from "./support/records.mjs";
import { scoresOf, snapshot, withStores } from "./support/store.mjs";

const { db, store } = await withStores();

const at = (ms) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();

test("oldest first, ties by id ascending in bytes, each thread for itself", async () => {
  const { state, keys } = store();
  for (const [id, ms] of [
    ["c", 5],
    ["a", 9],
    ["\u{1f600}", 7],
    ["\uffff", 7],
    ["b", 7],
    ["B", 7],
    ["d", 1],
  ]) {
    await state.appendTimeline(entry({ id, createdAt: at(ms) }));
  }
  await state.appendTimeline(entry({ id: "other", threadId: "another" }));
  const order = (await state.timeline("thread")).map((event) => event.id);
  assert.deepEqual(order, ["d", "c", "B", "b", "\uffff", "\u{1f600}", "a"]);
  assert.deepEqual(
    (await state.timeline("another")).map((event) => event.id),
    ["other"],
  );
  sound(await violations(db, keys.prefix));
});

test("entries come back as they were given", async () => {
  const { state } = store();
  const events = [entry({ detail: { a: [], "": null } }), entry({ createdAt: "2026-01-02T03:04:05.007Z" })];
  for (const event of events) await state.appendTimeline(event);
  assert.deepEqual(await state.timeline("thread"), events);
});

test("an unknown thread is empty", async () => {
  assert.deepEqual(await store().state.timeline("nobody"), []);
});

for (const createdAt of [
  "2026-01-02T03:04:05.006Z",
  "2026-01-02T03:04:05.006789Z",
  "2026-01-02T03:04:05.9999Z",
  "2026-01-02T03:04:05+02:00",
  "2026-01-02T03:04:05.5-11:30",
  "2026-01-02T03:04:05",
  "2026-01-02T24:00:00Z",
  "2026-01-02T03:04Z",
  "2026-01-02",
  "2026-01",
  "2026",
  "0",
  "1",
  "32",
  "99",
  "2026/01/02",
  "1/2/26",
  "Jan 2, 2026",
  "2 January 2026 03:04:05 PM",
  "Fri, 02 Jan 2026 03:04:05 GMT",
  "Fri Jan 02 2026 03:04:05 GMT+0100 (Central European Standard Time)",
  "2026-01-02 03:04:05",
  "2026-01-02T03:04:05z",
  "2026-02-31T00:00:00Z",
  "2026-02-31",
  "Feb 31 2026",
  "(comment) 2026-01-02",
  "-271821-04-20T00:00:00.000Z",
  "+275760-09-13T00:00:00.000Z",
  "-000001-01-01T00:00:00Z",
  "1969-12-31T23:59:59.999Z",
  "1970-01-01T00:00:00.000Z",
]) {
  const score = Date.parse(createdAt);
  test(`the createdAt ${createdAt} ${Number.isNaN(score) ? "is refused, as V8 does" : "has V8's score"}`, async () => {
    const { state, keys } = store();
    const event = entry({ id: "e", createdAt });
    if (Number.isNaN(score)) {
      await refuses(state.appendTimeline(event), "INVALID_ARGUMENT", /createdAt/);
      return;
    }
    await state.appendTimeline(event);
    assert.deepEqual(await scoresOf(db, keys.thread("thread")), [["e", score]]);
    assert.deepEqual(await state.timeline("thread"), [event]);
  });
}

for (const createdAt of [
  undefined,
  null,
  "",
  "yesterday",
  "2026-13-01",
  "NaN",
  {},
  [],
  true,
  "+275760-09-13T00:00:00.001Z",
  "\ud800",
]) {
  if (!Number.isNaN(Date.parse(createdAt))) continue;
  test(`the createdAt ${JSON.stringify(createdAt)}, for which Date.parse is NaN, is refused and stores nothing`, async () => {
    const { state, keys } = store();
    await state.ensureSchema();
    const before = await snapshot(db, keys.prefix);
    await refuses(state.appendTimeline(entry({ createdAt })), "INVALID_ARGUMENT", /createdAt/);
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

test("the same id and bytes again: success, and nothing is written", async () => {
  const { state, keys } = store();
  const event = entry({ detail: { a: 1 } });
  await state.appendTimeline(event);
  const before = await snapshot(db, keys.prefix);
  await state.appendTimeline({ ...event, unknown: 1 });
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

for (const [field, value] of Object.entries({ threadId: "t2", message: "x", detail: { a: 2 }, createdAt: at(5) })) {
  test(`an id that exists with another ${field} is refused and changes nothing`, async () => {
    const { state, keys } = store();
    const event = entry({ detail: { a: 1 } });
    await state.appendTimeline(event);
    const before = await snapshot(db, keys.prefix);
    const message = `Timeline entry "${event.id}" already exists`;
    await refuses(state.appendTimeline({ ...event, [field]: value }), "ENTRY_EXISTS", message);
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const key of ["entry", "thread"]) {
  test(`all or nothing: the ${key} key of another type rejects and nothing is written`, async () => {
    const { state, keys } = store();
    await state.ensureSchema();
    const event = entry();
    await db.rpush(key === "entry" ? keys.entry(event.id) : keys.thread(event.threadId), "a");
    const before = await snapshot(db, keys.prefix);
    await refuses(state.appendTimeline(event), "WRONGTYPE");
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

test("holes are left out", async () => {
  const { state, keys } = store();
  for (const id of ["a", "b", "c"]) await state.appendTimeline(entry({ id }));
  await db.del(keys.entry("a"));
  await db.set(keys.entry("b"), "");
  assert.deepEqual(
    (await state.timeline("thread")).map((event) => event.id),
    ["c"],
  );
});

test("a thread of 2,500 entries, in order", async () => {
  const { state } = store();
  await Promise.all(
    Array.from({ length: 2500 }, (_, i) => state.appendTimeline(entry({ id: `e${i}`, createdAt: at(2500 - i) }))),
  );
  const times = (await state.timeline("thread")).map((event) => event.createdAt);
  assert.deepEqual(
    times,
    Array.from({ length: 2500 }, (_, i) => at(i + 1)),
  );
});
