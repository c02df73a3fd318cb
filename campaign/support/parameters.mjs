// Every parameter of every method that takes a string: how to pass one there, what it must come to, which keys of the
// store it may touch, and how to read it back.

import { verdict } from "../../__test__/support/assertions.mjs";
import { batch, decision, delivery, entry, request } from "../../__test__/support/records.mjs";
import { IoredisState } from "../../index.js";

const NAMESPACE = /^[A-Za-z0-9_.-]{1,128}$/;
const TABLE_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)?$/;

/** What the store holds before each call: one of everything, two keys of which others can meet. */
export async function furnish(state) {
  await state.create(request({ id: "base", namespace: "base.ns", batchId: "base-batch", batchIndex: 0 }));
  await state.setExternalId("base", "base-message");
  await state.createBatch(batch({ id: "base-batch" }));
  await state.setBatchExternalId("base-batch", "x");
  await state.createNotifyDelivery(delivery({ id: "base-delivery" }));
  await state.appendTimeline(entry({ id: "x", threadId: "base-thread" }));
}

const isKey = (x) => (x.isWellFormed() ? undefined : "INVALID_ARGUMENT");
const isUnknown = (x) => isKey(x) ?? /^UNKNOWN_/;
const never = () => "INVALID_ARGUMENT";
/** A key that a string has already. */
const meets = (text) => (x) => isKey(x) ?? (x === text ? "WRONGTYPE" : undefined);

const requestKeys = (k, { id, token, namespace }) => [
  ...[k.request(id), k.token(token), k.all, k.status("pending"), k.namespace(namespace)],
  k.namespaceStatus(namespace, "pending"),
];

/** A read that finds nothing. */
const read = (name, call, refused = () => undefined) => ({
  name,
  call,
  refused,
  nothing: (value) => value === null || value.length === 0,
});

/** A read of the whole inbox, or of nothing where the filter is one that no request meets. */
const filtered = (name, call, isKnown) => ({
  name,
  call,
  refused: () => undefined,
  nothing: (value, x) => (value.items?.length ?? value) === (x === "" || isKnown(x) ? 1 : 0),
});

/** A write: `touches` are its keys, `back` reads `x` out of the store again. */
const write = (name, call, { refused = () => undefined, touches, back }) => ({ name, call, refused, touches, back });

/** A field of a new request. */
function ofRequest(
  field,
  refused,
  back = (state, x) => state.get(field === "id" ? x : "new").then((record) => record[field]),
) {
  const made = (x) => request({ id: "new", token: "new-token", [field]: x });
  return write(`create({ ${field} })`, (state, x) => state.create(made(x)), {
    refused,
    touches: (k, x) => requestKeys(k, made(x)),
    back,
  });
}

const ofBatch = (field, refused) =>
  write(`createBatch({ ${field} })`, (state, x) => state.createBatch(batch({ id: "new", [field]: x })), {
    refused,
    touches: (k, x) => [k.batch(field === "id" ? x : "new")],
    back: async (state, x) => (await state.getBatch(field === "id" ? x : "new"))[field],
  });

const ofDelivery = (field, refused) =>
  write(
    `createNotifyDelivery({ ${field} })`,
    (state, x) => state.createNotifyDelivery(delivery({ id: "new", [field]: x })),
    {
      refused,
      touches: (k, x) => [k.delivery(field === "id" ? x : "new")],
      back: async (state, x) => (await state.getNotifyDelivery(field === "id" ? x : "new"))[field],
    },
  );

function ofEntry(field, refused) {
  const made = (x) => entry({ id: "new", threadId: "new-thread", [field]: x });
  return write(`appendTimeline({ ${field} })`, (state, x) => state.appendTimeline(made(x)), {
    refused,
    touches: (k, x) => [k.entry(made(x).id), k.thread(made(x).threadId)],
    back: async (state, x) => (await state.timeline(made(x).threadId))[0][field],
  });
}

const own = (object, name) => Object.getOwnPropertyDescriptor(object, name)?.value;

