// What version 1.1.0, the JavaScript one, does for each method: the commands of its protocol over a client of the
// caller's choice, and the work in JavaScript around them. Written from the contract; it is the one to beat.

const FIELDS = Object.fromEntries(
  Object.entries({
    request:
      "id token channel namespace message actions context status externalId externalIds result createdAt resolvedAt batchId batchIndex",
    batch: "id channel message actions context externalId externalIds createdAt",
    entry: "id threadId message detail createdAt",
    delivery: "id channel message groupId externalId createdAt",
  }).map(([kind, names]) => [kind, names.split(" ")]),
);

const RESOLVE = `
local text = redis.call('GET', KEYS[1])
if not text then return 'unknown' end
local record = cjson.decode(text)
if record.status ~= 'pending' then return 'resolved' end
record.status = 'resolved'
record.result = cjson.decode(ARGV[2])
record.resolvedAt = ARGV[3]
redis.call('SET', KEYS[1], cjson.encode(record))
local score = redis.call('ZSCORE', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], score or 0, ARGV[1])
local namespace = record.namespace or 'global'
local by_namespace = ARGV[4] .. ':idx:ns:' .. namespace .. ':status:'
redis.call('ZREM', by_namespace .. 'pending', ARGV[1])
redis.call('ZADD', by_namespace .. 'resolved', score or 0, ARGV[1])
return 'ok'`;

/** The shortest window of ids that a page asks for. */
const LEAST_WINDOW = 64;

/** A page's end: the position of its last record. */
const cursorOf = ({ createdAt, id }) => Buffer.from(JSON.stringify({ createdAt, id })).toString("base64url");

/** The record that a text holds: its known fields in a new object. */
function read(kind, text) {
  if (text === null || text === undefined) return null;
  const record = JSON.parse(text);
  const copy = {};
  for (const field of FIELDS[kind]) copy[field] = record[field];
  if (kind === "request") {
    copy.namespace ??= "global";
    copy.actions = copy.actions?.map((action) => (action.id === "submit" ? { ...action, id: "approve" } : action));
  }
  return copy;
}

/** `commands`: get, set, mget, zcard, zrange, zrevrange, eval, smembers, and `pipeline` of an array of commands. */
export class Baseline {
  #schema;

  constructor(commands, prefix) {
    this.commands = commands;
    this.prefix = prefix;
  }

