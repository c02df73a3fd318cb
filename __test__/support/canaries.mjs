// Words that must never come back out of an error, and calls that are full of them.

import { inspect } from "node:util";
import { batch, decision, delivery, entry, request } from "./records.mjs";

export const CANARIES = [
  "pass-canary",
  "user-canary",
  "token-canary",
  "message-canary",
  "context-canary",
  "result-canary",
  "external-canary",
  "detail-canary",
  "query-canary",
  "tls-canary",
  "thrown-canary",
];

/** Everything that a logger could show of an error. */
export function everything(error) {
  const texts = [String(error), error.stack, inspect(error, { depth: 12, showHidden: true }), JSON.stringify(error)];
  for (const key of Reflect.ownKeys(error)) texts.push(inspect(error[key], { depth: 12 }));
  if (error.cause instanceof Error) texts.push(everything(error.cause));
  return texts.join("\n");
}

/** The canaries in a text. */
export const canariesIn = (text) => CANARIES.filter((canary) => text.includes(canary));

/** Calls of all writers, and of the readers that are given a secret. */
export const calls = (state) => [
  () =>
    state.create(
      request({ id: "r", token: "token-canary", message: "message-canary", context: { a: "context-canary" } }),
    ),
  () => state.create(request({ id: "other", token: "token-canary", message: "message-canary" })),
  () => state.setExternalId("r", "external-canary"),
  () => state.resolve("r", decision("r", { feedbacks: { a: "result-canary" } })),
  () => state.createBatch(batch({ id: "b", message: "message-canary", context: { a: "context-canary" } })),
  () => state.setBatchExternalId("b", "external-canary"),
  () => state.appendTimeline(entry({ id: "e", message: "message-canary", detail: { a: "detail-canary" } })),
  () => state.createNotifyDelivery(delivery({ id: "d", message: "message-canary" })),
  () => state.setNotifyDeliveryExternalId("d", "external-canary"),
  () => state.findByToken("token-canary"),
  () => state.findByExternalId("external-canary"),
];

/** Calls of the readers that are left. */
export const readings = (state) => [
  () => state.get("token-canary"),
  () => state.getBatch("external-canary"),
  () => state.getNotifyDelivery("external-canary"),
  () => state.timeline("message-canary"),
  () => state.listByBatch("context-canary"),
  () => state.list(),
  () => state.count(),
  () => state.ensureSchema(),
];
