// Of two callers only one can have it: what somebody else would write in the place of each write of
// `__test__/support/writes.mjs`, and whose it is that the store holds.

import { batch, decision, delivery, entry, request } from "../../__test__/support/records.mjs";

/** What is found in everything that the rival writes, and in nothing else. */
const SIGN = "somebody else";

const resolve = {
  call: (state, id) => state.resolve(id, decision(id, { by: { name: SIGN } })),
  read: (state, id) => state.get(id),
  tooLate: "ALREADY_RESOLVED",
};

const RIVALS = {
  create: {
    call: (state, id) => state.create(request({ id, message: SIGN })),
    read: (state, id) => state.get(id),
    tooLate: "REQUEST_EXISTS",
  },
  "create of a batch item": {
    call: (state, id) => state.create(request({ id, batchId: `b-${id}`, batchIndex: 3, message: SIGN })),
    read: (state, id) => state.get(id),
    tooLate: "REQUEST_EXISTS",
  },
  resolve,
  "resolve on a record in another order": resolve,
  createBatch: {
    call: (state, id) => state.createBatch(batch({ id, message: SIGN })),
    read: (state, id) => state.getBatch(id),
    tooLate: "BATCH_EXISTS",
  },
  appendTimeline: {
    call: (state, id) => state.appendTimeline(entry({ id: `e-${id}`, threadId: `thread-${id}`, message: SIGN })),
    read: (state, id) => state.timeline(`thread-${id}`),
    tooLate: "ENTRY_EXISTS",
  },
  createNotifyDelivery: {
    call: (state, id) => state.createNotifyDelivery(delivery({ id, message: SIGN })),
    read: (state, id) => state.getNotifyDelivery(id),
    tooLate: "DELIVERY_EXISTS",
  },
};

/**
 * The rival of the write of this name: `call(state, id)`; `won(state, id)` says whether the store holds the rival's;
 * `tooLate` is the code for whoever comes second. `undefined` where both can have what they want.
 */
export function rivalOf(name) {
  const rival = RIVALS[name];
  if (rival === undefined) return undefined;
  return { ...rival, won: async (state, id) => JSON.stringify(await rival.read(state, id)).includes(SIGN) };
}
