// The checker of a whole store: recomputes from the records which index entries there must be, and
// compares. Says what is wrong as a list of sentences; an empty list is a sound store.

import { keysOf, keysUnder, scoresOf } from "./layout.mjs";

const MIGRATIONS = ["001-initial", "002-sorted-indexes", "003-namespace-indexes"];
const CHUNK = 500;

/** Runs `read` on each item, in chunks so that 100,000 keys need no 100,000 promises at once. */
async function inChunks(items, read) {
  const results = [];
  for (let i = 0; i < items.length; i += CHUNK) {
    results.push(...(await Promise.all(items.slice(i, i + CHUNK).map(read))));
  }
  return results;
}

/** Everything under the prefix: key → { type, value }, sorted sets as Map of member → score. */
async function read(db, prefix) {
  const keys = await keysUnder(db, `${prefix}:`);
  const entries = await inChunks(keys, async (key) => {
    const type = await db.type(key);
    if (type === "string") return [key, { type, value: await db.get(key) }];
    if (type === "zset") return [key, { type, value: new Map(await scoresOf(db, key)) }];
    if (type === "set") return [key, { type, value: new Set(await db.smembers(key)) }];
    return [key, { type }];
  });
  return new Map(entries);
}

const timeOf = (record) => {
  const time = Date.parse(record.createdAt);
  return Number.isNaN(time) ? 0 : time;
};

const externalIdsOf = (record) =>
  new Set([...Object.values(record.externalIds ?? {}), record.externalId].filter((id) => typeof id === "string"));

class Checker {
  violations = [];
  /** Sorted set key → Map of member → score, as the records imply it. */
  sets = new Map();
  /** Index key → ids of the records that may be its value. */
  owners = new Map();
  known = new Set();

  constructor(db, prefix, store) {
    this.db = db;
    this.keys = keysOf(prefix);
    this.store = store;
  }

  say(sentence) {
    this.violations.push(sentence);
  }

  /** The records of one kind: id → object; complains about those that are no JSON objects. */
  records(keyOf) {
    const start = keyOf("");
    const found = new Map();
    for (const [key, { type, value }] of this.store) {
      if (!key.startsWith(start) || type !== "string" || this.isIndex(key)) continue;
      this.known.add(key);
      try {
        const record = JSON.parse(value);
        if (record === null || typeof record !== "object" || Array.isArray(record)) throw new Error("no object");
        if (keyOf(record.id) !== key) this.say(`${key} holds the record of ${JSON.stringify(record.id)}`);
        found.set(record.id, record);
      } catch (error) {
        this.say(`${key} is not a record: ${error.message}`);
      }
    }
    return found;
  }

  isIndex(key) {
    const { prefix } = this.keys;
    return key.startsWith(`${prefix}:idx:`) || key.startsWith(`${prefix}:meta:`);
  }

  expect(key, member, score) {
    if (!this.sets.has(key)) this.sets.set(key, new Map());
    this.sets.get(key).set(member, score);
  }

  /** `key` must lead to one of the records that claim it. */
  claim(key, id) {
    if (!this.owners.has(key)) this.owners.set(key, new Set());
    this.owners.get(key).add(id);
  }

  async requests() {
    const { keys } = this;
    for (const [id, record] of this.records(keys.request)) {
      const score = timeOf(record);
      const namespace = record.namespace ?? "global";
      if (record.status !== "pending" && record.status !== "resolved")
        this.say(`${id} has the status ${record.status}`);
      if (record.status === "resolved" && (record.result === undefined || record.resolvedAt === undefined)) {
        this.say(`${id} is resolved without result or time`);
      }
      if (record.status === "pending" && (record.result !== undefined || record.resolvedAt !== undefined)) {
        this.say(`${id} is pending with a result`);
      }
      this.expect(keys.all, id, score);
      this.expect(keys.status(record.status), id, score);
      this.expect(keys.namespace(namespace), id, score);
      this.expect(keys.namespaceStatus(namespace, record.status), id, score);
      if (record.batchId !== undefined && record.batchIndex !== undefined) {
        this.expect(keys.batchItems(record.batchId), id, record.batchIndex);
      }
      this.claim(keys.token(record.token), id);
      for (const externalId of externalIdsOf(record)) this.claim(keys.externalId(externalId), id);
      await this.marker(id, record);
    }
  }

