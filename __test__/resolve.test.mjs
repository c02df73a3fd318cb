// CONTRACT section 5, resolve.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refuses, sound, verdict } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { decision, request } from "./support/records.mjs";
import { scoresOf, snapshot, withStores } from "./support/store.mjs";

const { server, db, store } = await withStores();

async function withRequest(fields) {
  const it = store();
  const record = request(fields);
  await it.state.create(record);
  return { ...it, record, id: record.id };
}

test("pending becomes resolved, with result and time; the indexes follow", async () => {
  const { state, keys, id, record } = await withRequest({ namespace: "team" });
  const before = Date.now();
  await state.resolve(id, decision(id));
  const found = await state.get(id);
  const { createdAt, resolvedAt } = found;
  assert.deepEqual(found, { ...record, status: "resolved", result: decision(id), createdAt, resolvedAt });
  const time = Date.parse(resolvedAt);
  assert.ok(time >= before && time <= Date.now());
  assert.equal(resolvedAt, new Date(time).toISOString());
  sound(await violations(db, keys.prefix));
});

test("a time-out is a decision like any other", async () => {
  const { state, id } = await withRequest();
  const result = { type: "TIMED_OUT", id, externalRef: "ref" };
  await state.resolve(id, result);
  assert.deepEqual((await state.get(id)).result, result);
});

test("the score is kept, also where it is not the record's createdAt", async () => {
  const { state, keys, id } = await withRequest();
  await db.zadd(keys.status("pending"), 7, id);
  await db.zadd(keys.namespaceStatus("global", "pending"), 7, id);
  await state.resolve(id, decision(id));
  assert.deepEqual(await scoresOf(db, keys.status("resolved")), [[id, 7]]);
  assert.deepEqual(await scoresOf(db, keys.namespaceStatus("global", "resolved")), [[id, 7]]);
});

test("without a score the entry is made from createdAt", async () => {
  const { state, keys, id } = await withRequest();
  await db.zrem(keys.status("pending"), id);
  await db.zrem(keys.namespaceStatus("global", "pending"), id);
  await state.resolve(id, decision(id));
  const time = Date.parse((await state.get(id)).createdAt);
  assert.deepEqual(await scoresOf(db, keys.status("resolved")), [[id, time]]);
  assert.deepEqual(await scoresOf(db, keys.namespaceStatus("global", "resolved")), [[id, time]]);
});