  ensureSchema() {
    this.#schema ??= this.commands.smembers(`${this.prefix}:meta:migrations`).then(async (applied) => {
      if (applied.length > 0) return;
      const ids = ["001-initial", "002-sorted-indexes", "003-namespace-indexes"];
      await this.commands.pipeline([["SADD", `${this.prefix}:meta:migrations`, ...ids]]);
    });
    return this.#schema;
  }

  async create(record) {
    await this.ensureSchema();
    const P = this.prefix;
    const namespace = record.namespace ?? "global";
    const createdAt = new Date().toISOString();
    const score = String(Date.parse(createdAt));
    const stored = { ...record, namespace, status: "pending", createdAt };
    const commands = [
      ["SET", `${P}:req:${record.id}`, JSON.stringify(stored)],
      ["SET", `${P}:idx:token:${record.token}`, record.id],
      ["ZADD", `${P}:idx:status:pending`, score, record.id],
      ["ZADD", `${P}:idx:all:req`, score, record.id],
      ["ZADD", `${P}:idx:ns:${namespace}`, score, record.id],
      ["ZADD", `${P}:idx:ns:${namespace}:status:pending`, score, record.id],
    ];
    if (record.batchId !== undefined) {
      commands.push(["ZADD", `${P}:idx:batch:${record.batchId}`, String(record.batchIndex), record.id]);
    }
    await this.commands.pipeline(commands);
  }

  async get(id) {
    await this.ensureSchema();
    return read("request", await this.commands.get(`${this.prefix}:req:${id}`));
  }

  findByToken(token) {
    return this.#find(`${this.prefix}:idx:token:${token}`);
  }

  findByExternalId(externalId) {
    return this.#find(`${this.prefix}:idx:ext:${externalId}`);
  }

  async #find(index) {
    await this.ensureSchema();
    const id = await this.commands.get(index);
    return id === null ? null : this.get(id);
  }

  setExternalId(id, externalId, pluginId) {
    return this.#setExternalId("request", `${this.prefix}:req:`, `${this.prefix}:idx:ext:`, id, externalId, pluginId);
  }

  setBatchExternalId(id, externalId, pluginId) {
    const P = this.prefix;
    return this.#setExternalId("batch", `${P}:batch:`, `${P}:idx:batch:ext:`, id, externalId, pluginId);
  }

  async #setExternalId(kind, keys, indexes, id, externalId, pluginId) {
    await this.ensureSchema();
    const record = read(kind, await this.commands.get(keys + id));
    if (record === null) throw new Error(`Unknown ${kind} "${id}"`);
    record.externalIds = { ...record.externalIds, [pluginId ?? record.channel]: externalId };
    record.externalId = externalId;
    const values = new Set(Object.values(record.externalIds));
    await this.commands.pipeline([
      ["SET", keys + id, JSON.stringify(record)],
      ...[...values].map((value) => ["SET", indexes + value, id]),
    ]);
  }

  async resolve(id, result) {
    await this.ensureSchema();
    const P = this.prefix;
    const keys = [`${P}:req:${id}`, `${P}:idx:status:pending`, `${P}:idx:status:resolved`];
    const args = [id, JSON.stringify(result), new Date().toISOString(), P];
    const verdict = await this.commands.eval(RESOLVE, keys, args);
    if (verdict !== "ok") throw new Error(`Human request "${id}" is ${verdict}`);
  }

  async list({ status, namespace, limit = 50, cursor } = {}) {
    await this.ensureSchema();
    const after = cursor && JSON.parse(Buffer.from(cursor, "base64url").toString());
    const width = Math.max(limit + 1, LEAST_WINDOW);
    const highest = after ? String(Date.parse(after.createdAt)) : "+inf";
    const ids = [];
    for (let offset = 0; ids.length <= limit; offset += width) {
      const rows = await this.commands.zrevrange(this.#index(status, namespace), highest, offset, width);
      for (let at = 0; at < rows.length; at += 2) {
        const isBehind = !after || Number(rows[at + 1]) < Date.parse(after.createdAt) || rows[at] < after.id;
        if (isBehind) ids.push(rows[at]);
      }
      if (rows.length < 2 * width) break;
    }
    const page = ids.slice(0, limit);
    const items = (await this.#records("request", `${this.prefix}:req:`, page)).filter(
      (record) => !status || record.status === status,
    );
    return ids.length > limit ? { items, nextCursor: cursorOf(items.at(-1)) } : { items };
  }

  #index(status, namespace) {
    const P = this.prefix;
    if (namespace) return status ? `${P}:idx:ns:${namespace}:status:${status}` : `${P}:idx:ns:${namespace}`;
    return status ? `${P}:idx:status:${status}` : `${P}:idx:all:req`;
  }

  async #records(kind, keys, ids) {
    if (ids.length === 0) return [];
    const texts = await this.commands.mget(ids.map((id) => keys + id));
    return texts.map((text) => read(kind, text)).filter((record) => record !== null);
  }

  async count({ status, namespace } = {}) {
    await this.ensureSchema();
    return this.commands.zcard(this.#index(status, namespace));
  }

  createBatch(record) {
    return this.#insert(`${this.prefix}:batch:${record.id}`, record);
  }

  createNotifyDelivery(record) {
    return this.#insert(`${this.prefix}:notify:${record.id}`, record);
  }

  async #insert(key, record) {
    await this.ensureSchema();
    await this.commands.set(key, JSON.stringify({ ...record, createdAt: new Date().toISOString() }));
  }

  async getBatch(id) {
    await this.ensureSchema();
    return read("batch", await this.commands.get(`${this.prefix}:batch:${id}`));
  }

  async getNotifyDelivery(id) {
    await this.ensureSchema();
    return read("delivery", await this.commands.get(`${this.prefix}:notify:${id}`));
  }

  async setNotifyDeliveryExternalId(id, externalId) {
    await this.ensureSchema();
    const key = `${this.prefix}:notify:${id}`;
    const record = read("delivery", await this.commands.get(key));
    if (record === null) throw new Error(`Unknown notify delivery "${id}"`);
    await this.commands.pipeline([
      ["SET", key, JSON.stringify({ ...record, externalId })],
      ["SET", `${this.prefix}:idx:notify:ext:${externalId}`, id],
    ]);
  }

  async listByBatch(batchId) {
    await this.ensureSchema();
    const ids = await this.commands.zrange(`${this.prefix}:idx:batch:${batchId}`);
    return this.#records("request", `${this.prefix}:req:`, ids);
  }

  async appendTimeline(entry) {
    await this.ensureSchema();
    await this.commands.pipeline([
      ["SET", `${this.prefix}:timeline:entry:${entry.id}`, JSON.stringify(entry)],
      ["ZADD", `${this.prefix}:timeline:${entry.threadId}`, String(Date.parse(entry.createdAt)), entry.id],
    ]);
  }

  async timeline(threadId) {
    await this.ensureSchema();
    const ids = await this.commands.zrange(`${this.prefix}:timeline:${threadId}`);
    return this.#records("entry", `${this.prefix}:timeline:entry:`, ids);
  }
}
