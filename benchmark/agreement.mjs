// Whether all sides do the same: the same calls must have the same answers, or figures mean nothing. User data here is
// what the JavaScript version does not spoil, and calls are those in which both packages promise the same.

import { isDeepStrictEqual } from "node:util";
import { batch, decision, delivery, entry, request } from "./records.mjs";

const COUNT = 12;

const BYTES = 600;

const idOf = (n) => `agreed-${String(n).padStart(2, "0")}`;

/** A call's answer, or what it was refused with. */
const outcome = (promise) =>
  promise.then(
    (answer) => answer ?? null,
    ({ message }) => ({ rejected: message }),
  );

/** As JSON, without what may differ: the time of day. */
function comparable(answer) {
  const text = JSON.stringify(answer, (key, value) => {
    if (key === "createdAt" || key === "resolvedAt") return Number.isNaN(Date.parse(value)) ? value : "some time";
    return key === "nextCursor"
      ? Buffer.from(value, "base64url")
          .toString()
          .replace(/^[^|]*/, "some time")
      : value;
  });
  return text === undefined ? null : JSON.parse(text);
}

/** All pages, one after the other; each shorter than `COUNT`. */
async function pages(store, filter) {
  const found = [];
  let cursor;
  do {
    const page = await store.list({ ...filter, ...(cursor && { cursor }) });
    found.push(page);
    cursor = page.nextCursor;
  } while (cursor && found.length <= COUNT);
  return found;
}

async function fill(store) {
  await store.ensureSchema();
  for (let n = 0; n < COUNT; n++) {
    const overrides = { namespace: n % 3 === 0 ? "finance" : "global" };
    // Against the order of their ids, so that the batch's own order shows.
    if (n % 2 === 0) Object.assign(overrides, { batchId: "agreed", batchIndex: COUNT - n });
    await store.create(request(idOf(n), BYTES, overrides));
    await store.appendTimeline({ ...entry(idOf(n), "agreed"), createdAt: new Date(1.7e12 + n).toISOString() });
  }
  await store.createBatch(batch("agreed"));
  await store.createNotifyDelivery(delivery("agreed"));
}

/** What is called, in this order. */
const CALLS = {
  "ensureSchema, twice": (store) => store.ensureSchema(),
  "get, pending": (store) => store.get(idOf(1)),
  "get, nobody": (store) => store.get("nobody"),
  setExternalId: (store) => store.setExternalId(idOf(1), "external-1"),
  "setExternalId, of a plugin": (store) => store.setExternalId(idOf(1), "external-2", "inbox"),
  "setExternalId, nobody": (store) => store.setExternalId("nobody", "external-3"),
  findByExternalId: (store) => store.findByExternalId("external-1"),
  "findByExternalId, of a plugin": (store) => store.findByExternalId("external-2"),
  "findByExternalId, nobody": (store) => store.findByExternalId("external-3"),
  findByToken: (store) => store.findByToken(`token-of-${idOf(2)}`),
  "findByToken, nobody": (store) => store.findByToken("nobody"),
  resolve: (store) => store.resolve(idOf(1), decision(idOf(1))),
  "resolve, another": (store) => store.resolve(idOf(4), decision(idOf(4))),
  "resolve, again": (store) => store.resolve(idOf(1), decision(idOf(1))),
  "resolve, nobody": (store) => store.resolve("nobody", decision("nobody")),
  "get, resolved": (store) => store.get(idOf(1)),
  "setExternalId, resolved": (store) => store.setExternalId(idOf(4), "external-4"),
  "get, resolved and named": (store) => store.get(idOf(4)),
  list: (store) => store.list(),
  "list, pages": (store) => pages(store, { limit: 5 }),
  "list, pages of one": (store) => pages(store, { limit: 1, status: "resolved" }),
  "list, pages of pending": (store) => pages(store, { limit: 3, status: "pending" }),
  "list, pages of a namespace": (store) => pages(store, { limit: 2, namespace: "finance" }),
  "list, pages of a namespace's pending": (store) => pages(store, { limit: 3, namespace: "global", status: "pending" }),
  "list, nowhere": (store) => store.list({ namespace: "nowhere" }),
  count: (store) => store.count(),
  "count, pending": (store) => store.count({ status: "pending" }),
  "count, a namespace's resolved": (store) => store.count({ namespace: "global", status: "resolved" }),
  setBatchExternalId: (store) => store.setBatchExternalId("agreed", "external-5"),
  "setBatchExternalId, nobody": (store) => store.setBatchExternalId("nobody", "external-6"),
  getBatch: (store) => store.getBatch("agreed"),
  "getBatch, nobody": (store) => store.getBatch("nobody"),
  listByBatch: (store) => store.listByBatch("agreed"),
  "listByBatch, nobody": (store) => store.listByBatch("nobody"),
  timeline: (store) => store.timeline("agreed"),
  "timeline, nobody": (store) => store.timeline("nobody"),
  setNotifyDeliveryExternalId: (store) => store.setNotifyDeliveryExternalId("agreed", "external-7"),
  "setNotifyDeliveryExternalId, nobody": (store) => store.setNotifyDeliveryExternalId("nobody", "external-8"),
  getNotifyDelivery: (store) => store.getNotifyDelivery("agreed"),
  "getNotifyDelivery, nobody": (store) => store.getNotifyDelivery("nobody"),
};

/** The answers of an empty store to all calls, by their names. */
export async function answersOf(store) {
  await fill(store);
  const found = {};
  for (const [name, call] of Object.entries(CALLS)) found[name] = comparable(await outcome(call(store)));
  return found;
}

/** Throws unless all sides answer alike; `answers` by side. */
export function mustAgree(answers) {
  const [[first, expected], ...others] = Object.entries(answers);
  for (const [name, found] of others) {
    const odd = Object.keys(expected).find((call) => !isDeepStrictEqual(found[call], expected[call]));
    if (odd === undefined) continue;
    const [ours, theirs] = [expected[odd], found[odd]].map((answer) => JSON.stringify(answer, null, 1));
    throw new Error(`${first} and ${name} differ in "${odd}":\n${ours}\n${theirs}\nNothing was measured.`);
  }
}
