// What version 1.1.0, the JavaScript one, sends to Redis: written from CONTRACT section 9 for tests
// that let both versions work on one store. Its faults are kept, they are the point.

import { keysOf } from "./layout.mjs";
import { FIELDS, stored } from "./records.mjs";

/** KEYS: record, pending, resolved. ARGV: id, result, resolvedAt, and the prefix, without the client's `keyPrefix`. */
export const RESOLVE = `
local text = redis.call('GET', KEYS[1])
if not text then return 'unknown' end
local record = cjson.decode(text)
if record.status ~= 'pending' then return 'resolved' end
record.status = 'resolved'
record.result = cjson.decode(ARGV[2])
record.resolvedAt = ARGV[3]
redis.call('SET', KEYS[1], cjson.encode(record))
local score = redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], score, ARGV[1])
local of_namespace = ARGV[4] .. ':idx:ns:' .. (record.namespace or 'global') .. ':status:'
redis.call('ZREM', of_namespace .. 'pending', ARGV[1])
redis.call('ZADD', of_namespace .. 'resolved', score, ARGV[1])
return 'ok'`;

/** The known fields of a parsed record, as JS copies them; others are dropped. */
function copied(kind, text) {
  const record = JSON.parse(text);
  return Object.fromEntries(FIELDS[kind].filter((field) => record[field] !== undefined).map((f) => [f, record[f]]));
}

export class JavascriptVersion {
  constructor(client, prefix) {
    this.client = client;
    this.keys = keysOf(prefix);
  }

  async ensureSchema() {
    await this.client.sadd(this.keys.migrations, "001-initial", "002-sorted-indexes", "003-namespace-indexes");
  }

  async create(record, createdAt = new Date().toISOString()) {
    const { keys } = this;
    const score = Date.parse(createdAt);
    const namespace = record.namespace ?? "global";
    const pipeline = this.client
      .pipeline()
      .set(keys.request(record.id), stored("request", { ...record, status: "pending", createdAt }))
      .set(keys.token(record.token), record.id)
      .zadd(keys.status("pending"), score, record.id)
      .zadd(keys.all, score, record.id)
      .zadd(keys.namespace(namespace), score, record.id)
      .zadd(keys.namespaceStatus(namespace, "pending"), score, record.id);
    if (record.batchId !== undefined && record.batchIndex !== undefined) {
      pipeline.zadd(keys.batchItems(record.batchId), record.batchIndex, record.id);
    }
    await pipeline.exec();
  }

  async get(id) {
    const text = await this.client.get(this.keys.request(id));
    return text ? copied("request", text) : null;
  }

  async findByToken(token) {
    const id = await this.client.get(this.keys.token(token));
    return id ? this.get(id) : null;
  }

  async findByExternalId(externalId) {
    const id = await this.client.get(this.keys.externalId(externalId));
    return id ? this.get(id) : null;
  }

  /** The read half of `setExternalId`: a test can let something happen before the write half. */
  async readForExternalId(id) {
    return this.get(id);
  }

  async writeExternalId(record, externalId, pluginId) {
    await this.#withExternalId("request", record, externalId, pluginId, this.keys.request, this.keys.externalId);
  }

  async setExternalId(id, externalId, pluginId) {
    await this.writeExternalId(await this.readForExternalId(id), externalId, pluginId);
  }

