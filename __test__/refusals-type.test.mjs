// A key of a write has another type: the call rejects with the server's WRONGTYPE and writes nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { snapshot } from "./support/layout.mjs";
import { withStores } from "./support/store.mjs";
import { WRITES } from "./support/writes.mjs";

const WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";

const stores = await withStores();
const { db } = stores;

/** Puts a hash, which no key of a store is, in the place of `key` while `work` runs. */
async function withHash(key, work) {
  const exists = (await db.exists(key)) === 1;
  if (exists) await db.rename(key, `aside:${key}`);
  await db.hset(key, "field", "somebody else's value");
  await work();
  await db.del(key);
  if (exists) await db.rename(`aside:${key}`, key);
}

for (const write of WRITES) {
  test(`${write.name}: a key of the wrong type, each in turn, is WRONGTYPE and nothing is half-written`, async () => {
    const { state, keys } = stores.store();
    await state.ensureSchema();
    await write.prepare(state, "w", db, keys);
    // Each shared index exists, so that it is its type that matters and not its absence.
    await WRITES[0].call(state, "other");
    await WRITES.find(({ name }) => name === "resolve").call(state, "other");
    for (const key of write.keys(keys, "w")) {
      await withHash(key, async () => {
        const before = await snapshot(db, keys.prefix);
        const error = await refuses(write.call(state, "w"), "WRONGTYPE");
        assert.ok(error.message.startsWith(WRONGTYPE), `${key}: ${error.message}`);
        assert.notEqual(error.ambiguous, true);
        assert.deepEqual(
          await snapshot(db, keys.prefix),
          before,
          `${key} of the wrong type, and something was written`,
        );
      });
    }
    await write.call(state, "w");
    assert.equal(await write.took(state, "w"), true);
    sound(await violations(db, keys.prefix));
  });
}

test("a ledger of the wrong type is WRONGTYPE for ensureSchema and for a first call, and is not remembered", async () => {
  const { client, keys, tableName } = stores.store();
  await db.hset(keys.migrations, "field", "somebody else's value");
  const before = await snapshot(db, keys.prefix);
  const state = new IoredisState(client, { tableName });
  await refuses(state.ensureSchema(), "WRONGTYPE", new RegExp(`^${WRONGTYPE}`));
  await refuses(WRITES[0].call(state, "w"), "WRONGTYPE", new RegExp(`^${WRONGTYPE}`));
  assert.deepEqual(await snapshot(db, keys.prefix), before);
  await db.del(keys.migrations);
  await WRITES[0].call(state, "w");
  sound(await violations(db, keys.prefix));
});
