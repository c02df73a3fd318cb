// What version 1.1.0, the JavaScript one, does for each method: the commands of its protocol over a client of the
// caller's choice, and the work in JavaScript around them. Written from the contract; it is the one to beat.
//
// The tests have a JavaScript version, too (__test__/support/javascript-version.mjs), whose calls they stop in the
// middle. This one does nothing that costs time and is not the real one's.

import { RESOLVE } from "../__test__/support/javascript-version.mjs";
import { keysOf } from "../__test__/support/layout.mjs";
import { MIGRATIONS } from "./baseline-migrations.mjs";
import { READ, WRITTEN } from "./fields.mjs";

/** The shortest window of ids that a page asks for, and the longest page. */
const LEAST_WINDOW = 64;
const MAX_LIMIT = 10_000;

/** A page's end: the position of its last record. */
const cursorOf = ({ createdAt, id }) => Buffer.from(`${createdAt}|${id}`).toString("base64url");

function positionOf(cursor) {
  const text = Buffer.from(cursor, "base64url").toString();
  const bar = text.indexOf("|");
  const time = Date.parse(text.slice(0, bar));
  if (bar === -1 || Number.isNaN(time)) throw new Error(`Invalid inbox cursor "${cursor}"`);
  return { time, id: text.slice(bar + 1) };
}

/** `commands`: those of `commands.mjs`. */
export class Baseline {
  #schema;

  constructor(commands, prefix) {
    this.commands = commands;
    this.prefix = prefix;
    this.keys = keysOf(prefix);
  }

  ensureSchema() {
    this.#schema ??= this.#migrate();
    return this.#schema;
  }

