// CONTRACT section 4: user JSON is never re-encoded. Thousands of seeded adversarial records are put
// into Redis as bytes, then changed by us. V8 is the oracle for the value; a scanner of this file
// for the bytes: every member that had no reason to change is there, byte for byte, in its order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { adversarialRecord, membersOf } from "./support/adversarial.mjs";
import { verdict } from "./support/assertions.mjs";
import { seeded } from "./support/random.mjs";
import { decision, FIELDS } from "./support/records.mjs";
import { withStores } from "./support/store.mjs";

const ROUNDS = Number(process.env.HITL_TEST_RECORDS ?? 4000);
const CHUNK = 250;

const { db, store } = await withStores();

/** The members whose names are not in `changed`, as they stand in the text. */
const untouched = (text, changed) =>
  membersOf(text)
    .filter(({ name }) => !changed.includes(name))
    .map(({ raw }) => raw);

const set = (object, key, value) =>
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });

/** Whether the known fields stand in the writing order. */
function isOrdered(text, kind) {
  const places = membersOf(text)
    .map(({ name }) => FIELDS[kind].indexOf(name))
    .filter((place) => place >= 0);
  return places.every((place, i) => i === 0 || place > places[i - 1]);
}

function compare(before, after, expected, changed, kind = "request") {
  assert.deepEqual(JSON.parse(after), expected);
  assert.deepEqual(untouched(after, changed), untouched(before, changed));
  if (isOrdered(before, kind)) assert.ok(isOrdered(after, kind), "a changed field is not at its place");
}

/** Runs `change` on thousands of records of a kind, and `check` on each before and after. */
async function run(name, change, check, kind = "request") {
  const random = seeded();
  const { state, keys } = store();
  await state.ensureSchema();
  for (let round = 0; round < ROUNDS; round += CHUNK) {
    const records = Array.from({ length: CHUNK }, (_, i) => adversarialRecord(random, `r${round + i}`, kind));
    await db.mset(records.flatMap(({ id, text }) => [keys[kind](id), text]));
    const inputs = records.map((record) => change.prepare(random, record));
    const verdicts = await Promise.all(records.map((record, i) => verdict(change.call(state, record.id, inputs[i]))));
    const after = await db.mget(records.map(({ id }) => keys[kind](id)));
    for (const [i, { id, text }] of records.entries()) {
      try {
        check(text, after[i], verdicts[i], inputs[i], id);
      } catch (error) {
        assert.fail(
          `${name}, HITL_SEED=${random.seed}, ${id}, input ${JSON.stringify(inputs[i])}\n${error.message}\nbefore ${text}\nafter  ${after[i]}`,
        );
      }
    }
  }
}

for (const [kind, method] of [
  ["request", "setExternalId"],
  ["batch", "setBatchExternalId"],
]) {
  test(`${method} on ${ROUNDS} adversarial records keeps every untouched byte`, async () => {
    await run(
      method,
      {
        prepare: ({ pick, below }, { plugins, channel }) => ({
          value: pick(["x", `new-${below(1e9)}`, '"quoted\\"', "é🙂\u2028", "", "a/b"]),
          plugin: pick([undefined, channel, "inbox", "__proto__", 'q"\\', "7", ...plugins]),
        }),
        call: (state, id, { value, plugin }) => state[method](id, value, plugin),
      },
      (before, after, { error }, { value, plugin }) => {
        if (error) throw error;
        const expected = JSON.parse(before);
        const key = plugin ?? expected.channel;
        const ids = JSON.parse(JSON.stringify(expected.externalIds ?? {}));
        expected.externalIds = set(ids, key, value);
        if (key === expected.channel) expected.externalId = value;
        const changed = key === expected.channel ? ["externalId", "externalIds"] : ["externalIds"];
        compare(before, after, expected, changed, kind);
        const idsOf = (text) => membersOf(text).findLast(({ name }) => name === "externalIds")?.value ?? "{}";
        const old = idsOf(before) === "null" ? "{}" : idsOf(before);
        assert.deepEqual(untouched(idsOf(after), [key]), untouched(old, [key]), "other plugins' ids");
        const names = membersOf(idsOf(after)).map((member) => member.name);
        const was = membersOf(old).map((member) => member.name);
        if (!was.includes(key)) assert.deepEqual(names, [...was, key], "a new key comes last");
      },
      kind,
    );
  });
}

test(`setNotifyDeliveryExternalId on ${ROUNDS} adversarial records keeps every untouched byte`, async () => {
  await run(
    "setNotifyDeliveryExternalId",
    {
      prepare: ({ pick, below }) => pick(["x", `new-${below(1e9)}`, '"quoted\\"', "é🙂\u2028", "", "a/b"]),
      call: (state, id, value) => state.setNotifyDeliveryExternalId(id, value),
    },
    (before, after, { error }, externalId) => {
      if (error) throw error;
      compare(before, after, { ...JSON.parse(before), externalId }, ["externalId"], "delivery");
    },
    "delivery",
  );
});

test(`resolve on ${ROUNDS} adversarial records keeps every untouched byte`, async () => {
  await run(
    "resolve",
    {
      prepare: ({ pick }, { id }) =>
        pick([
          decision(id),
          { type: "TIMED_OUT", id, externalRef: ',"status":"pending","createdAt":"' },
          decision(id, { feedbacks: { a: '"status":"pending"', list: [], n: 2 ** 53 - 1 } }),
        ]),
      call: (state, id, result) => state.resolve(id, result),
    },
    (before, after, { error }, result) => {
      const expected = JSON.parse(before);
      if (expected.status !== "pending") {
        assert.equal(error?.code, "ALREADY_RESOLVED");
        assert.equal(after, before);
        return;
      }
      if (error) throw error;
      const { resolvedAt } = JSON.parse(after);
      assert.equal(new Date(Date.parse(resolvedAt)).toISOString(), resolvedAt);
      Object.assign(expected, { status: "resolved", result, resolvedAt });
      compare(before, after, expected, ["status", "result", "resolvedAt"]);
      const raw = membersOf(after).findLast(({ name }) => name === "result").value;
      assert.equal(raw, JSON.stringify(result), "the result is V8's text");
    },
  );
});

test("setExternalId, resolve, setExternalId on the same records: all three changes, every other byte", async () => {
  await run(
    "three changes",
    {
      prepare: (_, { id }) => ({ id }),
      call: async (state, id) => {
        await state.setExternalId(id, "first", "one");
        const decided = await verdict(state.resolve(id, decision(id)));
        await state.setExternalId(id, "second", "two");
        if (decided.error && decided.error.code !== "ALREADY_RESOLVED") throw decided.error;
      },
    },
    (before, after, { error }, { id }) => {
      if (error) throw error;
      const expected = JSON.parse(before);
      expected.externalIds = { ...expected.externalIds, one: "first", two: "second" };
      if (expected.channel === "one") expected.externalId = "first";
      const changed = ["externalIds", ...(expected.channel === "one" ? ["externalId"] : [])];
      if (expected.status === "pending") {
        const { resolvedAt } = JSON.parse(after);
        Object.assign(expected, { status: "resolved", result: decision(id), resolvedAt });
        changed.push("status", "result", "resolvedAt");
      }
      compare(before, after, expected, changed);
    },
  );
});
