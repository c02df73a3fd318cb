// Maintenance of stores with records of any size: it needs the memory of one of them at a time, and finds and deletes
// what belongs to them as it does with small ones.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { decision, delivery, entry, request, stored } from "./support/records.mjs";
import { keysUnder, withStores } from "./support/store.mjs";
import { numbered } from "./support/writes.mjs";

const { db, store } = await withStores();

const MIB = 2 ** 20;
const CREATED = "2024-01-01T00:00:00.000Z";
const COUNT = 60;

/** What these records would take if they were in memory together is a multiple of it. */
const ROOM = 24 * MIB;

/** Stores a record with a megabyte in the place of `<large>`, which the server itself writes. */
const STORE = `
local start, stop = string.find(ARGV[1], '<large>', 1, true)
local filling = string.rep('x', ${MIB})
redis.call('SET', KEYS[1], string.sub(ARGV[1], 1, start - 1) .. filling .. string.sub(ARGV[1], stop + 1))`;

const storeLarge = (key, kind, record) => db.eval(STORE, 1, key, stored(kind, record));

/** A store with large requests, resolved long ago, each with a large timeline entry and a large delivery. */
async function fill(keys) {
  for (let n = 0; n < COUNT; n++) {
    const id = numbered(n);
    const created = { createdAt: CREATED, resolvedAt: CREATED, status: "resolved", result: decision(id) };
    const own = { externalId: `x-${id}`, externalIds: { slack: `x-${id}` } };
    await storeLarge(keys.request(id), "request", {
      ...request({ id, context: { text: "<large>" } }),
      ...own,
      ...created,
    });
    await storeLarge(keys.entry(`e-${id}`), "entry", entry({ id: `e-${id}`, threadId: id, message: "<large>" }));
    const told = delivery({
      id: `d-${id}`,
      groupId: id,
      message: "<large>",
      createdAt: CREATED,
      externalId: `n-${id}`,
    });
    await storeLarge(keys.delivery(told.id), "delivery", told);
  }
}

/** Runs `work` and returns by how many bytes more than ever before it made this process grow. */
async function growth(work) {
  const before = process.resourceUsage().maxRSS;
  await work();
  return (process.resourceUsage().maxRSS - before) * 1024;
}

test("180 records of a megabyte, of which every index is missing, are mended, purged and verified in the memory of a few", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  await fill(keys);

  const mending = await growth(async () => {
    const report = await state.verify({ repair: true });
    // Each request: its place among all, the token, an external id; its thread's entry; its delivery's external id.
    assert.equal(report.repaired, 5 * COUNT, JSON.stringify(report));
    assert.deepEqual(report.unrepaired, []);
    assert.equal((await state.verify()).found, 0);
  });
  assert.ok(mending < ROOM, `${mending / MIB} MiB`);
  assert.equal(await state.count({ status: "resolved", namespace: "global" }), COUNT);

  const purging = await growth(async () => {
    const purged = await state.purge({ resolvedBefore: new Date("2025-01-01") });
    assert.deepEqual(purged, {
      ...{ requests: COUNT, batches: 0, timelineEntries: COUNT, deliveries: COUNT, more: false },
    });
  });
  assert.ok(purging < ROOM, `${purging / MIB} MiB`);
  assert.deepEqual(await keysUnder(db, `${keys.prefix}:`), [keys.migrations]);
});

test("what an index says of a large record is mended by what its fields say", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  const large = (id, rest) => ({ ...request({ id, context: { text: "<large>" } }), createdAt: CREATED, ...rest });
  await storeLarge(keys.request("p"), "request", large("p", { status: "pending" }));
  const done = { status: "resolved", result: decision("r"), resolvedAt: CREATED };
  await storeLarge(keys.request("r"), "request", large("r", done));
  await db.zadd(keys.status("pending"), 1, "p", 1, "r");
  await db.zadd(keys.namespace("elsewhere"), 1, "p");
  await db.set(keys.token("strange"), "p");
  await state.verify({ repair: true });
  assert.equal((await state.verify()).found, 0);
  sound(await violations(db, keys.prefix));
});

test("a large record is known by its length and all but its user's values; what has changed is not it", async () => {
  const sealed = await readFile(new URL("../src/store/scripts/maintenance/sealed.lua", import.meta.url), "utf8");
  const refused = await readFile(new URL("../src/store/scripts/include/refused.lua", import.meta.url), "utf8");
  const script = `${refused}${sealed}
local holds, refusal = is_sealed(KEYS[1], ARGV[1])
return refusal or (holds and 1 or 0)`;
  const is = (seal) => db.eval(script, 1, "large", seal);
  const sha = (...texts) => createHash("sha1").update(texts.join("")).digest("hex");

  await db.set("large", "head-user-tail");
  assert.equal(await is(sha("head-user-tail")), 1);
  assert.equal(await is(sha("head-user-tail!")), 0);
  assert.equal(await is(""), 0);
  const seal = `${sha("head-", "-tail")} 14 0 4 9 13`;
  assert.equal(await is(seal), 1);
  for (const [text, holds] of [
    ["head-USER-tail", 1],
    ["head-user-tale", 0],
    ["heap-user-tail", 0],
    ["head-users-tail", 0],
  ]) {
    await db.set("large", text);
    assert.equal(await is(seal), holds, text);
  }
  await db.del("large");
  assert.equal(await is(seal), 0);
  assert.equal(await is(""), 1);
  await db.zadd("large", 1, "x");
  for (const known of [seal, "", sha("x")]) await assert.rejects(is(known), /WRONGTYPE/);
});
