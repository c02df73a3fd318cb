// Records as users see them. Natively they are JSON text; here they are written and read, with
// V8's own meaning of JSON.

const { corrupt } = require("./errors.js");
const { leftOut } = require("./watching.js");

/** Keys of corrupt records that have been reported: each once. */
const reported = new Set();

/** Writes a new request: the members in the order in which the store keeps them. */
function requestJson(record, createdAt) {
  const { id, token, channel, namespace, message, actions, context, batchId, batchIndex } = record;
  return JSON.stringify({
    id,
    token,
    channel,
    namespace,
    message,
    actions,
    context,
    status: "pending",
    createdAt,
    batchId,
    batchIndex,
  });
}

function batchJson({ id, channel, message, actions, context }, createdAt) {
  return JSON.stringify({ id, channel, message, actions, context, createdAt });
}

function entryJson({ id, threadId, message, detail, createdAt }) {
  return JSON.stringify({ id, threadId, message, detail, createdAt });
}

function deliveryJson({ id, channel, message, groupId }, createdAt) {
  return JSON.stringify({ id, channel, message, groupId, createdAt });
}

/** Parses one stored object. Reports what it cannot read by kind and id, never by content. */
function parse(json, kind, id) {
  let stored;
  try {
    stored = JSON.parse(json);
  } catch {
    throw corrupt(kind, id);
  }
  if (stored === null || typeof stored !== "object" || Array.isArray(stored)) {
    throw corrupt(kind, id);
  }
  return stored;
}

/** Copies the members that are there: an absent member stays absent. */
function pick(target, stored, names) {
  for (const name of names) {
    if (stored[name] !== undefined) {
      target[name] = stored[name];
    }
  }
  return target;
}

/**
 * The actions of a request in today's form. Stores of the first versions hold `submit` for
 * `approve`, or one object instead of a list.
 */
function normalizeActions(actions) {
  if (Array.isArray(actions)) {
    for (const action of actions) {
      if (action?.id === "submit") {
        action.id = "approve";
      }
    }
    return actions;
  }
  const normalized = [];
  if (actions?.submit != null) {
    normalized.push({ id: "approve", ...actions.submit });
  }
  if (actions?.deny != null) {
    normalized.push({ id: "deny", ...actions.deny });
  }
  return normalized.length > 0 ? normalized : [{ id: "approve" }];
}

function pickExternalIds(target, { externalIds }) {
  if (externalIds !== null && typeof externalIds === "object" && Object.keys(externalIds).length > 0) {
    target.externalIds = externalIds;
  }
}

const REQUEST_HEAD = ["id", "token", "channel"];
const REQUEST_BODY = ["context", "status", "externalId"];
const REQUEST_TAIL = ["result", "createdAt", "resolvedAt", "batchId", "batchIndex"];

function toRequest(stored) {
  const request = pick({}, stored, REQUEST_HEAD);
  request.namespace = stored.namespace ?? "global";
  pick(request, stored, ["message"]);
  request.actions = normalizeActions(stored.actions);
  pick(request, stored, REQUEST_BODY);
  pickExternalIds(request, stored);
  return pick(request, stored, REQUEST_TAIL);
}

function toBatch(stored) {
  const batch = pick({}, stored, ["id", "channel", "message"]);
  if (stored.actions !== undefined) {
    batch.actions = normalizeActions(stored.actions);
  }
  pick(batch, stored, ["context", "externalId"]);
  pickExternalIds(batch, stored);
  return pick(batch, stored, ["createdAt"]);
}

const toEntry = (stored) => pick({}, stored, ["id", "threadId", "message", "detail", "createdAt"]);

const toDelivery = (stored) => pick({}, stored, ["id", "channel", "message", "groupId", "externalId", "createdAt"]);

/**
 * What reads a list of records, and what has come of a long one ahead of the rest. The native side has left out what is
 * corrupt, and names it.
 */
function listReader(toRecord, finish = (items) => items) {
  const read = (json, _, call) => {
    if (call.failure !== undefined) {
      throw call.failure;
    }
    const { items: rest, corrupt: keys, next } = JSON.parse(json);
    report(keys, call);
    const items = rest.map(toRecord);
    return finish(call.ahead === undefined ? items : [...call.ahead, items].flat(), next);
  };
  read.ahead = (json) => JSON.parse(json).items.map(toRecord);
  return read;
}

const readPage = listReader(toRequest, (items, next) => {
  const page = { items };
  if (next !== undefined) {
    const { createdAt } = items[items.length - 1];
    page.nextCursor = Buffer.from(`${createdAt}|${next}`, "utf8").toString("base64url");
  }
  return page;
});

const readTimeline = listReader(toEntry);

const readBatchItems = listReader(toRequest);

function report(keys = [], call) {
  leftOut(call, keys);
  for (const key of keys) {
    if (!reported.has(key)) {
      reported.add(key);
      process.emitWarning(`The record at "${key}" is not a JSON object and was left out`, {
        type: "HitlStateWarning",
        code: "CORRUPT_RECORD",
      });
    }
  }
}

/**
 * A cursor: base64url of `<createdAt>|<id>`, as lenient as Node decodes it. `null`: there is no
 * position in it.
 */
function readCursor(cursor) {
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const bar = text.indexOf("|");
  if (bar < 0) {
    return null;
  }
  const time = Date.parse(text.slice(0, bar));
  return { id: text.slice(bar + 1), time: Number.isNaN(time) ? undefined : time };
}

module.exports = {
  batchJson,
  deliveryJson,
  entryJson,
  parse,
  readBatchItems,
  readCursor,
  readPage,
  readTimeline,
  requestJson,
  toBatch,
  toDelivery,
  toRequest,
};