test("an unknown id is refused and nothing is stored", async () => {
  const { state, keys } = await withRequest();
  const before = await snapshot(db, keys.prefix);
  for (const id of ["nobody", "", "__proto__"]) {
    await refuses(state.resolve(id, decision(id)), "UNKNOWN_REQUEST", `Unknown human request "${id}"`);
  }
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("a genuine second call is refused, even with the same result in the same millisecond", async () => {
  const { state, keys, id } = await withRequest();
  const [first, second] = await Promise.all([
    verdict(state.resolve(id, decision(id))),
    verdict(state.resolve(id, decision(id))),
  ]);
  assert.deepEqual(first, { value: undefined });
  assert.equal(second.error.message, `Human request "${id}" is already resolved`);
  assert.equal(second.error.code, "ALREADY_RESOLVED");
  const before = await snapshot(db, keys.prefix);
  await refuses(state.resolve(id, decision(id)), "ALREADY_RESOLVED");
  await refuses(state.resolve(id, decision(id, { actionId: "deny" })), "ALREADY_RESOLVED");
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("the decision stays final after the marker has expired", async () => {
  const { state, keys, id } = await withRequest();
  await state.resolve(id, decision(id));
  await db.del(keys.marker(id));
  await refuses(state.resolve(id, decision(id)), "ALREADY_RESOLVED");
});

test("8 racers on 8 connections, 50 requests: exactly one wins each, and its result is the stored one", async () => {
  const { keys, tableName, state } = store();
  const racers = Array.from({ length: 8 }, () => store({ client: server.client(), tableName }).state);
  for (let round = 0; round < 50; round++) {
    const { id } = await state.create(request({ id: `race${round}` })).then(() => ({ id: `race${round}` }));
    const verdicts = await Promise.all(
      racers.map((racer, i) => verdict(racer.resolve(id, decision(id, { by: { id: `${i}` } })))),
    );
    const winners = verdicts.flatMap((v, i) => ("error" in v ? [] : [i]));
    assert.equal(winners.length, 1);
    for (const { error } of verdicts) if (error) assert.equal(error.code, "ALREADY_RESOLVED");
    assert.equal((await state.get(id)).result.by.id, `${winners[0]}`);
  }
  sound(await violations(db, keys.prefix));
});

test("the batch index and the token stay", async () => {
  const { state, keys, id, record } = await withRequest({ batchId: "b", batchIndex: 4 });
  await state.resolve(id, decision(id));
  assert.deepEqual(await scoresOf(db, keys.batchItems("b")), [[id, 4]]);
  assert.equal((await state.findByToken(record.token)).status, "resolved");
});

for (const key of ["resolved", "pending", "nsResolved", "nsPending", "marker"]) {
  test(`all or nothing: a ${key} key of another type rejects and nothing is written`, async () => {
    const { state, keys, id } = await withRequest();
    const name = {
      resolved: keys.status("resolved"),
      pending: keys.status("pending"),
      nsResolved: keys.namespaceStatus("global", "resolved"),
      nsPending: keys.namespaceStatus("global", "pending"),
      marker: keys.marker(id),
    }[key];
    await db.del(name);
    await db.rpush(name, "a");
    const before = await snapshot(db, keys.prefix);
    await refuses(state.resolve(id, decision(id)), "WRONGTYPE");
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const [name, text, expected] of [
  [
    "of layout 1",
    '{"id":"r","token":"t","channel":"slack","message":"m","status":"pending","createdAt":"D"}',
    '{"id":"r","token":"t","channel":"slack","message":"m","status":"resolved","result":@R,"createdAt":"D","resolvedAt":@T}',
  ],
  [
    "with external ids and a batch",
    '{"id":"r","channel":"slack","status":"pending","externalId":"x","externalIds":{"slack":"x"},"createdAt":"D","batchId":"b","batchIndex":0}',
    '{"id":"r","channel":"slack","status":"resolved","externalId":"x","externalIds":{"slack":"x"},"result":@R,"createdAt":"D","resolvedAt":@T,"batchId":"b","batchIndex":0}',
  ],
  [
    "with unknown fields",
    '{"id":"r","a":[1.0],"status":"pending","createdAt":"D","z":{"status":"pending"}}',
    '{"id":"r","a":[1.0],"status":"resolved","result":@R,"createdAt":"D","resolvedAt":@T,"z":{"status":"pending"}}',
  ],
  [
    "with a context that looks like the fields",
    '{"id":"r","context":{"a":1,"status":"pending","createdAt":"D"},"status":"pending","createdAt":"D"}',
    '{"id":"r","context":{"a":1,"status":"pending","createdAt":"D"},"status":"resolved","result":@R,"createdAt":"D","resolvedAt":@T}',
  ],
]) {
  test(`a record ${name}: the changed fields are spliced in at their place`, async () => {
    const { state, keys } = store();
    await state.ensureSchema();
    const createdAt = '"2026-01-02T03:04:05.006Z"';
    await db.set(keys.request("r"), text.replaceAll('"D"', createdAt));
    await state.resolve("r", decision("r"));
    const result = await db.get(keys.request("r"));
    const resolvedAt = JSON.stringify(JSON.parse(result).resolvedAt);
    assert.equal(
      result,
      expected
        .replaceAll('"D"', createdAt)
        .replace("@R", JSON.stringify(decision("r")))
        .replace("@T", resolvedAt),
    );
    assert.deepEqual(await scoresOf(db, keys.status("resolved")), [["r", Date.parse("2026-01-02T03:04:05.006Z")]]);
  });
}

for (const [name, status] of [
  ["absent", undefined],
  ["null", null],
  ["cancelled", "cancelled"],
  ["PENDING", "PENDING"],
]) {
  test(`a record whose status is ${name} is not pending and cannot be resolved`, async () => {
    const { state, keys } = store();
    await state.ensureSchema();
    await db.set(keys.request("r"), JSON.stringify({ ...request({ id: "r" }), status }));
    const before = await snapshot(db, keys.prefix);
    await refuses(state.resolve("r", decision("r")), "ALREADY_RESOLVED");
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}

for (const result of [undefined, () => {}, Symbol("x")]) {
  test(`${typeof result} as the result is no JSON and is refused`, async () => {
    const { state, keys, id } = await withRequest();
    const before = await snapshot(db, keys.prefix);
    await refuses(state.resolve(id, result), "INVALID_ARGUMENT", /result/);
    assert.deepEqual(await snapshot(db, keys.prefix), before);
  });
}
