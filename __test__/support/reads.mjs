// The reading methods, each as a call on one small store: what tests of faults sweep over, beside the writes.

import { batch, delivery, entry, request } from "./records.mjs";

/** Nothing else is in it: what is read has the same size wherever it is read. */
const NAMESPACE = "reads";

/** Makes what the calls below read. */
export async function prepareReads(state) {
  await state.create(request({ id: "r", token: "t", namespace: NAMESPACE, batchId: "b", batchIndex: 0 }));
  await state.setExternalId("r", "x");
  await state.createBatch(batch({ id: "b" }));
  await state.createNotifyDelivery(delivery({ id: "d" }));
  await state.appendTimeline(entry({ id: "e", threadId: "h" }));
}

export const READS = [
  { name: "get", call: (state) => state.get("r") },
  { name: "findByExternalId", call: (state) => state.findByExternalId("x") },
  { name: "findByToken", call: (state) => state.findByToken("t") },
  { name: "list", call: (state) => state.list({ namespace: NAMESPACE }) },
  { name: "count", call: (state) => state.count({ namespace: NAMESPACE }) },
  { name: "getBatch", call: (state) => state.getBatch("b") },
  { name: "listByBatch", call: (state) => state.listByBatch("b") },
  { name: "timeline", call: (state) => state.timeline("h") },
  { name: "getNotifyDelivery", call: (state) => state.getNotifyDelivery("d") },
];
