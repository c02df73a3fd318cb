// What a store must answer, and what it must hold, as a program: the contract's operations on maps in memory. A call of
// the model returns what the store's promise must resolve to, and throws what it must reject with.

import { keysOf } from "../../__test__/support/layout.mjs";
import { FIELDS } from "../../__test__/support/records.mjs";
import { readBatch, readDelivery, readEntry, readRequest } from "./reading.mjs";

const NAMESPACE = /^[A-Za-z0-9_.-]{1,128}$/;
const STATUSES = ["pending", "resolved"];
const [DEFAULT_LIMIT, MAX_LIMIT] = [50, 10_000];

/** What the caller gives of each kind of record; all else in what is given is ignored. */
const GIVEN = {
  request: ["id", "token", "channel", "namespace", "message", "actions", "context", "batchId", "batchIndex"],
  batch: ["id", "channel", "message", "actions", "context"],
  entry: ["id", "threadId", "message", "detail", "createdAt"],
  delivery: ["id", "channel", "message", "groupId"],
};

/** The words of a refusal; of an argument that cannot be stored, only the code is promised. */
function refuse(code, message) {
  throw Object.assign(new Error(message), { code });
}

/** Ids in the order of their UTF-8 bytes, as Redis orders what has one score. */
const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** A record as it is stored: the JSON of each member, by name. `externalIds` is a map, since its order counts. */
class Stored {
  externalIds = new Map();

  constructor(kind, given, more) {
    this.kind = kind;
    this.id = given.id;
    this.members = {};
    for (const name of GIVEN[kind]) this.set(name, given[name]);
    for (const [name, value] of Object.entries(more)) this.set(name, value);
  }

  set(name, value) {
    this.members[name] = JSON.stringify(value);
  }

  /** The value of a member. */
  value(name) {
    return this.members[name] === undefined ? undefined : JSON.parse(this.members[name]);
  }

  /** The bytes that the store must hold: the members in the writing order. */
  get text() {
    const ids = [...this.externalIds].map(([plugin, id]) => `${JSON.stringify(plugin)}:${JSON.stringify(id)}`);
    const members = { ...this.members, externalIds: ids.length > 0 ? `{${ids}}` : undefined };
    const present = FIELDS[this.kind].filter((name) => members[name] !== undefined);
    return `{${present.map((name) => `${JSON.stringify(name)}:${members[name]}`)}}`;
  }

  /** Whether the caller of `other` gave the same, as JSON. */
  isSame(other) {
    return GIVEN[this.kind].every((name) => this.members[name] === other.members[name]);
  }

  get isPending() {
    return this.value("status") === "pending";
  }

  /** Requests of a batch share its resume token with nobody outside. */
  get isBatchItem() {
    return this.members.batchId !== undefined;
  }

  get time() {
    return Date.parse(this.value("createdAt"));
  }

  get namespace() {
    return this.value("namespace") ?? "global";
  }
}

/** The inbox: later ones first, and of one millisecond those whose ids are greater. */
const newestFirst = (a, b) => b.time - a.time || byBytes(b.id, a.id);

export class Model {
  /** The time of the calls, in ms since 1970. */
  now = 0;
  #requests = new Map();
  #batches = new Map();
  #deliveries = new Map();
  #entries = new Map();
  #tokens = new Map();
  /** External id → id; nothing is ever taken out. */
  #found = { request: new Map(), batch: new Map(), delivery: new Map() };

