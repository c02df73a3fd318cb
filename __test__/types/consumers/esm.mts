// An ECMAScript module that uses everything, with the client of whichever ioredis is installed.

import {
  type ConnectionOptions,
  DEFAULT_PREFIX,
  DEFAULT_TABLE,
  type HumanRequestRecord,
  type HumanResult,
  IoredisState,
  type IoredisStateOptions,
  type PurgeResult,
  SCHEMA_VERSION,
  type State,
  type VerifyReport,
} from "@hitl-sdk/state-ioredis";
import { Cluster, Redis, type RedisOptions } from "ioredis";

const redis = new Redis("redis://localhost:6379", { lazyConnect: true });
const cluster = new Cluster([{ host: "localhost", port: 7000 }], { lazyConnect: true });
const options: IoredisStateOptions = { tableName: "payments.approvals" };

const table: "hitl.human_requests" = DEFAULT_TABLE;
const prefix: "hitl:human_requests" = DEFAULT_PREFIX;
const version: 3 = SCHEMA_VERSION;
export const constants = { table, prefix, version };

export const clients: State[] = [new IoredisState(redis), new IoredisState(cluster, options)];

/** What needs no client: a URL, options, and those of ioredis itself. */
export const own: State[] = [
  new IoredisState("rediss://user:password@localhost:6380/2?connectionName=approvals"),
  new IoredisState({ host: "localhost", port: 6379, retryStrategy: (attempt) => attempt * 50 }, options),
  new IoredisState({
    path: "/run/redis.sock",
    username: "approver",
    password: "secret",
    db: 2,
  } satisfies ConnectionOptions),
  new IoredisState({ host: "localhost", maxRetriesPerRequest: null } satisfies RedisOptions),
  new IoredisState({ sentinels: [{ host: "localhost", port: 26379 }], name: "approvals", natMap: {}, tls: { ca: "" } }),
  new IoredisState({
    Connector: class {
      async connect() {}
    },
  }),
];
export const shared = (theirs: RedisOptions, either: Redis | string): State[] => [
  new IoredisState(theirs),
  new IoredisState(either),
];

export async function approve(state: IoredisState, result: HumanResult): Promise<HumanRequestRecord[]> {
  await state.ensureSchema();
  await state.create({
    id: "apr_1",
    token: "tok_1",
    channel: "inbox",
    namespace: "finance",
    message: "Pay invoice INV-1042?",
    actions: [
      { id: "approve", style: "primary", fields: { note: { kind: "textarea", label: "Note" } } },
      { id: "deny", style: "danger", fields: { why: { kind: "select", label: "Why", options: ["price", "late"] } } },
    ],
    context: { amount: 1280.5, lines: [] },
  });
  await state.setExternalId("apr_1", "1718.0001", "slack");
  await state.resolve("apr_1", result);

  const record = await state.get("apr_1");
  if (record?.result?.type === "RESOLVED") record.result.feedbacks.note satisfies string | undefined;

  const page = await state.list({ status: "pending", namespace: "finance", limit: 20 });
  const next = page.nextCursor === undefined ? [] : (await state.list({ cursor: page.nextCursor })).items;
  return [...page.items, ...next, ...(await state.listByBatch("bat_1"))];
}

export async function keepsHouse(state: IoredisState): Promise<number> {
  const { requests, batches, timelineEntries, deliveries, more }: PurgeResult = await state.purge({
    resolvedBefore: new Date("2026-01-01"),
    limit: 1000,
    dryRun: true,
  });
  const report: VerifyReport = await state.verify();
  const told: number[] = [];
  await state.verify({
    repair: true,
    onProgress: ({ phase, seen }) => told.push(phase === "store" ? seen.requests : 0),
  });
  for (const { kind, found, repaired } of report.findings) if (kind === "corrupt-record") told.push(found - repaired);
  return more ? 0 : requests + batches + timelineEntries + deliveries;
}

export async function disposes(state: IoredisState): Promise<void> {
  await state.close();
  await state[Symbol.asyncDispose]();
}

export function wrong(state: IoredisState): unknown[] {
  return [
    // @ts-expect-error the option is called tableName
    new IoredisState(redis, { table: "x" }),
    // @ts-expect-error a name is a string
    new IoredisState(redis, { tableName: 1 }),
    // @ts-expect-error an absent option is absent
    new IoredisState(redis, { tableName: undefined }),
    // @ts-expect-error a client is needed
    new IoredisState(),
    // @ts-expect-error a port alone is no address
    new IoredisState(6379),
    // @ts-expect-error a port is a number
    new IoredisState({ host: "localhost", port: "6379" }),
    // @ts-expect-error an option of another library
    new IoredisState({ url: "redis://localhost:6379" }),
    // @ts-expect-error a URL is passed as text
    new IoredisState(new URL("redis://localhost:6379")),
    // @ts-expect-error a Promise is awaited first
    new IoredisState(Promise.resolve("redis://localhost:6379")),
    // @ts-expect-error the nodes of a Cluster are no options
    new IoredisState([{ host: "localhost", port: 7000 }]),
    // @ts-expect-error another library's client is no client
    new IoredisState({ isOpen: true, isReady: true, options: {}, sendCommand: async (_: string[]) => "OK" }),
    // @ts-expect-error the class itself is no client
    new IoredisState(Redis),
    // @ts-expect-error an id is a string
    state.get(1),
    // @ts-expect-error a request needs more than an id
    state.create({ id: "apr_1" }),
    // @ts-expect-error no such status
    state.list({ status: "done" }),
    // @ts-expect-error no such filter
    state.count({ limit: 1 }),
    // @ts-expect-error a result says how it ended
    state.resolve("apr_1", { id: "apr_1", externalRef: "x" }),
    // @ts-expect-error a decision carries the form
    state.resolve("apr_1", { type: "RESOLVED", actionId: "approve", id: "apr_1", externalRef: "x" }),
    // @ts-expect-error an external id is a string
    state.setExternalId("apr_1", 42),
    // @ts-expect-error repair is a boolean
    state.verify({ repair: "all" }),
    // @ts-expect-error a date is needed
    state.purge({}),
    // @ts-expect-error a date is a Date
    state.purge({ resolvedBefore: "2026-01-01" }),
    // @ts-expect-error no such method
    state.remove("apr_1"),
    // @ts-expect-error a date is text
    state.appendTimeline({ id: "e", threadId: "t", message: "m", createdAt: new Date() }),
  ];
}