  async #withExternalId(kind, record, externalId, pluginId, keyOf, indexOf) {
    const key = pluginId ?? record.channel;
    const before = Object.values(record.externalIds ?? {});
    const changed = { ...record, externalIds: { ...record.externalIds, [key]: externalId } };
    if (key === record.channel) changed.externalId = externalId;
    const pipeline = this.client.pipeline().set(keyOf(record.id), stored(kind, changed));
    if (!before.includes(externalId)) pipeline.set(indexOf(externalId), record.id);
    await pipeline.exec();
  }

  async resolve(id, result, resolvedAt = new Date().toISOString()) {
    const { keys } = this;
    const named = [keys.request(id), keys.status("pending"), keys.status("resolved")];
    const verdict = await this.client.eval(RESOLVE, 3, ...named, id, JSON.stringify(result), resolvedAt, keys.prefix);
    if (verdict === "unknown") throw new Error(`Unknown human request "${id}"`);
    if (verdict === "resolved") throw new Error(`Human request "${id}" is already resolved`);
  }

  /** The cursor of a page that ends with this record. */
  static cursor(record) {
    return Buffer.from(`${record.createdAt}|${record.id}`).toString("base64url");
  }

  /** One page, for stores without ties in `createdAt`. */
  async list({ status, namespace, limit = 50, cursor } = {}) {
    const { keys } = this;
    const index = namespace
      ? status
        ? keys.namespaceStatus(namespace, status)
        : keys.namespace(namespace)
      : status
        ? keys.status(status)
        : keys.all;
    let highest = "+inf";
    if (cursor) {
      const [createdAt] = Buffer.from(cursor, "base64url").toString().split("|");
      highest = `(${Date.parse(createdAt)}`;
    }
    const ids = await this.client.zrevrangebyscore(index, highest, "-inf", "LIMIT", 0, limit + 1);
    const items = await Promise.all(ids.slice(0, limit).map((id) => this.get(id)));
    const more = ids.length > limit ? { nextCursor: JavascriptVersion.cursor(items.at(-1)) } : {};
    return { items, ...more };
  }

  async createBatch(record, createdAt = new Date().toISOString()) {
    await this.client.set(this.keys.batch(record.id), stored("batch", { ...record, createdAt }));
  }

  async setBatchExternalId(id, externalId, pluginId) {
    const record = copied("batch", await this.client.get(this.keys.batch(id)));
    await this.#withExternalId("batch", record, externalId, pluginId, this.keys.batch, this.keys.batchExternalId);
  }

  async appendTimeline(entry) {
    await this.client
      .pipeline()
      .set(this.keys.entry(entry.id), stored("entry", entry))
      .zadd(this.keys.thread(entry.threadId), Date.parse(entry.createdAt), entry.id)
      .exec();
  }

  async createNotifyDelivery(record, createdAt = new Date().toISOString()) {
    await this.client.set(this.keys.delivery(record.id), stored("delivery", { ...record, createdAt }));
  }

  async setNotifyDeliveryExternalId(id, externalId) {
    const record = copied("delivery", await this.client.get(this.keys.delivery(id)));
    await this.client
      .pipeline()
      .set(this.keys.delivery(id), stored("delivery", { ...record, externalId }))
      .set(this.keys.deliveryExternalId(externalId), id)
      .exec();
  }
}

const PIPELINE = 1000;

/** Stores finished records the way the layouts before 3 did; `index` adds what the layout indexes. */
async function build(client, prefix, records, index) {
  const keys = keysOf(prefix);
  for (let i = 0; i < records.length; i += PIPELINE) {
    const pipeline = client.pipeline();
    for (const record of records.slice(i, i + PIPELINE)) {
      pipeline.set(keys.request(record.id), stored("request", record));
      pipeline.set(keys.token(record.token), record.id);
      for (const externalId of Object.values(record.externalIds ?? {})) {
        pipeline.set(keys.externalId(externalId), record.id);
      }
      if (record.batchId !== undefined) pipeline.zadd(keys.batchItems(record.batchId), record.batchIndex, record.id);
      index(pipeline, keys, record);
    }
    for (const [error] of await pipeline.exec()) if (error) throw error;
  }
  return keys;
}

/** A store of layout 1: plain sets as indexes, no namespaces. */
export async function buildLayout1(client, prefix, records) {
  const keys = await build(client, prefix, records, (pipeline, keys, record) => {
    pipeline.sadd(keys.status(record.status), record.id).sadd(keys.all, record.id);
  });
  await client.sadd(keys.migrations, "001-initial");
}

/** A store of layout 2: sorted sets, no namespace indexes. */
export async function buildLayout2(client, prefix, records) {
  const keys = await build(client, prefix, records, (pipeline, keys, record) => {
    const score = Date.parse(record.createdAt) || 0;
    pipeline.zadd(keys.status(record.status), score, record.id).zadd(keys.all, score, record.id);
  });
  await client.sadd(keys.migrations, "001-initial", "002-sorted-indexes");
}
