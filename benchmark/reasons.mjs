// Why a promise about speed is not kept, for the README: `{ operation: { column: reason } }` with the columns of
// bounds.mjs, and `{ [name of a claim]: reason }`. Only what the README says is not met is looked up.

const FLOOR =
  "V8's parsing of the record is 13 to 15 µs of it on this machine, on either side; what is ours beyond that is about 4 µs";
const CORES =
  "three threads (JavaScript's, ours, the server's) and V8's collectors share two cores, so that the sum of their times decides";
const WAKE_UPS =
  "a lone call has one wake-up more than ioredis, from our thread to JavaScript's, and a sleeping virtual core takes 30 to 50 µs for it; where all happen to run on one core it takes 5, which is why the spread is so wide";
const LUA =
  "the record goes through Lua, which hashes every byte of each string that it makes, 4 µs for 2.2 KB; JavaScript reads it with a plain GET, at the price of a second turn and of lost updates";
const SCRIPTS =
  "with small records the server is the limit, and a script that does all or nothing costs it more than the plain commands that the others send";
const PAGES = "the page crosses to JavaScript when all of it is there; ioredis takes replies in as they arrive";
const LARGE =
  "10,000 parsed records live at once, so that V8's parsing and its collector are nine tenths of the time, on either side";
const STEPS =
  "we read 1,001 records at a time, so that no command holds the server for long, and each of these chunks is a turn; JavaScript asks for all at once, and holds up everybody else";
const VARIES = "runs on this machine differ by more than what is missing";
const PREEMPTED =
  "the worst of five runs on two shared cores; the medians are 10 ms for a command and 11 ms for a bystander";

const find = { thread: FLOOR, throughput: CORES, alone: WAKE_UPS, server: LUA };
const plain = { nodeRedis: SCRIPTS, far: WAKE_UPS };

export const REASONS = {
  create: {
    ...{ thread: "V8's stringifying is 15 µs of it, on either side", throughput: CORES, alone: WAKE_UPS },
    server: "a script that does all or nothing costs the server more than the plain commands that JavaScript sends",
  },
  get: { thread: FLOOR, throughput: CORES, alone: WAKE_UPS },
  findByToken: find,
  findByExternalId: find,
  setExternalId: { throughput: SCRIPTS, alone: WAKE_UPS, server: LUA },
  resolve: {
    thread: "stringifying the decision, making a promise, and crossing to our thread and back are what is left",
    alone: WAKE_UPS,
  },
  "list of 50": { alone: VARIES, server: VARIES, far: PAGES },
  "list of 10,000": { thread: LARGE, throughput: CORES, alone: STEPS, far: STEPS, nodeRedis: LARGE },
  count: { thread: VARIES, throughput: CORES, alone: WAKE_UPS },
  createBatch: plain,
  getBatch: { nodeRedis: VARIES },
  setBatchExternalId: plain,
  listByBatch: { far: PAGES },
  appendTimeline: { throughput: VARIES, nodeRedis: VARIES },
  createNotifyDelivery: plain,
  getNotifyDelivery: { nodeRedis: CORES },
  setNotifyDeliveryExternalId: plain,
  ensureSchema: { nodeRedis: CORES },
  "whole approval": { thread: VARIES, throughput: VARIES, alone: WAKE_UPS, server: VARIES },
  "migration of 100,000 records: faster than JavaScript":
    "what JavaScript needs varies with the machine, from one minute to two; ours is 4 to 8 seconds",
  "migration of 100,000 records: longest wait of a bystander": PREEMPTED,
  "migration of 100,000 records: longest command": PREEMPTED,
};