/** The calls of version 1.1.0, which both versions have. */
const CONTRACT = [
  read("get(id)", (s, x) => s.get(x)),
  read("findByToken(token)", (s, x) => s.findByToken(x)),
  read("findByExternalId(externalId)", (s, x) => s.findByExternalId(x)),
  read("getBatch(id)", (s, x) => s.getBatch(x)),
  read("getNotifyDelivery(id)", (s, x) => s.getNotifyDelivery(x)),
  read(
    "listByBatch(batchId)",
    (s, x) => s.listByBatch(x),
    (x) => (x === "ext:x" ? "WRONGTYPE" : undefined),
  ),
  read(
    "timeline(threadId)",
    (s, x) => s.timeline(x),
    (x) => (x === "entry:x" ? "WRONGTYPE" : undefined),
  ),
  filtered(
    "list({ status })",
    (s, x) => s.list({ status: x }),
    (x) => x === "pending",
  ),
  filtered(
    "count({ status })",
    (s, x) => s.count({ status: x }),
    (x) => x === "pending",
  ),
  filtered(
    "list({ namespace })",
    (s, x) => s.list({ namespace: x }),
    () => false,
  ),
  filtered(
    "count({ namespace })",
    (s, x) => s.count({ namespace: x }),
    () => false,
  ),
  ofRequest("id", isKey),
  ofRequest("token", isKey, async (state, x) => (await state.findByToken(x)).token),
  ofRequest("namespace", (x) => (NAMESPACE.test(x) ? undefined : "INVALID_ARGUMENT")),
  ofRequest("channel"),
  ofRequest("message"),
  write("create({ context })", (s, x) => s.create(request({ id: "new", token: "new-token", context: { [x]: x } })), {
    touches: (k) => requestKeys(k, { id: "new", token: "new-token", namespace: "global" }),
    back: async (state, x) => own((await state.get("new")).context, x),
  }),
  write(
    "create({ batchId })",
    (s, x) => s.create(request({ id: "new", token: "new-token", batchId: x, batchIndex: 1 })),
    {
      refused: meets("ext:x"),
      touches: (k, x) => [...requestKeys(k, { id: "new", token: "new-token", namespace: "global" }), k.batchItems(x)],
      back: async (state, x) => (await state.listByBatch(x))[0].batchId,
    },
  ),
  write("setExternalId(id)", (s, x) => s.setExternalId(x, "v"), { refused: isUnknown }),
  write("setExternalId(, externalId)", (s, x) => s.setExternalId("base", x), {
    refused: isKey,
    touches: (k, x) => [k.request("base"), k.externalId(x)],
    back: async (state, x) => (await state.findByExternalId(x)).externalId,
  }),
  write("setExternalId(, , pluginId)", (s, x) => s.setExternalId("base", "v", x), {
    refused: isKey,
    touches: (k) => [k.request("base"), k.externalId("v")],
    back: async (state, x) => (own((await state.get("base")).externalIds, x) === "v" ? x : undefined),
  }),
  write("resolve(id)", (s, x) => s.resolve(x, decision("base")), { refused: isUnknown }),
  write("resolve(, result)", (s, x) => s.resolve("base", decision("base", { feedbacks: { [x]: x } })), {
    touches: (k) => [
      ...[k.request("base"), k.marker("base"), k.status("pending"), k.status("resolved")],
      ...["pending", "resolved"].map((status) => k.namespaceStatus("base.ns", status)),
    ],
    back: async (state, x) => own((await state.get("base")).result.feedbacks, x),
  }),
  ofBatch("id", isKey),
  ofBatch("channel"),
  ofBatch("message"),
  write("setBatchExternalId(id)", (s, x) => s.setBatchExternalId(x, "v"), { refused: isUnknown }),
  write("setBatchExternalId(, externalId)", (s, x) => s.setBatchExternalId("base-batch", `v${x}`), {
    refused: isKey,
    touches: (k, x) => [k.batch("base-batch"), k.batchExternalId(`v${x}`)],
    back: async (state) => (await state.getBatch("base-batch")).externalId.slice(1),
  }),
  write("setBatchExternalId(, , pluginId)", (s, x) => s.setBatchExternalId("base-batch", "v", x), {
    refused: isKey,
    touches: (k) => [k.batch("base-batch"), k.batchExternalId("v")],
    back: async (state, x) => (own((await state.getBatch("base-batch")).externalIds, x) === "v" ? x : undefined),
  }),
  ofEntry("id", (x) => isKey(x) ?? (x === "x" ? "ENTRY_EXISTS" : undefined)),
  ofEntry("threadId", meets("entry:x")),
  ofEntry("message"),
  ofEntry("createdAt", (x) => (Number.isNaN(Date.parse(x)) ? "INVALID_ARGUMENT" : undefined)),
  ofDelivery("id", isKey),
  ofDelivery("channel"),
  ofDelivery("message"),
  ofDelivery("groupId"),
  write("setNotifyDeliveryExternalId(id)", (s, x) => s.setNotifyDeliveryExternalId(x, "v"), { refused: isUnknown }),
  write("setNotifyDeliveryExternalId(, externalId)", (s, x) => s.setNotifyDeliveryExternalId("base-delivery", x), {
    refused: isKey,
    touches: (k, x) => [k.delivery("base-delivery"), k.deliveryExternalId(x)],
    back: async (state) => (await state.getNotifyDelivery("base-delivery")).externalId,
  }),
];

/** Those of this package alone: options that are never strings, a cursor that is checked, and the constructor. */
const OWN = [
  read("list({ cursor })", async (s, x) => {
    const { value, error } = await verdict(s.list({ cursor: x }));
    if (error && error.code !== "INVALID_CURSOR") throw error;
    return value?.items.length === 1 ? [] : null;
  }),
  ...[
    ["verify(options)", (s, x) => s.verify(x)],
    ["verify({ repair })", (s, x) => s.verify({ repair: x })],
    ["verify({ onProgress })", (s, x) => s.verify({ onProgress: x })],
    ["purge(options)", (s, x) => s.purge(x)],
    ["purge({ resolvedBefore })", (s, x) => s.purge({ resolvedBefore: x })],
    ["purge({ limit })", (s, x) => s.purge({ resolvedBefore: new Date(), limit: x })],
    ["purge({ dryRun })", (s, x) => s.purge({ resolvedBefore: new Date(), dryRun: x })],
  ].map(([name, call]) => write(name, call, { refused: never })),
  {
    name: "new IoredisState(, { tableName })",
    call: async (_, x, client) => void new IoredisState(client, { tableName: x }),
    refused: (x) => (TABLE_NAME.test(x) ? undefined : "INVALID_TABLE_NAME"),
    nothing: () => true,
  },
];

export const PARAMETERS = { native: [...CONTRACT, ...OWN], javascript: CONTRACT };
