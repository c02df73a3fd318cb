// The class as users see it: checks and stringifies what goes in, parses what comes out. What an
// operation does is in src/store; see ARCHITECTURE.md for the way of one call.

const native = require("./binding.js");
const { park, unpark } = require("./js/bridge.js");
const { keyPrefixOf, linkOf, refusalOf } = require("./js/client.js");
const { clientOf } = require("./js/own.js");
const { coded, connectionClosed, invalidArgument, wrongKind } = require("./js/errors.js");
const maintenance = require("./js/maintenance.js");
const records = require("./js/records.js");

const SCHEMA_VERSION = 3;
const DEFAULT_TABLE = "hitl.human_requests";
const DEFAULT_PREFIX = "hitl:human_requests";

const TABLE_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)?$/;
const NAMESPACE = /^[A-Za-z0-9_.-]{1,128}$/;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;

// What an external id is put into, as native.setExternalId counts them.
const REQUEST = 0;
const BATCH = 1;
const DELIVERY = 2;

class IoredisState {
  #link;
  #prefix;
  #unprefixed;
  #store = null;
  #epoch = 0;
  #isClosed = false;

  constructor(given, options) {
    const tableName = options?.tableName ?? DEFAULT_TABLE;
    if (typeof tableName !== "string" || !TABLE_NAME.test(tableName)) {
      throw coded(new Error(`Invalid table name "${String(tableName)}"`), "INVALID_TABLE_NAME");
    }
    const client = clientOf(given);
    const name = Buffer.from(tableName.replace(".", ":"));
    this.#prefix = Buffer.concat([keyPrefixOf(client), name]);
    // On a Cluster what has no prefix is in another slot: nobody can have written it beside the rest.
    this.#unprefixed = this.#prefix.length > name.length && !client.isCluster ? name : undefined;
    const refusal = refusalOf(client, this.#prefix);
    if (refusal !== undefined) {
      throw wrongKind(refusal);
    }
    this.#link = linkOf(client, this.#prefix);
    this.#link.users += 1;
  }

  ensureSchema() {
    return attempt(() => this.#call(null, (store, ticket) => native.ensureSchema(store, ticket)));
  }

  create(record) {
    return attempt(() => {
      demandObject(record, "record");
      const { id, token, namespace, batchId, batchIndex } = record;
      demandString(id, "id");
      demandString(token, "token");
      const space = namespace ?? "global";
      if (!NAMESPACE.test(String(space))) {
        throw invalidArgument("namespace must match /^[A-Za-z0-9_.-]{1,128}$/");
      }
      const batch = batchId == null ? undefined : writableKey(batchId, "batchId");
      const index = batchIndex ?? undefined;
      if (index !== undefined && !Number.isFinite(index)) {
        throw invalidArgument("batchIndex must be a finite number");
      }
      const now = new Date();
      const json = records.requestJson(record, now.toISOString());
      return this.#call(null, (store, ticket) =>
        native.create(store, ticket, id, token, String(space), json, now.getTime(), batch, index),
      );
    });
  }

  get(id) {
    return attempt(() => this.#read(id, null, readRequest, native.get));
  }

  findByExternalId(externalId) {
    return attempt(() => this.#read(externalId, null, readRequest, native.findByExternalId));
  }

  findByToken(token) {
    return attempt(() => this.#read(token, null, readRequest, native.findByToken));
  }

  setExternalId(id, externalId, pluginId) {
    return attempt(() => this.#setExternalId(REQUEST, id, externalId, pluginId));
  }

  resolve(id, result) {
    return attempt(() => {
      const key = writableKey(id, "id");
      const json = JSON.stringify(result);
      if (json === undefined) {
        throw invalidArgument("result must be a value that JSON can hold");
      }
      const resolvedAt = new Date().toISOString();
      return this.#call(null, (store, ticket) => native.resolve(store, ticket, key, json, resolvedAt));
    });
  }

  list(filter) {
    return attempt(() => {
      const { matches, byStatus, byNamespace, limit, cursor } = readFilter(filter);
      if (!matches || (cursor != null && typeof cursor !== "string")) {
        return { items: [] };
      }
      const from = cursor ? records.readCursor(cursor) : undefined;
      if (from === null) {
        throw coded(new Error(`Invalid inbox cursor "${cursor}"`), "INVALID_CURSOR");
      }
      const count = Number.isFinite(limit) && limit >= 1 ? Math.min(Math.floor(limit), MAX_LIMIT) : DEFAULT_LIMIT;
      return this.#call(records.readPage, (store, ticket) =>
        native.list(store, ticket, byStatus, byNamespace, count, from && cursor, from?.id, from?.time),
      );
    });
  }

  count(filter) {
    return attempt(() => {
      const { matches, byStatus, byNamespace } = readFilter(filter);
      if (!matches) {
        return 0;
      }
      return this.#call(null, (store, ticket) => native.count(store, ticket, byStatus, byNamespace));
    });
  }

  createBatch(record) {
    return attempt(() => this.#insert(record, records.batchJson, native.createBatch));
  }

  getBatch(id) {
    const read = (json) => records.toBatch(records.parse(json, "batch", id));
    return attempt(() => this.#read(id, null, read, native.getBatch));
  }

  setBatchExternalId(id, externalId, pluginId) {
    return attempt(() => this.#setExternalId(BATCH, id, externalId, pluginId));
  }

  listByBatch(batchId) {
    return attempt(() => this.#read(batchId, [], records.readBatchItems, native.listByBatch));
  }

  appendTimeline(entry) {
    return attempt(() => {
      demandObject(entry, "entry");
      const { id, threadId, createdAt } = entry;
      const key = demandKey(id, "id");
      const thread = demandKey(threadId, "threadId");
      const time = Date.parse(createdAt);
      if (Number.isNaN(time)) {
        throw invalidArgument("createdAt must be a date that Date.parse can read");
      }
      const json = records.entryJson(entry);
      return this.#call(null, (store, ticket) => native.appendTimeline(store, ticket, key, thread, json, time));
    });
  }

  timeline(threadId) {
    return attempt(() => this.#read(threadId, [], records.readTimeline, native.timeline));
  }

  createNotifyDelivery(record) {
    return attempt(() => this.#insert(record, records.deliveryJson, native.createDelivery));
  }

  getNotifyDelivery(id) {
    const read = (json) => records.toDelivery(records.parse(json, "notify delivery", id));
    return attempt(() => this.#read(id, null, read, native.getDelivery));
  }

  setNotifyDeliveryExternalId(id, externalId) {
    return attempt(() => this.#setExternalId(DELIVERY, id, externalId));
  }

  purge(options) {
    return attempt(() =>
      maintenance.purge(maintenance.readPurge(options), (...args) =>
        this.#call(parseStep, (store, ticket) => native.purge(store, ticket, ...args)),
      ),
    );
  }

  verify(options) {
    return attempt(() =>
      maintenance.verify(maintenance.readVerify(options), (repair, from) =>
        this.#call(parseStep, (store, ticket) => native.verify(store, ticket, repair, this.#unprefixed, from)),
      ),
    );
  }

  async close() {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#link.users -= 1;
      if (this.#link.users === 0) {
        await this.#link.closeGently();
      }
    }
  }

  /** Sends one call, and promises its result. `send` may throw, and rejects the promise. */
  #call(read, send, id) {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        throw connectionClosed();
      }
      const link = this.#link;
      link.open();
      if (this.#epoch !== link.epoch) {
        this.#store = native.openStore(link.handle, this.#prefix);
        this.#epoch = link.epoch;
      }
      link.gather();
      const ticket = park({ link, resolve, reject, read, id });
      try {
        send(this.#store, ticket);
      } catch (error) {
        unpark(ticket);
        throw error;
      }
    });
  }

  /** Reads what one key leads to. A key that nothing can be stored under leads nowhere. */
  #read(key, nothing, read, operation) {
    const text = readableKey(key);
    if (text === undefined) {
      return Promise.resolve(nothing);
    }
    return this.#call(read, (store, ticket) => operation(store, ticket, text), text);
  }

  #insert(record, toJson, operation) {
    demandObject(record, "record");
    const key = demandKey(record.id, "id");
    const json = toJson(record, new Date().toISOString());
    return this.#call(null, (store, ticket) => operation(store, ticket, key, json));
  }

  /** The message has gone out to a human by now: a type is no reason to have it sent again. */
  #setExternalId(subject, id, externalId, pluginId) {
    const key = writableKey(id, "id");
    const text = writableKey(externalId, "externalId");
    const json = externalIdJson(externalId, text);
    const plugin = pluginId == null ? undefined : writableKey(pluginId, "pluginId");
    return this.#call(null, (store, ticket) => native.setExternalId(store, ticket, subject, key, text, json, plugin));
  }
}

Object.defineProperty(IoredisState.prototype, Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose"), {
  value: IoredisState.prototype.close,
  writable: true,
  configurable: true,
});

/** Runs the part of a call that may throw: every method promises, none throws. */
function attempt(run) {
  try {
    return Promise.resolve(run());
  } catch (error) {
    return Promise.reject(error);
  }
}

const parseStep = (json) => JSON.parse(json);

const readRequest = (json, id) => records.toRequest(records.parse(json, "human request", id));

/** The text that a key is built from; `undefined` where nothing can be stored under it. */
function readableKey(value) {
  const text = textOf(value);
  return text?.isWellFormed() ? text : undefined;
}

/** The same for a write, which is refused: lone surrogates would meet on one key. */
function writableKey(value, name) {
  const text = textOf(value) ?? jsonOf(value) ?? "";
  if (!text.isWellFormed()) {
    throw invalidArgument(`${name} must not contain lone surrogates`);
  }
  return text;
}

/** `String(value)`; `undefined` for an object that has no text. */
function textOf(value) {
  if (typeof value === "string") {
    return value;
  }
  try {
    return String(value);
  } catch {
    return undefined;
  }
}

/** JSON; `undefined` where V8 has none for it, or refuses. */
function jsonOf(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** JSON keeps the value; for one that V8 refuses, such as a BigInt, its text. */
function externalIdJson(externalId, text) {
  try {
    return JSON.stringify(externalId);
  } catch {
    return JSON.stringify(text);
  }
}

function demandObject(value, name) {
  if (value === null || typeof value !== "object") {
    throw invalidArgument(`${name} must be an object`);
  }
}

function demandKey(value, name) {
  if (value === undefined || value === null) {
    throw invalidArgument(`${name} must be given`);
  }
  return writableKey(value, name);
}

function demandString(value, name) {
  if (typeof value !== "string") {
    throw invalidArgument(`${name} must be a string`);
  }
  writableKey(value, name);
}

/** Absent and empty mean unfiltered; what no request can have, or nobody can read, matches nothing. */
function readFilter(filter) {
  try {
    const { status, namespace, limit, cursor } = filter ?? {};
    const byStatus = status || undefined;
    const byNamespace = namespace ? String(namespace) : undefined;
    const matches =
      (byStatus === undefined || byStatus === "pending" || byStatus === "resolved") &&
      (byNamespace === undefined || NAMESPACE.test(byNamespace));
    return { matches, byStatus, byNamespace, limit, cursor };
  } catch {
    return { matches: false };
  }
}

module.exports.IoredisState = IoredisState;
module.exports.SCHEMA_VERSION = SCHEMA_VERSION;
module.exports.DEFAULT_TABLE = DEFAULT_TABLE;
module.exports.DEFAULT_PREFIX = DEFAULT_PREFIX;
