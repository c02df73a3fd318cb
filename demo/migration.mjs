// A store of layout 1, as the first versions of the JavaScript package left it, becomes layout 3 while it is in use.

import { IoredisState } from "@hitl-sdk/state-ioredis";
import { chapter, dim, gap, green, red, say, table } from "./page.mjs";

const TABLE = "legacy.approvals";
const PREFIX = "legacy:approvals";
const SIZE = 2000;
const DAY_MS = 86_400_000;

/** A record of that time: no namespace, and actions as an object. */
function oldRecord(index) {
  const resolved = index % 5 !== 0;
  const createdAt = new Date(Date.UTC(2024, 0, 8, 7, 30) + index * 3_300_000);
  return {
    id: `old-${String(index).padStart(4, "0")}`,
    token: `wf:2024:${index}`,
    channel: "slack",
    message: `Release order ${7000 + index}?`,
    actions: { submit: { label: "Release" }, deny: { label: "Cancel" } },
    context: { order: 7000 + index },
    status: resolved ? "resolved" : "pending",
    ...(resolved && {
      result: { type: "TIMED_OUT", id: `old-${String(index).padStart(4, "0")}`, externalRef: `wf:2024:${index}` },
    }),
    createdAt: createdAt.toISOString(),
    ...(resolved && { resolvedAt: new Date(createdAt.getTime() + DAY_MS).toISOString() }),
  };
}

/** Writes the records with the indexes of layout 1, which were plain sets. */
async function writeLayout1(client) {
  const pipeline = client.pipeline();
  for (let index = 0; index < SIZE; index += 1) {
    const record = oldRecord(index);
    pipeline.set(`${PREFIX}:req:${record.id}`, JSON.stringify(record));
    pipeline.set(`${PREFIX}:idx:token:${record.token}`, record.id);
    pipeline.sadd(`${PREFIX}:idx:status:${record.status}`, record.id);
    pipeline.sadd(`${PREFIX}:idx:all:req`, record.id);
  }
  for (const [error] of await pipeline.exec()) if (error) throw error;
}

/** The indexes and the ledger: key, type, members. */
async function indexes(place) {
  const keys = (await place.keys(`${PREFIX}:`)).filter(
    (key) => /:idx:(status|all|ns):/.test(key) || key.endsWith(":meta:migrations"),
  );
  return Promise.all(
    keys.map(async (key) => {
      const type = await place.inspector.type(key);
      const size = await place.inspector[type === "set" ? "scard" : "zcard"](key);
      return [key.slice(place.keyPrefix.length), type, size];
    }),
  );
}

export async function migrate({ place, clients }) {
  chapter("An old store is migrated while it is in use");
  await writeLayout1(clients.a);
  say(
    `${SIZE} approvals of 2024 in layout 1: indexes are plain sets, which have no order, and there are no namespaces.`,
  );
  gap();
  table(["key", "type", ">members"], await indexes(place));
  gap();

  const [a, b] = [clients.a, clients.b].map((client) => new IoredisState(client, { tableName: TABLE }));
  const started = performance.now();
  const outcomes = await Promise.allSettled([
    a.ensureSchema(),
    b.ensureSchema(),
    // A reviewer does not wait for migrations, and a workflow neither.
    b.resolve("old-0000", { type: "TIMED_OUT", id: "old-0000", externalRef: "wf:2024:0" }),
    a.create({
      id: "new-0001",
      token: "wf:2026:1",
      channel: "slack",
      namespace: "orders",
      message: "Release order 9001?",
      actions: [{ id: "approve" }],
    }),
  ]);
  for (const { reason } of outcomes) if (reason) throw reason;
  const took = Math.round(performance.now() - started);
  say(`Both replicas migrate at once, and meanwhile one request is decided and one is new. After ${took}\u00a0ms:`);
  gap();
  table(["key", "type", ">members"], await indexes(place));
  gap();

  const [newest, next] = (await a.list({ limit: 2 })).items;
  const counts = await Promise.all([a.count({ status: "pending" }), a.count({ status: "resolved" }), a.count()]);
  say(`The inbox has an order now: ${newest.id}, then ${next.id}, whose namespace reads "${next.namespace}" and whose`);
  say(`actions read ${JSON.stringify(next.actions)}.`);

  const expected = [SIZE / 5, SIZE - SIZE / 5 + 1, SIZE + 1];
  const right = counts.every((count, i) => count === expected[i]);
  say(
    `${right ? green("Nothing lost, nothing extra:") : red("The numbers do not add up:")} ` +
      `${counts[0]} pending and ${counts[1]} resolved make ${counts[2]}. ${dim(`Expected ${expected.join(", ")}.`)}`,
  );
  return right;
}
