// What callers do in a history, and which registers (`registers.mjs`) that is about.
//
// A deed is `{ act(state), of }`: `act` makes the call, and `of` names the registers, `[register, call]`, with the call of
// the specification. A deed that reads has `show(value)` besides, which gives what it has shown of each of them.

import { batch, decision, delivery, entry, request } from "../../__test__/support/records.mjs";

const REQUESTS = Array.from({ length: 12 }, (_, n) => `r${n}`);
/** Of batches and of deliveries. */
const DOCUMENTS = ["d0", "d1", "d2"];
const THREADS = ["t0", "t1"];

/** The requests that are the items of one batch. */
const ITEMS = REQUESTS.slice(0, 4);
const GROUP = "group";

/** Callers who mean different things by one id. */
const MESSAGES = ["one thing", "another thing"];
const PLUGINS = ["slack", "inbox"];

const tokenOf = (id) => `token-of-${id}`;
const requestOf = (id) => `request ${id}`;
const batchOf = (id) => `batch ${id}`;
const deliveryOf = (id) => `delivery ${id}`;
const threadOf = (id) => `thread ${id}`;

/** What is left of a record where ids are registers: its message, its external ids, and how it was decided. */
const seen = (record) =>
  record ? { message: record.message, ids: record.externalIds ?? {}, decision: record.result?.externalRef } : null;

const seenDelivery = (record) =>
  record ? seen({ ...record, externalIds: record.externalId === undefined ? {} : { own: record.externalId } }) : null;

/** A read of one register. */
const reading = (act, register, view, call = { name: "read" }) => ({
  act,
  of: [[register, call]],
  show: (value) => [view(value)],
});

/** A read of several requests, of which some may not be there. */
const readingAll = (act, ids, recordsOf = (records) => records) => ({
  act,
  of: ids.map((id) => [requestOf(id), { name: "read" }]),
  show: (value) => ids.map((id) => seen(recordsOf(value).find((record) => record.id === id))),
});

/** How often each deed is done; the deed, from chance, from a text that nothing else has, and from what was sent out. */
const DEEDS = {
  create: [
    9,
    ({ pick }) => {
      const [id, message] = [pick(REQUESTS), pick(MESSAGES)];
      const place = ITEMS.indexOf(id);
      const item = place === -1 ? {} : { batchId: GROUP, batchIndex: place };
      const record = request({ id, token: tokenOf(id), message, ...item });
      return { act: (state) => state.create(record), of: [[requestOf(id), { name: "create", message }]] };
    },
  ],
  setExternalId: [
    14,
    ({ pick }, text, sent) => {
      const [id, plugin] = [pick(REQUESTS), pick(PLUGINS)];
      sent.push([id, text]);
      return {
        act: (state) => state.setExternalId(id, text, plugin),
        of: [[requestOf(id), { name: "set", plugin, externalId: text }]],
      };
    },
  ],
  resolve: [
    6,
    ({ pick }, text) => {
      const id = pick(REQUESTS);
      return {
        act: (state) => state.resolve(id, decision(id, { externalRef: text })),
        of: [[requestOf(id), { name: "resolve", decision: text }]],
      };
    },
  ],
  get: [
    14,
    ({ pick }) => {
      const id = pick(REQUESTS);
      return reading((state) => state.get(id), requestOf(id), seen);
    },
  ],
  findByToken: [
    6,
    ({ pick }) => {
      const id = pick(REQUESTS);
      return reading((state) => state.findByToken(tokenOf(id)), requestOf(id), seen);
    },
  ],
  findByExternalId: [
    6,
    ({ pick }, text, sent) => {
      const [id, externalId] = sent.length > 0 ? pick(sent) : [REQUESTS[0], text];
      const call = { name: "find", externalId };
      return reading((state) => state.findByExternalId(externalId), requestOf(id), seen, call);
    },
  ],
  list: [
    3,
    () =>
      readingAll(
        (state) => state.list({ limit: 100 }),
        REQUESTS,
        ({ items }) => items,
      ),
  ],
  listByBatch: [4, () => readingAll((state) => state.listByBatch(GROUP), ITEMS)],
  createBatch: [
    3,
    ({ pick }) => {
      const [id, message] = [pick(DOCUMENTS), pick(MESSAGES)];
      return {
        act: (state) => state.createBatch(batch({ id, message })),
        of: [[batchOf(id), { name: "create", message }]],
      };
    },
  ],
  setBatchExternalId: [
    6,
    ({ pick }, text) => {
      const [id, plugin] = [pick(DOCUMENTS), pick(PLUGINS)];
      return {
        act: (state) => state.setBatchExternalId(id, text, plugin),
        of: [[batchOf(id), { name: "set", plugin, externalId: text }]],
      };
    },
  ],
  getBatch: [
    7,
    ({ pick }) => {
      const id = pick(DOCUMENTS);
      return reading((state) => state.getBatch(id), batchOf(id), seen);
    },
  ],
  appendTimeline: [
    6,
    ({ pick }, text) => {
      const threadId = pick(THREADS);
      return {
        act: (state) => state.appendTimeline(entry({ id: text, threadId })),
        of: [[threadOf(threadId), { name: "append", entry: text }]],
      };
    },
  ],
  timeline: [
    5,
    ({ pick }) => {
      const id = pick(THREADS);
      const view = (entries) => entries.map((one) => one.id).sort();
      return reading((state) => state.timeline(id), threadOf(id), view, { name: "entries" });
    },
  ],
  createNotifyDelivery: [
    3,
    ({ pick }) => {
      const [id, message] = [pick(DOCUMENTS), pick(MESSAGES)];
      return {
        act: (state) => state.createNotifyDelivery(delivery({ id, message })),
        of: [[deliveryOf(id), { name: "create", message }]],
      };
    },
  ],
  setNotifyDeliveryExternalId: [
    5,
    ({ pick }, text) => {
      const id = pick(DOCUMENTS);
      return {
        act: (state) => state.setNotifyDeliveryExternalId(id, text),
        of: [[deliveryOf(id), { name: "set", plugin: "own", externalId: text }]],
      };
    },
  ],
  getNotifyDelivery: [
    7,
    ({ pick }) => {
      const id = pick(DOCUMENTS);
      return reading((state) => state.getNotifyDelivery(id), deliveryOf(id), seenDelivery);
    },
  ],
};

const BAG = Object.entries(DEEDS).flatMap(([name, [weight]]) => Array(weight).fill(name));

/** What one caller may do next. `text` is one that nothing else has; `sent` gathers the external ids of requests. */
export const newDeed = (chance, text, sent) => DEEDS[chance.pick(BAG)][1](chance, text, sent);