  get #date() {
    return new Date(this.now).toISOString();
  }

  ensureSchema() {}

  create(given) {
    if (!NAMESPACE.test(given.namespace ?? "global")) refuse("INVALID_ARGUMENT");
    if (given.batchIndex !== undefined && !Number.isFinite(given.batchIndex)) refuse("INVALID_ARGUMENT");
    const { id, token } = given;
    const made = new Stored("request", given, { status: "pending", createdAt: this.#date });
    const known = this.#requests.get(id);
    if (known?.isSame(made)) return;
    if (known) refuse("REQUEST_EXISTS", `Human request "${id}" already exists`);
    const owner = this.#requests.get(this.#tokens.get(token));
    if (owner?.isPending && owner.isBatchItem === made.isBatchItem) {
      refuse("TOKEN_TAKEN", `Resume token already belongs to human request "${owner.id}"`);
    }
    this.#requests.set(id, made);
    this.#tokens.set(token, id);
  }

  get(id) {
    return readRequest(this.#requests.get(id));
  }

  findByToken(token) {
    return this.get(this.#tokens.get(token));
  }

  findByExternalId(externalId) {
    return this.get(this.#found.request.get(externalId));
  }

  setExternalId(id, externalId, pluginId) {
    const record = this.#requests.get(id) ?? refuse("UNKNOWN_REQUEST", `Unknown human request "${id}"`);
    this.#setExternalId(record, externalId, pluginId);
  }

  #setExternalId(record, externalId, pluginId) {
    if (externalId === undefined) return;
    const channel = record.value("channel");
    const plugin = pluginId ?? channel;
    const isNew = ![...record.externalIds.values()].includes(externalId);
    record.externalIds.set(plugin, externalId);
    if (plugin === channel) record.set("externalId", externalId);
    if (isNew) this.#found[record.kind].set(externalId, record.id);
  }

  resolve(id, result) {
    if (JSON.stringify(result) === undefined) refuse("INVALID_ARGUMENT");
    const record = this.#requests.get(id) ?? refuse("UNKNOWN_REQUEST", `Unknown human request "${id}"`);
    if (!record.isPending) refuse("ALREADY_RESOLVED", `Human request "${id}" is already resolved`);
    record.set("status", "resolved");
    record.set("result", result);
    record.set("resolvedAt", this.#date);
  }

  /** The requests that a filter lets through; none where it names what no request can have. */
  #matching({ status, namespace }) {
    return [...this.#requests.values()].filter(
      (record) =>
        (!status || record.value("status") === status) && (!namespace || record.namespace === String(namespace)),
    );
  }

  list({ status, namespace, limit, cursor } = {}) {
    // No request can match, so nobody asks where the page would begin.
    if ((status && !STATUSES.includes(status)) || (namespace && !NAMESPACE.test(namespace))) return { items: [] };
    const rows = this.#matching({ status, namespace }).sort(newestFirst);
    const position = cursor ? positionOf(cursor, rows) : undefined;
    const older = position ? rows.filter((row) => newestFirst(position, row) < 0) : rows;
    const size = Number.isFinite(limit) && limit >= 1 ? Math.min(Math.floor(limit), MAX_LIMIT) : DEFAULT_LIMIT;
    const items = older.slice(0, size).map(readRequest);
    if (older.length <= size) return { items };
    const { createdAt, id } = items.at(-1);
    return { items, nextCursor: Buffer.from(`${createdAt}|${id}`).toString("base64url") };
  }

  count(filter = {}) {
    return this.#matching(filter).length;
  }

  createBatch(given) {
    const message = `Batch "${given.id}" already exists`;
    this.#insert(this.#batches, "batch", given, "BATCH_EXISTS", message);
  }

  getBatch(id) {
    return readBatch(this.#batches.get(id));
  }

  setBatchExternalId(id, externalId, pluginId) {
    const record = this.#batches.get(id) ?? refuse("UNKNOWN_BATCH", `Unknown batch "${id}"`);
    this.#setExternalId(record, externalId, pluginId);
  }

  #itemsOf(batchId) {
    return [...this.#requests.values()]
      .filter((record) => record.value("batchId") === batchId && record.value("batchIndex") !== undefined)
      .sort((a, b) => a.value("batchIndex") - b.value("batchIndex") || byBytes(a.id, b.id));
  }

  listByBatch(batchId) {
    return this.#itemsOf(batchId).map(readRequest);
  }

  #insert(records, kind, given, code, message) {
    const made = new Stored(kind, given, { createdAt: this.#date });
    const known = records.get(given.id);
    if (known && !known.isSame(made)) refuse(code, message);
    if (!known) records.set(given.id, made);
  }

  appendTimeline(given) {
    if (Number.isNaN(Date.parse(given.createdAt))) refuse("INVALID_ARGUMENT");
    const made = new Stored("entry", given, {});
    const known = this.#entries.get(given.id);
    if (known && !known.isSame(made)) refuse("ENTRY_EXISTS", `Timeline entry "${given.id}" already exists`);
    this.#entries.set(given.id, made);
  }

  #thread(threadId) {
    return [...this.#entries.values()]
      .filter((entry) => entry.value("threadId") === threadId)
      .sort((a, b) => a.time - b.time || byBytes(a.id, b.id));
  }

  timeline(threadId) {
    return this.#thread(threadId).map(readEntry);
  }

  createNotifyDelivery(given) {
    const message = `Notify delivery "${given.id}" already exists`;
    this.#insert(this.#deliveries, "delivery", given, "DELIVERY_EXISTS", message);
  }

  getNotifyDelivery(id) {
    return readDelivery(this.#deliveries.get(id));
  }

  setNotifyDeliveryExternalId(id, externalId) {
    const record = this.#deliveries.get(id) ?? refuse("UNKNOWN_DELIVERY", `Unknown notify delivery "${id}"`);
    if (externalId === undefined || record.value("externalId") === externalId) return;
    record.set("externalId", externalId);
    this.#found.delivery.set(externalId, id);
  }

  /** Everything that a store of this prefix must hold, but for what lies under `meta:`; as `snapshot` tells it. */
  stored(prefix) {
    const keys = keysOf(prefix);
    const held = {};
    const text = (key, value) => (held[key] = { type: "string", value });
    const sorted = (key, rows) => {
      if (rows.length > 0) held[key] = { type: "zset", value: rows };
    };
    for (const { id, text: value } of this.#requests.values()) text(keys.request(id), value);
    for (const { id, text: value } of this.#batches.values()) text(keys.batch(id), value);
    for (const { id, text: value } of this.#deliveries.values()) text(keys.delivery(id), value);
    for (const { id, text: value } of this.#entries.values()) text(keys.entry(id), value);
    for (const [token, id] of this.#tokens) text(keys.token(token), id);
    for (const [externalId, id] of this.#found.request) text(keys.externalId(externalId), id);
    for (const [externalId, id] of this.#found.batch) text(keys.batchExternalId(externalId), id);
    for (const [externalId, id] of this.#found.delivery) text(keys.deliveryExternalId(externalId), id);

    const timed = (filter) =>
      this.#matching(filter)
        .sort(newestFirst)
        .reverse()
        .map(({ id, time }) => [id, time]);
    const all = [...this.#requests.values()];
    sorted(keys.all, timed({}));
    for (const status of STATUSES) sorted(keys.status(status), timed({ status }));
    for (const namespace of new Set(all.map((record) => record.namespace))) {
      sorted(keys.namespace(namespace), timed({ namespace }));
      for (const status of STATUSES) sorted(keys.namespaceStatus(namespace, status), timed({ namespace, status }));
    }
    for (const batchId of new Set(all.map((record) => record.value("batchId")).filter(Boolean))) {
      sorted(
        keys.batchItems(batchId),
        this.#itemsOf(batchId).map((record) => [record.id, record.value("batchIndex")]),
      );
    }
    for (const threadId of new Set([...this.#entries.values()].map((entry) => entry.value("threadId")))) {
      sorted(
        keys.thread(threadId),
        this.#thread(threadId).map(({ id, time }) => [id, time]),
      );
    }
    return held;
  }
}

/** Where a cursor points to in the rows of a page: at its id's place, or else at its date. */
function positionOf(cursor, rows) {
  const text = Buffer.from(cursor, "base64url").toString();
  const bar = text.indexOf("|");
  const id = text.slice(bar + 1);
  const row = bar === -1 ? undefined : rows.find((one) => one.id === id);
  const time = row?.time ?? Date.parse(text.slice(0, Math.max(bar, 0)));
  if (Number.isNaN(time)) refuse("INVALID_CURSOR", `Invalid inbox cursor "${cursor}"`);
  return { time, id };
}
