// D3: stores of old layouts full of dirt: corrupt and missing records, unreadable dates, huge records, foreign keys.

import { verdict } from "../../__test__/support/assertions.mjs";
import { OldStore, oldRecords } from "../../__test__/support/old-store.mjs";

const RECORDS = 300;

/** Texts that are no record. */
const CORRUPT = [
  ...[
    '{"id":',
    "{",
    "null",
    "[]",
    "[{}]",
    "true",
    "17",
    '"text"',
    '{"id":"x"} {}',
    "{'id':'x'}",
    "\0",
    "\ufeff{}",
    "é",
  ],
  ...['{"id":"x",}', '{"a":"\u0001"}', `${"[".repeat(5000)}`, '{"id":"\\x"}', "undefined", '{"createdAt":2026-01-02}'],
];

/**
 * What `createdAt` may be, too; `undefined` where it has none. What V8 alone takes for a date, such as "1 Jan 2026", is
 * none in a record (src/store/date.rs), and no version has written it.
 */
const DATES = ["some day", "", "2026-13-01", "2026-01-02", "2026-01-02T03:04Z", null, undefined, "2026", "1e400"];

/** What stands in an index's place: of no type that any version has written. */
const FOREIGN = {
  string: (db, key) => db.set(key, "foreign"),
  list: (db, key) => db.rpush(key, "foreign"),
  hash: (db, key) => db.hset(key, "field", "foreign"),
};

/** Which records are dirty, and how: `{ id, kind, fields, text }`, changed fields or a text in the record's place. */
function soil(records, { shuffled, between, pick }) {
  const kinds = {
    corrupt: () => ({ text: pick(CORRUPT) }),
    empty: () => ({ text: "" }),
    missing: () => ({ text: null }),
    undated: () => ({ fields: { createdAt: pick(DATES) } }),
    huge: () => ({ fields: { context: { text: "x".repeat(1 << 20) } } }),
    unlistable: () => ({ fields: { namespace: pick(["a b", "a:b", "é", "x".repeat(200), "{}"]) } }),
    global: () => ({ fields: { namespace: null } }),
  };
  const chosen = shuffled(records).slice(0, between(20, 120));
  return chosen.map(({ id }) => {
    // Records of a megabyte are few.
    const kind = pick(Object.keys(kinds).filter((name) => name !== "huge" || between(0, 9) === 0));
    return { id, kind, ...kinds[kind]() };
  });
}

/** A store of this layout with all the dirt in it. */
async function build(db, tableName, layout, dirt) {
  const changes = new Map(dirt.map(({ id, fields }) => [id, fields]));
  const records = oldRecords(RECORDS).map((record) => ({ ...record, ...changes.get(record.id) }));
  const old = await new OldStore(db, tableName, layout).build(records, { dirt: false });
  for (const { id, text } of dirt) {
    if (text === null) await db.del(old.keys.request(id));
    else if (text !== undefined) await db.set(old.keys.request(id), text);
  }
  return old;
}

/** An index of another type: the server's refusal reaches the caller, and nothing is lost by it. */
async function foreignIndex(old, expected, { chance, open, fault }, client) {
  const { db, keys } = old;
  const target = chance.pick([keys.namespace("finance"), keys.namespaceStatus("it", "pending"), ...old.indexes]);
  const saved = await db.copy(target, "aside");
  await db.del(target);
  const kind = chance.pick(Object.keys(FOREIGN));
  await FOREIGN[kind](db, target);
  const before = await db.dumpBuffer(target);
  const { error } = await verdict(open(client, old.prefix).ensureSchema());
  const where = `a ${kind} at ${target}`;
  if (!/WRONGTYPE/.test(error?.message)) fault("a foreign key is not complained of", `${where}: ${error?.message}`);
  if (!(await db.dumpBuffer(target)).equals(before)) fault("a foreign key is written to", where);
  await db.del(target);
  if (saved) await db.rename("aside", target);
  const [missed] = await old.missed(expected);
  if (missed) fault("an entry is lost over a foreign key", `${where}: ${missed}`);
}

export const trial = {
  id: "D3",
  title: "Migrations of stores with corrupt, missing, undated and huge records, and foreign keys",
  promise:
    "the migration ends, leaves out exactly what no list can show, indexes the rest, and verify names what is corrupt",
  unit: "stores",
  full: 200,
  shard: 200,
  short: 6,
  javascript: { full: 20, short: 4, breaks: true },
  async run(trial) {
    const { side, first, count, chance, open, server, fault, did, tally } = trial;
    const redis = await server();
    const db = redis.client();
    const client = redis.client();
    for (let n = first; n < first + count; n++) {
      await db.flushdb();
      const dirt = soil(oldRecords(RECORDS), chance);
      const old = await build(db, `d3_${n}`, 1 + (n % 2), dirt);
      const expected = await old.expected();
      if (side === "native") await foreignIndex(old, expected, trial, client);
      const state = open(client, old.prefix);
      const { error } = await verdict(state.ensureSchema());
      if (error) fault("the migration does not end", `store ${n}: ${error.message}`);
      for (const difference of error ? [] : await old.differences(expected)) {
        fault("an index is not what can be read", `store ${n}: ${difference}`);
      }
      for (const { kind } of dirt) tally(kind);
      if (side === "native" && !error) await named(state, dirt, fault);
      did();
    }
  },
};

/** `verify` names the corrupt records, all of them and no other. */
async function named(state, dirt, fault) {
  const { unrepaired } = await state.verify();
  const found = unrepaired.filter(({ kind }) => kind === "corrupt-record").map(({ id }) => id);
  const planted = dirt.filter(({ kind }) => kind === "corrupt").map(({ id }) => id);
  const [more, less] = [found.filter((id) => !planted.includes(id)), planted.filter((id) => !found.includes(id))];
  if (more.length > 0) fault("verify takes a sound record for a corrupt one", more.join());
  if (less.length > 0) fault("verify does not name a corrupt record", less.join());
}
