// The methods that write, each ready to be called on a store that `arrange` has prepared.

import { batch, decision, delivery, entry, request } from "./records.mjs";

/** Puts in what the writers change. */
export async function arrange(state) {
  await state.create(request({ id: "there", token: "token-there" }));
  await state.create(request({ id: "open", token: "token-open" }));
  await state.createBatch(batch({ id: "group" }));
  await state.createNotifyDelivery(delivery({ id: "sending" }));
}

/** Method → call. Each changes something when it is called for the first time. */
export const WRITERS = {
  create: (state) => state.create(request({ id: "fresh", token: "token-fresh", batchId: "group", batchIndex: 0 })),
  setExternalId: (state) => state.setExternalId("there", "external-1"),
  resolve: (state) => state.resolve("open", decision("open")),
  createBatch: (state) => state.createBatch(batch({ id: "fresh-group" })),
  setBatchExternalId: (state) => state.setBatchExternalId("group", "external-2"),
  appendTimeline: (state) => state.appendTimeline(entry({ id: "event", threadId: "thread" })),
  createNotifyDelivery: (state) => state.createNotifyDelivery(delivery({ id: "fresh-sending" })),
  setNotifyDeliveryExternalId: (state) => state.setNotifyDeliveryExternalId("sending", "external-3"),
};