  async marker(id, record) {
    const key = this.keys.marker(id);
    if (!this.store.has(key)) return;
    this.known.add(key);
    // An empty one is what is left when an id is created anew.
    if (this.store.get(key).value === "") return;
    if (record.status !== "resolved") this.say(`${id} has a resolve marker and is ${record.status}`);
    const ttl = await this.db.pttl(key);
    if (ttl <= 0 || ttl > 24 * 3600 * 1000) this.say(`${key} expires in ${ttl} ms`);
  }

  batches() {
    for (const [id, record] of this.records(this.keys.batch)) {
      for (const externalId of externalIdsOf(record)) this.claim(this.keys.batchExternalId(externalId), id);
    }
  }

  deliveries() {
    for (const [id, record] of this.records(this.keys.delivery)) {
      if (record.externalId !== undefined) this.claim(this.keys.deliveryExternalId(record.externalId), id);
    }
  }

  timeline() {
    for (const [id, record] of this.records(this.keys.entry)) {
      this.expect(this.keys.thread(record.threadId), id, timeOf(record));
    }
  }

  ledger() {
    this.known.add(this.keys.migrations);
    const ledger = this.store.get(this.keys.migrations)?.value ?? new Set();
    for (const id of MIGRATIONS) if (!ledger.has(id)) this.say(`the ledger lacks ${id}`);
  }

  compareSets() {
    for (const [key, expected] of this.sets) {
      this.known.add(key);
      const actual = this.store.get(key);
      if (actual?.type !== "zset") {
        this.say(`${key} is ${actual?.type ?? "missing"}, with ${expected.size} entries due`);
        continue;
      }
      for (const [member, score] of expected) {
        const found = actual.value.get(member);
        if (found === undefined) this.say(`${key} lacks ${member}`);
        else if (found !== score) this.say(`${key} has ${member} at ${found} instead of ${score}`);
      }
      for (const member of actual.value.keys()) {
        if (!expected.has(member)) this.say(`${key} has ${member}, which does not belong there`);
      }
    }
  }

  compareOwners() {
    for (const [key, ids] of this.owners) {
      this.known.add(key);
      const owner = this.store.get(key);
      if (owner === undefined) this.say(`${key} is missing`);
      else if (owner.type !== "string" || !ids.has(owner.value)) this.say(`${key} leads to ${owner.value}`);
    }
  }

  /** Nothing else may be there, except indexes of external ids that have been replaced. */
  strangers() {
    const replaced = [
      [this.keys.externalId(""), this.keys.request],
      [this.keys.batchExternalId(""), this.keys.batch],
      [this.keys.deliveryExternalId(""), this.keys.delivery],
    ];
    for (const [key, { type, value }] of this.store) {
      if (this.known.has(key)) continue;
      const old =
        type === "string" && replaced.some(([start, of]) => key.startsWith(start) && this.store.has(of(value)));
      if (!old) this.say(`${key} (${type}) belongs to nothing`);
    }
  }
}

/**
 * What is wrong with the store under `prefix`.
 *
 * @param {import("ioredis5").Redis} db a client without `keyPrefix`
 * @param {string} prefix with the `keyPrefix` in front, if any
 * @param {{ ledger?: boolean }} [options] `ledger: false` for stores that no instance has opened yet
 */
export async function violations(db, prefix, { ledger = true } = {}) {
  const checker = new Checker(db, prefix, await read(db, prefix));
  await checker.requests();
  checker.batches();
  checker.deliveries();
  checker.timeline();
  if (ledger) checker.ledger();
  else checker.known.add(checker.keys.migrations);
  checker.compareSets();
  checker.compareOwners();
  checker.strangers();
  return checker.violations;
}
