// The class as users see it: checks and stringifies what goes in, parses what comes out. What an
// operation does is in src/store; see ARCHITECTURE.md for the way of one call.

const native = require("./js/addon.js");
const {
  demandKey,
  demandObject,
  demandString,
  externalIdJson,
  NAMESPACE,
  readableKey,
  readFilter,
  writableKey,
} = require("./js/arguments.js");
const { abandon, park } = require("./js/bridge.js");
const { keyPrefixOf, linkOf, refusalOf } = require("./js/client.js");
const { clientOf } = require("./js/own.js");
const { coded, connectionClosed, invalidArgument, wrongKind } = require("./js/errors.js");
const maintenance = require("./js/maintenance.js");
const { demand } = require("./js/native.js");
const records = require("./js/records.js");
const watching = require("./js/watching.js");

const SCHEMA_VERSION = 3;
const DEFAULT_TABLE = "hitl.human_requests";
const DEFAULT_PREFIX = "hitl:human_requests";

const TABLE_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)?$/;

// What an external id is put into, as native.setExternalId counts them.
const REQUEST = 0;
const BATCH = 1;
const DELIVERY = 2;

/** The name of a state's table; nothing where it is no state. */
let tableNameOf;

class IoredisState {
  static {
    tableNameOf = (state) => (Object(state) === state && #tableName in state ? state.#tableName : undefined);
  }

  #link;
  #tableName;
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
    this.#tableName = tableName;
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
    return perform(this, "ensureSchema", undefined, (operation) =>
      this.#call(operation, undefined, null, (store, ticket) => native.ensureSchema(store, ticket)),
    );
  }

