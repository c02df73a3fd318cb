const { IoredisState } = require("@hitl-sdk/state-ioredis");
const { Redis } = require("ioredis5");

const request = {
  id: "apr-1",
  token: "wf:1",
  channel: "slack",
  namespace: "finance",
  message: "Pay invoice 1042?",
  actions: [{ id: "approve", style: "primary" }, { id: "deny" }],
  context: { amount: 1280.5, lines: [], tags: {}, nested: { deep: [null, true, "x"] } },
  batchId: "run-1",
  batchIndex: 0,
};
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let redis;
let state;

beforeAll(() => {
  redis = new Redis({ port: Number(process.env.REDIS_PORT), keyPrefix: "results:" });
  state = new IoredisState(redis);
});
afterAll(() => redis.quit());

test("records come back strictly equal", async () => {
  await expect(state.create(request)).resolves.toBeUndefined();
  const createdAt = expect.stringMatching(ISO_DATE);
  const pending = { ...request, status: "pending", createdAt };
  await expect(state.get("apr-1")).resolves.toStrictEqual(pending);
  await expect(state.findByToken("wf:1")).resolves.toStrictEqual(pending);
  await expect(state.listByBatch("run-1")).resolves.toStrictEqual([pending]);
  await expect(state.list({ namespace: "finance" })).resolves.toStrictEqual({ items: [pending] });

  const result = { type: "RESOLVED", actionId: "approve", id: "apr-1", externalRef: "wf:1", feedbacks: { note: "ok" } };
  await state.setExternalId("apr-1", "171.5");
  await state.resolve("apr-1", result);
  await expect(state.get("apr-1")).resolves.toStrictEqual({
    ...pending,
    status: "resolved",
    externalId: "171.5",
    externalIds: { slack: "171.5" },
    result,
    resolvedAt: createdAt,
  });
});

test("batches, timelines and deliveries come back strictly equal", async () => {
  const createdAt = expect.stringMatching(ISO_DATE);
  const batch = { id: "run-1", channel: "slack", message: "Payment run", context: { total: 3 } };
  await state.createBatch(batch);
  await expect(state.getBatch("run-1")).resolves.toStrictEqual({ ...batch, createdAt });

  const entry = {
    id: "e1",
    threadId: "t1",
    message: "Asked",
    detail: { by: [] },
    createdAt: "2026-11-20T08:00:00.000Z",
  };
  await state.appendTimeline(entry);
  await expect(state.timeline("t1")).resolves.toStrictEqual([entry]);

  const delivery = { id: "n1", channel: "email", message: "Done", groupId: "treasury" };
  await state.createNotifyDelivery(delivery);
  await expect(state.getNotifyDelivery("n1")).resolves.toStrictEqual({ ...delivery, createdAt });
});

test("what is not there is null, empty or 0", async () => {
  await expect(state.get("nobody")).resolves.toBeNull();
  await expect(state.timeline("nobody")).resolves.toStrictEqual([]);
  await expect(state.list({ namespace: "nobody" })).resolves.toStrictEqual({ items: [] });
  await expect(state.count({ namespace: "nobody" })).resolves.toBe(0);
});
