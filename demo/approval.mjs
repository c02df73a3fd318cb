// The story of a payment run: asked by a workflow, shown to people by two replicas, decided once.

import { batch, decision, euros, NAMESPACE, REVIEWERS, RUN, requests } from "./invoices.mjs";
import { chapter, dim, gap, green, red, say, table, yellow } from "./page.mjs";

const [freight] = requests;

/** A batch of requests is asked for; the engine asks twice, as engines do after a timeout. */
export async function ask({ a, b }) {
  chapter("A payment run asks for approvals");
  await a.createBatch(batch);
  await Promise.all(requests.map((request) => a.create(request)));
  await a.setBatchExternalId(RUN, "1795168800.004200");
  say(`The workflow engine calls replica A: one batch, ${requests.length} requests, one Slack thread.`);

  await b.create(freight);
  const known = await b.findByToken(freight.token);
  say(`The engine missed an answer and asks replica B for ${known.id} once more: the same request, still one of it.`);
  gap();

  const items = await b.listByBatch(RUN);
  table(
    [">#", "request", "supplier", ">amount", "what for"],
    items.map(({ batchIndex, id, context }) => [
      batchIndex + 1,
      id,
      context.supplier,
      euros(context.amount),
      dim(context.subject),
    ]),
  );
}

/** The inbox in pages: the cursor of one replica is good for the other. */
export async function browse({ a, b }) {
  chapter("Reviewers open the inbox");
  const filter = { status: "pending", namespace: NAMESPACE, limit: 4 };
  const first = await a.list(filter);
  const second = await b.list({ ...filter, cursor: first.nextCursor });
  const total = await b.count({ status: "pending", namespace: NAMESPACE });
  say(`${total} requests are pending. Replica A serves the first page of four, newest first; its cursor,`);
  say(`${first.nextCursor}, is good at replica B, which serves the rest.`);
  gap();

  const rows = (page, { items }) => items.map(({ id, message, createdAt }) => [page, id, message, dim(createdAt)]);
  table([">page", "request", "question", "asked at"], [...rows(1, first), ...rows(2, second)]);
}

/** Everybody clicks at once, on both replicas, while the channels still note where they have shown the request. */
export async function race({ a, b }) {
  chapter("Eight reviewers decide the same request at once");
  const replicas = { A: a, B: b };
  const clicks = REVIEWERS.map((reviewer, i) => ({
    reviewer,
    replica: i % 2 === 0 ? "A" : "B",
    result: decision(freight, reviewer, i % 3 === 2 ? "deny" : "approve"),
    // Who is first is up to chance, as it is among people.
    turn: Math.random(),
  }));
  const inTurn = clicks.toSorted((one, other) => one.turn - other.turn);
  const [verdicts] = await Promise.all([
    Promise.allSettled(inTurn.map(({ replica, result }) => replicas[replica].resolve(freight.id, result))),
    a.setExternalId(freight.id, "1795168801.000100"),
    b.setExternalId(freight.id, "inbox/20417", "web"),
  ]);

  const saysOf = ({ status, reason }) => (status === "fulfilled" ? green("won") : dim(reason.code));
  table(
    ["reviewer", "on", "click", "verdict"],
    clicks.map((click) => [
      click.reviewer.name,
      click.replica,
      click.result.actionId,
      saysOf(verdicts[inTurn.indexOf(click)]),
    ]),
  );
  gap();

  const record = await b.get(freight.id);
  const winners = verdicts.filter(({ status }) => status === "fulfilled").length;
  say(`${winners} winner. The stored result is the winner's: ${record.result.actionId} by ${record.result.by.name}.`);
  say(`Both channels' ids came in meanwhile, and both are there: ${JSON.stringify(record.externalIds)}.`);
  return winners === 1;
}

/** What a decision does to the rest of the record: nothing. */
export async function keepBytes({ place }) {
  chapter("A decision leaves the data alone");
  const stored = await place.inspector.get(`${place.keyPrefix}hitl:human_requests:req:${freight.id}`);
  const kept = stored.includes(JSON.stringify(freight.context));
  say(`The context of ${freight.id} on the server, after the decision:`);
  gap();
  table(
    ["field", "stored text"],
    Object.entries(freight.context).map(([field, value]) => [field, JSON.stringify(value)]),
  );
  gap();
  say(kept ? `${green("Byte for byte")} what the workflow sent.` : `${red("It has changed.")}`);
  return kept;
}

/** The rest of the run: one refusal, one timeout, a timeline, a notification. */
export async function finish({ a, b }) {
  chapter("The run comes to its end");
  const [, coffee, bearing, bags, , insurance] = requests;
  const thread = `${RUN}:thread`;
  const at = (second) => new Date(Date.now() + second * 1000).toISOString();

  await a.resolve(coffee.id, decision(coffee, REVIEWERS[1], "approve"));
  await b.resolve(bearing.id, decision(bearing, REVIEWERS[2], "deny", { reason: "not delivered" }));
  await b.resolve(bags.id, { type: "TIMED_OUT", id: bags.id, externalRef: bags.token });
  await a.resolve(insurance.id, decision(insurance, REVIEWERS[4], "approve"));
  await a.appendTimeline({ id: "evt-1", threadId: thread, message: "Run opened", createdAt: at(-3600) });
  await b.appendTimeline({ id: "evt-2", threadId: thread, message: "Reminder sent to Jonas", createdAt: at(-900) });
  await a.appendTimeline({ id: "evt-3", threadId: thread, message: "Run handed to the bank", createdAt: at(0) });
  const delivery = { id: "ntf-1", channel: "email", message: "Payment run is out", groupId: "treasury" };
  await a.createNotifyDelivery(delivery);
  await b.setNotifyDeliveryExternalId(delivery.id, "<20261120.1@mail.example>");

  const ends = ({ status, result }) => {
    if (status === "pending") return [yellow("pending"), ""];
    if (result.type === "TIMED_OUT") return [dim("timed out"), ""];
    const { by, actionId, feedbacks } = result;
    return [
      actionId === "approve" ? green("paid") : red("held back"),
      [by.name, feedbacks.reason].filter(Boolean).join(", "),
    ];
  };
  table(
    ["request", "supplier", ">amount", "end", "by"],
    (await a.listByBatch(RUN)).map((item) => [
      item.id,
      item.context.supplier,
      euros(item.context.amount),
      ...ends(item),
    ]),
  );
  gap();
  for (const { createdAt, message } of await b.timeline(thread)) say(`${dim(createdAt)}  ${message}`);
}