  create(record) {
    return perform(this, "create", record, (operation) => {
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
      return this.#call(operation, id, null, (store, ticket) =>
        native.create(store, ticket, id, token, String(space), json, now.getTime(), batch, index),
      );
    });
  }

  get(id) {
    return perform(this, "get", id, (operation) => this.#read(operation, id, null, readRequest, native.get));
  }

  findByExternalId(externalId) {
    return perform(this, "findByExternalId", undefined, (operation) =>
      this.#find(operation, externalId, native.findByExternalId),
    );
  }

  findByToken(token) {
    return perform(this, "findByToken", undefined, (operation) => this.#find(operation, token, native.findByToken));
  }

  setExternalId(id, externalId, pluginId) {
    return perform(this, "setExternalId", id, (operation) =>
      this.#setExternalId(operation, REQUEST, id, externalId, pluginId),
    );
  }

  resolve(id, result) {
    return perform(this, "resolve", id, (operation) => {
      const key = writableKey(id, "id");
      const json = JSON.stringify(result);
      if (json === undefined) {
        throw invalidArgument("result must be a value that JSON can hold");
      }
      const resolvedAt = new Date().toISOString();
      return this.#call(operation, key, null, (store, ticket) => native.resolve(store, ticket, key, json, resolvedAt));
    });
  }

  list(filter) {
    return perform(this, "list", undefined, (operation) => {
      const { matches, byStatus, byNamespace, size, cursor } = readFilter(filter);
      if (!matches || (cursor != null && typeof cursor !== "string")) {
        return { items: [] };
      }
      const from = cursor ? records.readCursor(cursor) : undefined;
      if (from === null) {
        throw coded(new Error(`Invalid inbox cursor "${cursor}"`), "INVALID_CURSOR");
      }
      return this.#call(operation, undefined, records.readPage, (store, ticket) =>
        native.list(store, ticket, byStatus, byNamespace, size, from && cursor, from?.id, from?.time),
      );
    });
  }

  count(filter) {
    return perform(this, "count", undefined, (operation) => {
      const { matches, byStatus, byNamespace } = readFilter(filter);
      if (!matches) {
        return 0;
      }
      return this.#call(operation, undefined, null, (store, ticket) =>
        native.count(store, ticket, byStatus, byNamespace),
      );
    });
  }

  createBatch(record) {
    return perform(this, "createBatch", record, (operation) =>
      this.#insert(operation, record, records.batchJson, native.createBatch),
    );
  }

  getBatch(id) {
    const read = (json) => records.toBatch(records.parse(json, "batch", id));
    return perform(this, "getBatch", id, (operation) => this.#read(operation, id, null, read, native.getBatch));
  }

  setBatchExternalId(id, externalId, pluginId) {
    return perform(this, "setBatchExternalId", id, (operation) =>
      this.#setExternalId(operation, BATCH, id, externalId, pluginId),
    );
  }

  listByBatch(batchId) {
    return perform(this, "listByBatch", batchId, (operation) =>
      this.#read(operation, batchId, [], records.readBatchItems, native.listByBatch),
    );
  }

  appendTimeline(entry) {
    return perform(this, "appendTimeline", entry, (operation) => {
      demandObject(entry, "entry");
      const { id, threadId, createdAt } = entry;
      const key = demandKey(id, "id");
      const thread = demandKey(threadId, "threadId");
      const time = Date.parse(createdAt);
      if (Number.isNaN(time)) {
        throw invalidArgument("createdAt must be a date that Date.parse can read");
      }
      const json = records.entryJson(entry);
      return this.#call(operation, key, null, (store, ticket) =>
        native.appendTimeline(store, ticket, key, thread, json, time),
      );
    });
  }

  timeline(threadId) {
    return perform(this, "timeline", threadId, (operation) =>
      this.#read(operation, threadId, [], records.readTimeline, native.timeline),
    );
  }

  createNotifyDelivery(record) {
    return perform(this, "createNotifyDelivery", record, (operation) =>
      this.#insert(operation, record, records.deliveryJson, native.createDelivery),
    );
  }

  getNotifyDelivery(id) {
    const read = (json) => records.toDelivery(records.parse(json, "notify delivery", id));
    return perform(this, "getNotifyDelivery", id, (operation) =>
      this.#read(operation, id, null, read, native.getDelivery),
    );
  }

  setNotifyDeliveryExternalId(id, externalId) {
    return perform(this, "setNotifyDeliveryExternalId", id, (operation) =>
      this.#setExternalId(operation, DELIVERY, id, externalId),
    );
  }

  purge(options) {
    return perform(this, "purge", undefined, (operation) =>
      maintenance.purge(maintenance.readPurge(options), (...args) =>
        this.#call(operation, undefined, parseStep, (store, ticket) => native.purge(store, ticket, ...args)),
      ),
    );
  }

  verify(options) {
    return perform(this, "verify", undefined, (operation) =>
      maintenance.verify(
        maintenance.readVerify(options),
        (repair, from) =>
          this.#call(operation, undefined, parseStep, (store, ticket) =>
            native.verify(store, ticket, repair, this.#unprefixed, from),
          ),
        (kind, repaired) => watching.repaired({ operation, tableName: this.#tableName }, { kind, repaired }),
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

  /**
   * Sends one call, and promises its result. `id` is that of the record which it is about, if it is about one. `send`
   * may throw, and rejects the promise.
   */
  #call(operation, id, read, send) {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        throw connectionClosed();
      }
      const link = this.#link;
      link.open();
      if (this.#epoch !== link.epoch) {
        this.#store = demand(() => native.openStore(link.handle, this.#prefix));
        this.#epoch = link.epoch;
      }
      link.gather();
      const tableName = this.#tableName;
      const ticket = park({ link, resolve, reject, read, operation, tableName, id, retries: 0, wasLost: false });
      try {
        send(this.#store, ticket);
      } catch {
        throw abandon(ticket);
      }
    });
  }

  /** Reads what is stored under a key. A key that nothing can be stored under leads nowhere. */
  #read(operation, key, nothing, read, invoke) {
    const id = readableKey(key);
    if (id === undefined) {
      return Promise.resolve(nothing);
    }
    return this.#call(operation, id, read, (store, ticket) => invoke(store, ticket, id));
  }

  /** Reads the request that a key leads to, which is no id of its own. */
  #find(operation, key, invoke) {
    const text = readableKey(key);
    if (text === undefined) {
      return Promise.resolve(null);
    }
    return this.#call(operation, undefined, readRequest, (store, ticket) => invoke(store, ticket, text));
  }

  #insert(operation, record, toJson, invoke) {
    demandObject(record, "record");
    const key = demandKey(record.id, "id");
    const json = toJson(record, new Date().toISOString());
    return this.#call(operation, key, null, (store, ticket) => invoke(store, ticket, key, json));
  }

  /** The message has gone out to a human by now: a type is no reason to have it sent again. */
  #setExternalId(operation, subject, id, externalId, pluginId) {
    const key = writableKey(id, "id");
    const text = writableKey(externalId, "externalId");
    const json = externalIdJson(externalId, text);
    const plugin = pluginId == null ? undefined : writableKey(pluginId, "pluginId");
    return this.#call(operation, key, null, (store, ticket) =>
      native.setExternalId(store, ticket, subject, key, text, json, plugin),
    );
  }
}

Object.defineProperty(IoredisState.prototype, Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose"), {
  value: IoredisState.prototype.close,
  writable: true,
  configurable: true,
});

/**
 * Runs a method of `state`, whatever it throws: every method promises, even one that was called on something else.
 * `subject`: the id that it is about, or what has the id. `run` is given the method's name, for the calls that it makes.
 */
function perform(state, operation, subject, run) {
  return watching.isTraced()
    ? watching.trace(operation, tableNameOf(state), subject, () => attempt(run, operation))
    : attempt(run, operation);
}

/** Runs the part of a call that may throw. */
function attempt(run, operation) {
  try {
    return Promise.resolve(run(operation));
  } catch (error) {
    return Promise.reject(error);
  }
}

const parseStep = (json) => JSON.parse(json);

const readRequest = (json, id) => records.toRequest(records.parse(json, "human request", id));

module.exports.IoredisState = IoredisState;
module.exports.SCHEMA_VERSION = SCHEMA_VERSION;
module.exports.DEFAULT_TABLE = DEFAULT_TABLE;
module.exports.DEFAULT_PREFIX = DEFAULT_PREFIX;
