// E2: each version reads what the other has written, and changes it without touching what it need not.
//
// The side under test reads and changes; records are written by it and by the other version in turns. This package also
// changes raw texts that try to mislead it, as no version writes them.

import { isDeepStrictEqual } from "node:util";
import { adversarialRecord, membersOf } from "../../__test__/support/adversarial.mjs";
import { keysOf } from "../../__test__/support/layout.mjs";
import { asJson, batch, decision, delivery, entry, request, VALUES } from "../../__test__/support/records.mjs";
import { each, numbered } from "../../__test__/support/writes.mjs";
import { SIDES } from "../shards.mjs";
import { sideOf } from "../sides.mjs";

const TABLE = "e2";
const AT_ONCE = 64;

/** What a change of a request may touch. */
const CHANGED = ["status", "externalId", "externalIds", "result", "resolvedAt"];

/** Values that are made of those of the tests. */
function treeOf({ below, pick }, depth = 3) {
  const shape = depth === 0 ? 0 : below(4);
  const branches = () => Array.from({ length: below(4) }, () => treeOf({ below, pick }, depth - 1));
  if (shape === 1) return branches();
  if (shape === 2)
    return Object.fromEntries(branches().map((value, n) => [pick(["a", "status", "é", `k${n}`]), value]));
  return pick(VALUES)[1];
}

/** Each kind of record: how to make, write and read one. */
const KINDS = {
  request: {
    make: (id, value, pick) =>
      request({
        id,
        context: { value },
        namespace: pick(["global", "finance"]),
        actions: pick([[], [{ id: "submit" }], [{ id: "deny", value }]]),
      }),
    write: (state, record) => state.create(record),
    read: (state, id) => state.get(id),
  },
  batch: {
    make: (id, value) => batch({ id, context: { value } }),
    write: (state, record) => state.createBatch(record),
    read: (state, id) => state.getBatch(id),
  },
  delivery: {
    make: (id, value) => delivery({ id, message: JSON.stringify(value) }),
    write: (state, record) => state.createNotifyDelivery(record),
    read: (state, id) => state.getNotifyDelivery(id),
  },
  entry: {
    make: (id, value) => entry({ id, threadId: `thread-${id}`, detail: { value } }),
    write: (state, record) => state.appendTimeline(record),
    read: async (state, id) => (await state.timeline(`thread-${id}`))[0],
  },
};

/** The bytes of everything that a change has no business with. */
const untouched = (text) =>
  membersOf(text)
    .filter(({ name }) => !CHANGED.includes(name))
    .map(({ raw }) => raw)
    .join();

/** What a reader must get of what was written: JSON, and `submit` by its name of today. */
function wanted(written) {
  const { actions, ...rest } = asJson(written);
  if (!Array.isArray(actions)) return rest;
  return {
    ...rest,
    actions: actions.map((action) => (action?.id === "submit" ? { ...action, id: "approve" } : action)),
  };
}

const isPart = (part, whole) => Object.keys(part).every((name) => isDeepStrictEqual(part[name], whole[name]));

export const trial = {
  id: "E2",
  title: "Records of either version, read by both and changed by one",
  promise: "both read the same, which is what was written, and a change leaves every other byte as it was",
  unit: "records",
  full: 40_000,
  shard: 10_000,
  short: 400,
  javascript: { full: 4000, short: 400, breaks: true },
  async run({ side, count, chance, open, published, server, fault, did, tally }) {
    const redis = await server();
    const db = redis.client();
    const openOther = await sideOf(
      SIDES.find((one) => one !== side),
      published,
    );
    const [own, other] = [open(redis.client(), TABLE), openOther(redis.client(), TABLE)];
    await own.ensureSchema();
    const keys = keysOf(TABLE);

    async function crossed(id, n) {
      const kind = n % 16 < 3 ? ["batch", "delivery", "entry"][n % 16] : "request";
      const { make, write, read } = KINDS[kind];
      const written = make(id, treeOf(chance), chance.pick);
      await write(chance.below(2) ? own : other, written);
      const readings = [asJson(await read(own, id)), asJson(await read(other, id))];
      if (!isDeepStrictEqual(...readings)) fault("the versions read different things", `${kind} ${id}`);
      if (!isPart(wanted(written), readings[0])) fault("what is read is not what was written", `${kind} ${id}`);
      return kind;
    }

    async function changed(id, kind) {
      if (kind !== "request") return;
      const before = await db.get(keys.request(id));
      const { status } = JSON.parse(before);
      const steps = chance.shuffled([
        () => own.setExternalId(id, `x-${id}`, chance.pick([undefined, "inbox"])),
        () => (status === "pending" ? own.resolve(id, decision(id, { extra: treeOf(chance) })) : undefined),
      ]);
      for (const step of steps) await step();
      const after = await db.get(keys.request(id));
      if (untouched(after) !== untouched(before)) fault("a change has altered what it has no business with", id);
    }

    async function misleading(id) {
      const { text } = adversarialRecord(chance, id);
      await db.set(keys.request(id), text);
      await changed(id, "request");
    }

    const ids = Array.from({ length: count }, (_, n) => numbered(n));
    const one = async (id, n) => {
      if (side === "native" && n % 8 === 7) await misleading(id);
      else {
        const kind = await crossed(id, n);
        await changed(id, kind);
        tally(kind);
        if (kind === "request") {
          const readings = [asJson(await own.get(id)), asJson(await other.get(id))];
          if (!isDeepStrictEqual(...readings)) fault("the versions read different things after a change", id);
        }
      }
      did();
    };
    await each(ids, (id, n) => one(id, n).catch((error) => fault("a call fails", `${id}: ${error.stack}`)), AT_ONCE);
  },
};