  async #migrate() {
    const applied = await this.commands.smembers(this.keys.migrations);
    for (const [name, migrate] of Object.entries(MIGRATIONS)) {
      if (applied.includes(name)) continue;
      await migrate(this.commands, this.keys);
      await this.commands.sadd(this.keys.migrations, name);
    }
  }

  async create(record) {
    await this.ensureSchema();
    const { keys } = this;
    const { id, namespace = "global" } = record;
    const createdAt = new Date().toISOString();
    const score = String(Date.parse(createdAt));
    const stored = WRITTEN.request(record);
    stored.status = "pending";
    stored.createdAt = createdAt;
    const commands = [
      ["SET", keys.request(id), JSON.stringify(stored)],
      ["SET", keys.token(record.token), id],
      ["ZADD", keys.status("pending"), score, id],
      ["ZADD", keys.all, score, id],
      ["ZADD", keys.namespace(namespace), score, id],
      ["ZADD", keys.namespaceStatus(namespace, "pending"), score, id],
    ];
    if (record.batchId !== undefined && record.batchIndex !== undefined) {
      commands.push(["ZADD", keys.batchItems(record.batchId), String(record.batchIndex), id]);
    }
    await this.commands.pipeline(commands);
  }

  get(id) {
    return this.#get(READ.request, this.keys.request(id));
  }

  async #get(read, key) {
    await this.ensureSchema();
    const text = await this.commands.get(key);
    return text ? read(JSON.parse(text)) : null;
  }

  findByToken(token) {
    return this.#find(this.keys.token(token));
  }

  findByExternalId(externalId) {
    return this.#find(this.keys.externalId(externalId));
  }

  async #find(index) {
    await this.ensureSchema();
    const id = await this.commands.get(index);
    return id ? this.get(id) : null;
  }

  async setExternalId(id, externalId, pluginId) {
    const record = await this.get(id);
    if (record === null) throw new Error(`Unknown human request "${id}"`);
    await this.#setExternalId(this.keys.request(id), this.keys.externalId, record, externalId, pluginId);
  }

  async setBatchExternalId(id, externalId, pluginId) {
    const record = await this.getBatch(id);
    if (record === null) throw new Error(`Unknown batch "${id}"`);
    await this.#setExternalId(this.keys.batch(id), this.keys.batchExternalId, record, externalId, pluginId);
  }

  async #setExternalId(key, indexOf, record, externalId, pluginId) {
    const name = pluginId ?? record.channel;
    const isNew = !Object.values(record.externalIds ?? {}).includes(externalId);
    record.externalIds = { ...record.externalIds, [name]: externalId };
    if (name === record.channel) record.externalId = externalId;
    const commands = [["SET", key, JSON.stringify(record)]];
    if (isNew) commands.push(["SET", indexOf(externalId), record.id]);
    await this.commands.pipeline(commands);
  }

  async resolve(id, result) {
    await this.ensureSchema();
    const { keys } = this;
    const named = [keys.request(id), keys.status("pending"), keys.status("resolved")];
    const args = [id, JSON.stringify(result), new Date().toISOString(), this.prefix];
    const verdict = await this.commands.eval(RESOLVE, named, args);
    if (verdict === "unknown") throw new Error(`Unknown human request "${id}"`);
    if (verdict === "resolved") throw new Error(`Human request "${id}" is already resolved`);
  }

  async list({ status, namespace, limit = 50, cursor } = {}) {
    await this.ensureSchema();
    const after = cursor ? positionOf(cursor) : undefined;
    const wanted = Math.min(limit, MAX_LIMIT);
    const width = Math.max(wanted + 1, LEAST_WINDOW);
    const highest = after ? String(after.time) : "+inf";
    const ids = [];
    for (let offset = 0; ids.length <= wanted; offset += width) {
      const rows = await this.commands.zrevrange(this.#index(status, namespace), highest, offset, width);
      for (let at = 0; at < rows.length; at += 2) {
        const isBehind = !after || Number(rows[at + 1]) < after.time || rows[at] < after.id;
        if (isBehind) ids.push(rows[at]);
      }
      if (rows.length < 2 * width) break;
    }
    const items = await this.#all(READ.request, this.keys.request, ids.slice(0, wanted));
    return ids.length > wanted ? { items, nextCursor: cursorOf(items.at(-1)) } : { items };
  }

  #index(status, namespace) {
    if (namespace) return status ? this.keys.namespaceStatus(namespace, status) : this.keys.namespace(namespace);
    return status ? this.keys.status(status) : this.keys.all;
  }

  async #all(read, keyOf, ids) {
    if (ids.length === 0) return [];
    const texts = await this.commands.mget(ids.map(keyOf));
    return texts.filter(Boolean).map((text) => read(JSON.parse(text)));
  }

  async count({ status, namespace } = {}) {
    await this.ensureSchema();
    return this.commands.zcard(this.#index(status, namespace));
  }

  createBatch(record) {
    return this.#insert(this.keys.batch(record.id), WRITTEN.batch(record));
  }

  createNotifyDelivery(record) {
    return this.#insert(this.keys.delivery(record.id), WRITTEN.delivery(record));
  }

  async #insert(key, record) {
    await this.ensureSchema();
    record.createdAt = new Date().toISOString();
    await this.commands.set(key, JSON.stringify(record));
  }

  getBatch(id) {
    return this.#get(READ.batch, this.keys.batch(id));
  }

  getNotifyDelivery(id) {
    return this.#get(READ.delivery, this.keys.delivery(id));
  }

  async setNotifyDeliveryExternalId(id, externalId) {
    const record = await this.getNotifyDelivery(id);
    if (record === null) throw new Error(`Unknown notify delivery "${id}"`);
    record.externalId = externalId;
    await this.commands.pipeline([
      ["SET", this.keys.delivery(id), JSON.stringify(record)],
      ["SET", this.keys.deliveryExternalId(externalId), id],
    ]);
  }

  async listByBatch(batchId) {
    await this.ensureSchema();
    const ids = await this.commands.zrange(this.keys.batchItems(batchId));
    return this.#all(READ.request, this.keys.request, ids);
  }

  async appendTimeline(entry) {
    await this.ensureSchema();
    await this.commands.pipeline([
      ["SET", this.keys.entry(entry.id), JSON.stringify(WRITTEN.entry(entry))],
      ["ZADD", this.keys.thread(entry.threadId), String(Date.parse(entry.createdAt)), entry.id],
    ]);
  }

  async timeline(threadId) {
    await this.ensureSchema();
    const ids = await this.commands.zrange(this.keys.thread(threadId));
    return this.#all(READ.entry, this.keys.entry, ids);
  }
}
