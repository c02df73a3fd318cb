// Stores of the layouts before 3: built with everything that real ones have in them, put back to
// what they were, and compared with what their records say after a migration.

import { buildLayout1, buildLayout2 } from "./javascript-version.mjs";
import { keysOf, scoresOf } from "./layout.mjs";
import { decision, request, stored } from "./records.mjs";
import { numbered } from "./writes.mjs";

const NAMESPACES = ["global", "finance", "it", "hr", "legal.eu", "ops-1", "x_y"];
/** Other namespaces are in no index: no list can ask for them. */
const NAMESPACE = /^[A-Za-z0-9_.-]{1,128}$/;

const MIGRATIONS = ["001-initial", "002-sorted-indexes", "003-namespace-indexes"];

/** Ids that indexes have although their records are gone, or are no JSON. */
const MISSING = ["gone-1", "gone-2"];
export const CORRUPT = "corrupt-1";

/** `count` requests of all sorts: decided or not, in several namespaces or from before there were any, undated. */
export function oldRecords(count, overrides = () => ({})) {
  return Array.from({ length: count }, (_, n) => {
    const id = numbered(n);
    const isResolved = n % 5 < 3;
    const createdAt = new Date(1.7e12 + ((n * 7919) % 1e9)).toISOString();
    const record = {
      ...request({ id, namespace: NAMESPACES[n % NAMESPACES.length], ...overrides(n) }),
      status: isResolved ? "resolved" : "pending",
      createdAt: n % 500 === 1 ? "some day" : createdAt,
      ...(isResolved ? { result: decision(id), resolvedAt: createdAt } : {}),
    };
    if (n % 11 === 0) delete record.namespace;
    return record;
  });
}

/** A store of layout 1 or 2 that can be put back to what it was. */
export class OldStore {
  constructor(db, prefix, layout) {
    this.db = db;
    this.prefix = prefix;
    this.layout = layout;
    this.keys = keysOf(prefix);
    this.indexes = [this.keys.status("pending"), this.keys.status("resolved"), this.keys.all];
  }

  /** Builds it. `dirt` adds entries without a record and a record that is no JSON. */
  async build(records, { dirt = true } = {}) {
    const { db, keys, prefix } = this;
    this.built = records;
    await (this.layout === 1 ? buildLayout1 : buildLayout2)(db, prefix, records);
    if (dirt) {
      await db.set(keys.request(CORRUPT), '{"id":');
      for (const id of [...MISSING, CORRUPT]) {
        for (const key of [keys.status("pending"), keys.all]) {
          await (this.layout === 1 ? db.sadd(key, id) : db.zadd(key, 0, id));
        }
      }
    }
    for (const key of [...this.indexes, keys.migrations]) await db.copy(key, `saved:${key}`, "REPLACE");
    return this;
  }

  /** Undoes every migration: the records stay, the indexes and the ledger are those that were built. */
  async reset() {
    const { db, keys, prefix } = this;
    const made = [...(await db.keys(`${prefix}:idx:ns:*`)), ...(await db.keys(`${prefix}:meta:*`))];
    await db.unlink(...this.indexes, keys.migrations, ...made);
    for (const key of [...this.indexes, keys.migrations]) await db.copy(`saved:${key}`, key);
  }

  /** Writes the records anew that were built: decisions made since are undone. */
  async restoreRecords() {
    const pipeline = this.db.pipeline();
    for (const record of this.built) pipeline.set(this.keys.request(record.id), stored("request", record));
    await pipeline.exec();
  }

  /** The members of an index of either layout: id → score, which a plain set does not have. */
  async members(key) {
    if ((await this.db.type(key)) === "set") return new Map((await this.db.smembers(key)).map((id) => [id, undefined]));
    return new Map(await scoresOf(this.db, key));
  }

  /** All records, by id; those that are no JSON, or no object, are `undefined`. */
  async records() {
    const keys = await this.db.keys(`${this.prefix}:req:*`);
    const texts = [];
    for (let i = 0; i < keys.length; i += 5000) texts.push(...(await this.db.mget(keys.slice(i, i + 5000))));
    const start = this.keys.request("").length;
    return new Map(keys.map((key, i) => [key.slice(start), parsed(texts[i])]));
  }

  /**
   * What the indexes of a migrated store must be: recomputed from the records, and, for ids that have
   * none, from the indexes that were there before.
   */
  async expected() {
    const { keys } = this;
    const expected = new Map(this.indexes.map((key) => [key, new Map()]));
    const put = (key, id, score) => {
      if (!expected.has(key)) expected.set(key, new Map());
      expected.get(key).set(id, score);
    };
    const records = await this.records();
    for (const [id, record] of records) {
      if (!record) continue;
      const score = Date.parse(record.createdAt) || 0;
      const namespace = record.namespace ?? "global";
      put(keys.all, id, score);
      put(keys.status(record.status), id, score);
      if (!NAMESPACE.test(namespace)) continue;
      put(keys.namespace(namespace), id, score);
      put(keys.namespaceStatus(namespace, record.status), id, score);
    }
    for (const key of this.indexes) {
      for (const [id, score] of await this.members(`saved:${key}`)) if (!records.get(id)) put(key, id, score ?? 0);
    }
    return expected;
  }

  /** How the store differs from a migrated one: sentences, none if it does not. */
  async differences(expected) {
    const { db, keys, prefix } = this;
    const found = [];
    for (const key of await db.keys(`${prefix}:idx:ns:*`)) if (!expected.has(key)) found.push(`${key} is one too many`);
    for (const [key, entries] of expected) {
      const type = await db.type(key);
      if (type !== "zset") found.push(`${key} is a ${type}`);
      else found.push(...compared(key, entries, await this.members(key)));
    }
    const ledger = (await db.smembers(keys.migrations)).sort();
    if (ledger.join() !== MIGRATIONS.join()) found.push(`the ledger is ${ledger}`);
    for (const key of await db.keys(`${prefix}:meta:*`)) {
      if (key !== keys.migrations && !key.startsWith(keys.marker(""))) found.push(`${key} was left behind`);
    }
    return found;
  }

  /** What readers of the status and the all index would miss right now, in whatever state a migration is. */
  async missed(expected) {
    const found = [];
    for (const key of this.indexes) {
      const actual = await this.members(key);
      const known = (id, score) => actual.has(id) && (actual.get(id) === undefined || actual.get(id) === score);
      for (const [id, score] of expected.get(key)) if (!known(id, score)) found.push(`${key} lacks ${id} at ${score}`);
      if (actual.size !== expected.get(key).size) found.push(`${key} has ${actual.size} entries`);
    }
    return found;
  }
}

function compared(key, expected, actual) {
  const found = [];
  for (const [id, score] of expected) {
    if (actual.get(id) !== score) found.push(`${key} has ${id} at ${actual.get(id)}, not at ${score}`);
  }
  for (const id of actual.keys()) if (!expected.has(id)) found.push(`${key} has ${id}, which does not belong there`);
  return found;
}

function parsed(text) {
  try {
    const record = JSON.parse(text);
    return record !== null && typeof record === "object" && !Array.isArray(record) ? record : undefined;
  } catch {
    return undefined;
  }
}
