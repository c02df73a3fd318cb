const { IoredisState } = require("@hitl-sdk/state-ioredis");
const { Redis } = require("ioredis6");

const decision = { type: "TIMED_OUT", id: "apr-1", externalRef: "wf:1" };
const request = {
  id: "apr-1",
  token: "wf:1",
  channel: "slack",
  namespace: "finance",
  message: "Pay?",
  actions: [{ id: "approve" }],
};

let redis;
let state;

beforeAll(() => {
  redis = new Redis({ port: Number(process.env.REDIS_PORT), keyPrefix: "errors:" });
  state = new IoredisState(redis);
});
afterAll(() => redis.quit());

const failureOf = (promise) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

test("errors of operations belong to this realm", async () => {
  const error = await failureOf(state.resolve("nobody", decision));
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ code: "UNKNOWN_REQUEST", message: 'Unknown human request "nobody"' });
  await expect(state.resolve("nobody", decision)).rejects.toThrow(new Error('Unknown human request "nobody"'));
});

test("a lost race is an Error of this realm", async () => {
  await state.create(request);
  const verdicts = await Promise.allSettled([state.resolve("apr-1", decision), state.resolve("apr-1", decision)]);
  expect(verdicts.map(({ status }) => status)).toStrictEqual(["fulfilled", "rejected"]);
  expect(verdicts[1].reason).toBeInstanceOf(Error);
  expect(verdicts[1].reason.code).toBe("ALREADY_RESOLVED");
});

test("the server's refusals are Errors of this realm", async () => {
  await redis.set("hitl:human_requests:idx:all:req", "no index");
  const error = await failureOf(state.create({ ...request, id: "apr-2", token: "wf:2" }));
  expect(error).toBeInstanceOf(Error);
  expect(error.code).toBe("WRONGTYPE");
  await redis.del("hitl:human_requests:idx:all:req");
});

test("V8's own refusals are TypeErrors of this realm", async () => {
  const error = await failureOf(state.create({ ...request, id: "apr-3", context: { big: 1n } }));
  expect(error).toBeInstanceOf(TypeError);
  const cycle = {};
  cycle.self = cycle;
  await expect(state.create({ ...request, id: "apr-4", context: cycle })).rejects.toBeInstanceOf(TypeError);
});

test("the constructor's errors belong to this realm", () => {
  expect(() => new IoredisState(redis, { tableName: "no good" })).toThrow(Error);
  expect(() => new IoredisState({})).toThrow(TypeError);
});
