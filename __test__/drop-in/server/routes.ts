// The API: who asks for what, and what comes back. Knows nothing of the server that carries it.

import { randomUUID } from "node:crypto";
import type { HumanResult } from "@hitl-sdk/hitl";
import type { HumanRequestRecord, InboxListOptions, State } from "@hitl-sdk/hitl/state";
import type { Approvals, Question, Verdict } from "./approvals.js";
import { Input, Refusal } from "./input.js";
import type { Channels } from "./outside.js";

export interface Call {
  method: string;
  url: URL;
  /** The parsed body, where there is one. */
  body: unknown;
}

export interface Reply {
  status: number;
  body: unknown;
}

export interface Parts {
  state: State;
  approvals: Approvals;
  channels: Channels;
  replica: string;
}

type Route = (parts: Parts, call: Call, name: string) => Promise<Reply>;

const ok = (body: unknown): Reply => ({ status: 200, body });

function found(body: unknown): Reply {
  if (body === null) throw new Refusal(404, "There is none");
  return ok(body);
}

/** The parts of a question that are there: nothing is ever stored as `undefined`. */
function questionOf(body: unknown, place: Partial<Question> = {}): Question {
  const input = new Input(body);
  const context = input.optionalObject("context");
  const timeout = input.optionalNumber("timeout");
  return {
    token: input.text("token"),
    channel: input.optionalText("channel") ?? "chat",
    namespace: input.optionalText("namespace") ?? "global",
    message: input.text("message"),
    actions: input.actions(),
    alsoOn: input.list("alsoOn").map(String),
    ...(context && { context }),
    ...(timeout !== undefined && { timeout }),
    ...place,
  };
}

/** What a click says, made of the request that it is about. */
function decisionOf(body: unknown): (record: HumanRequestRecord) => HumanResult {
  const input = new Input(body);
  const [actionId, feedbacks, by] = [input.text("actionId"), input.texts("feedbacks"), input.reviewer()];
  return ({ id, token, actions }) => {
    if (!actions.some((action) => action.id === actionId)) throw new Refusal(400, "There is no such action");
    return { type: "RESOLVED", actionId, id, externalRef: token, feedbacks, ...(by && { by }) };
  };
}

function verdictOf(verdict: Verdict): Reply {
  if (verdict.kind === "unknown") throw new Refusal(404, "There is no such request");
  if (verdict.kind === "late") throw new Refusal(409, "Somebody else has decided");
  return ok(verdict.result);
}

function filterOf({ searchParams }: URL): InboxListOptions {
  const [status, namespace] = [searchParams.get("status"), searchParams.get("namespace")];
  const [limit, cursor] = [searchParams.get("limit"), searchParams.get("cursor")];
  return {
    ...((status === "pending" || status === "resolved") && { status }),
    ...(namespace !== null && { namespace }),
    ...(limit !== null && { limit: Number(limit) }),
    ...(cursor !== null && { cursor }),
  };
}

async function askBatch({ state, approvals, channels }: Parts, { body }: Call): Promise<Reply> {
  const input = new Input(body);
  const channel = input.optionalText("channel") ?? "chat";
  const id = input.optionalText("id") ?? randomUUID();
  const message = input.text("message");
  await state.createBatch({ id, channel, message, actions: input.actions() });
  const items = await Promise.all(
    input
      .list("items")
      .map((item, batchIndex) => approvals.ask(questionOf(item, { channel, batchId: id, batchIndex }))),
  );
  const externalId = await channels.get(channel).show({ id, message, actions: input.actions() });
  await state.setBatchExternalId(id, externalId);
  return { status: 201, body: { id, items: items.map((item) => item.id) } };
}

async function click({ state, approvals }: Parts, { body }: Call): Promise<Reply> {
  const record = await state.findByExternalId(new Input(body).text("externalId"));
  if (!record) throw new Refusal(404, "There is no such message");
  return verdictOf(await approvals.decide(record.id, decisionOf(body)));
}

const ROUTES: Record<string, Route> = {
  "GET /health": async ({ replica }) => ok({ replica }),
  "POST /requests": async ({ approvals }, { body }) => {
    const { id, isNew } = await approvals.ask(questionOf(body));
    return { status: isNew ? 201 : 200, body: { id } };
  },
  "GET /requests": async ({ state }, { url }) => ok(await state.list(filterOf(url))),
  "GET /count": async ({ state }, { url }) => ok({ count: await state.count(filterOf(url)) }),
  "GET /requests/*": async ({ state }, _, id) => found(await state.get(id)),
  "GET /tokens/*": async ({ state }, _, token) => found(await state.findByToken(token)),
  "POST /decisions/*": async ({ approvals }, { body }, id) => verdictOf(await approvals.decide(id, decisionOf(body))),
  "POST /clicks": click,
  "POST /batches": askBatch,
  "GET /batches/*": async ({ state }, _, id) => {
    const [batch, items] = await Promise.all([state.getBatch(id), state.listByBatch(id)]);
    return found(batch && { batch, items });
  },
  "GET /threads/*": async ({ state }, _, id) => ok(await state.timeline(id)),
  "POST /threads/*": async ({ state }, { body }, threadId) => {
    const input = new Input(body);
    const detail = input.optionalObject("detail");
    const createdAt = input.optionalText("createdAt") ?? new Date().toISOString();
    const id = input.optionalText("id") ?? randomUUID();
    await state.appendTimeline({ id, threadId, message: input.text("message"), createdAt, ...(detail && { detail }) });
    return { status: 201, body: { id } };
  },
  "POST /notifications": async ({ approvals }, { body }) => {
    const input = new Input(body);
    const id = input.optionalText("id") ?? randomUUID();
    await approvals.notify(id, input.optionalText("channel") ?? "chat", input.text("message"), input.text("groupId"));
    return { status: 201, body: { id } };
  },
  "GET /notifications/*": async ({ state }, _, id) => found(await state.getNotifyDelivery(id)),
};

/** What the server answers to a call. Never rejects. */
export async function answer(parts: Parts, call: Call): Promise<Reply> {
  const [, collection = "", name] = call.url.pathname.split("/");
  const route = ROUTES[`${call.method} /${collection}${name === undefined ? "" : "/*"}`];
  try {
    if (!route) throw new Refusal(404, "There is no such address");
    return await route(parts, call, decodeURIComponent(name ?? ""));
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, body: { error: error.message } };
    if (error instanceof Error && /^Invalid inbox cursor/.test(error.message)) {
      return { status: 400, body: { error: "There is no such page" } };
    }
    // The caller asks again: nothing has been done, or what has been done is found then.
    return { status: 503, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}
