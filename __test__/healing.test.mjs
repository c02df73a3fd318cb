// Healing, fault by fault: each fault of the JavaScript version is let happen as it happens (B1 to B17 of the reliability
// report), and `verify({ repair: true })` leaves the store that the records imply, or lists what only a person can decide.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { CAUSES } from "./support/causes.mjs";
import { violations } from "./support/invariants.mjs";
import { JavascriptVersion } from "./support/javascript-version.mjs";
import { load, missing, PATIENT } from "./support/load.mjs";
import { startProxy, withProxy } from "./support/proxy.mjs";
import { decision, request } from "./support/records.mjs";
import { startRedis } from "./support/redis.mjs";
import { keysOf, snapshot, withStores } from "./support/store.mjs";

const { server, db, store } = await withStores();
const proxy = await withProxy(server);

const counts = ({ findings }) => Object.fromEntries(findings.map(({ kind, found }) => [kind, found]));
const kindsOf = (listed) => listed.map(({ kind }) => kind).sort();

/** What is wrong with a store and follows from nothing that a report lists. */
function unexplained(violations, { unrepaired }) {
  const places = unrepaired.flatMap(({ key, id }) => (id === undefined ? [key] : [key, id]));
  return violations.filter((text) => !places.some((place) => text.includes(place)));
}

/** Requests that nothing is wrong with: a store has its indexes whatever becomes of others. */
async function settle(state) {
  for (const id of ["neighbour-1", "neighbour-2"]) await state.create(request({ id }));
  await state.resolve("neighbour-2", decision("neighbour-2"));
}

/** A store, ours and that of a JavaScript replica with a client of its own. */
function scene(options) {
  const it = store(options);
  const replica = (own = server.client()) => new JavascriptVersion(own, it.tableName);
  return {
    ...it,
    server,
    proxy,
    replica,
    javascript: replica(server.client({ keyPrefix: it.client.options.keyPrefix })),
  };
}

for (const { name, cause, found = {}, left = [], isWhole, keyPrefix, after } of CAUSES) {
  test(name, async () => {
    const it = scene(keyPrefix && { client: server.client({ keyPrefix }) });
    const { state, keys, tableName } = it;
    const everything = async () => [await snapshot(db, keys.prefix), await snapshot(db, tableName)];
    if (!isWhole) await settle(state);
    await cause(it);
    const damaged = await everything();
    const looked = await state.verify();
    if (found === null) assert.ok(looked.found > 0, "it has left no damage");
    else assert.deepEqual(counts(looked), found);
    assert.deepEqual(await everything(), damaged, "looking changes nothing");

    const mended = await state.verify({ repair: true });
    assert.deepEqual(kindsOf(mended.unrepaired), left);
    assert.deepEqual(unexplained(await violations(db, keys.prefix), mended), []);
    const healed = await everything();

    const again = await state.verify({ repair: true });
    assert.deepEqual(again.unrepaired, mended.unrepaired);
    assert.equal(again.repaired, 0);
    assert.deepEqual(await everything(), healed, "the second run changes nothing");
    await after?.(it);
  });
}

test("all of it in one store: healed beside live calls, while the server is killed again and again", async () => {
  const mortal = await startRedis({ persistence: "always" });
  const between = await startProxy(mortal);
  try {
    const tableName = "ward";
    const keys = keysOf(tableName);
    const admin = mortal.client(PATIENT);
    const state = new IoredisState(mortal.client(PATIENT), { tableName });
    await state.ensureSchema();
    const replica = (one = mortal.client()) => new JavascriptVersion(one, tableName);
    const it = { state, keys, tableName, db: admin, server: mortal, proxy: between, replica, javascript: replica() };
    const causes = CAUSES.filter(({ isWhole, keyPrefix }) => !isWhole && !keyPrefix);
    for (const { cause } of causes) await cause(it);

    const busy = load(() => mortal.client(PATIENT), tableName, { clients: 2, atOnce: 4 });
    const verifier = new IoredisState(mortal.client(PATIENT), { tableName });
    let cuts = 0;
    for (let round = 0; round < 4; round++) {
      await busy.more(50);
      const hasty = new IoredisState(mortal.client({ maxRetriesPerRequest: 0, retryStrategy: () => null }), {
        tableName,
      });
      let steps = 0;
      const struck = new Promise((resolve) => {
        hasty
          .verify({ repair: true, onProgress: () => steps++ === 0 && resolve() })
          .catch(() => (cuts += 1))
          .finally(resolve);
      });
      await struck;
      await mortal.kill();
      await mortal.restart();
    }
    const report = await verifier.verify({ repair: true });
    const done = await busy.finish();
    assert.deepEqual(busy.failures, []);
    assert.deepEqual(await missing(state, done), []);
    const last = await verifier.verify({ repair: true });
    assert.deepEqual(kindsOf(last.unrepaired), causes.flatMap(({ left = [] }) => left).sort());
    assert.equal(last.repaired, 0);
    assert.ok(cuts > 0, "no run was cut off");
    assert.ok(report.found >= last.found);
    assert.deepEqual(unexplained(await violations(admin, tableName), last), []);
  } finally {
    await between.stop();
    await mortal.stop();
  }
});
