// A suite as users of the JavaScript version wrote it: ioredis is mocked, and there is no server.

jest.mock("ioredis5", () => require("ioredis-mock"));

const { IoredisState } = require("@hitl-sdk/state-ioredis");
const Redis = require("ioredis5");

let redis;
let state;

beforeEach(async () => {
  redis = new Redis({ keyPrefix: "app:" });
  await redis.flushall();
  state = new IoredisState(redis);
});

test("a request is created, found and decided once", async () => {
  const request = { id: "apr-1", token: "wf:1", channel: "slack", namespace: "it", message: "Ok?", actions: [] };
  const decision = { type: "TIMED_OUT", id: "apr-1", externalRef: "wf:1" };
  await state.create(request);
  await expect(state.findByToken("wf:1")).resolves.toMatchObject(request);
  await state.resolve("apr-1", decision);
  await expect(state.resolve("apr-1", decision)).rejects.toThrow(
    new Error('Human request "apr-1" is already resolved'),
  );
  expect(JSON.parse(await redis.get("hitl:human_requests:req:apr-1"))).toMatchObject({
    status: "resolved",
    result: decision,
  });
});

test("fake timers do not stop the state", async () => {
  jest.useFakeTimers();
  await expect(state.count()).resolves.toBe(0);
  jest.useRealTimers();
});
