// I1: millions of calls of every kind leave no memory, descriptor or connection behind.

import { connections } from "../../__test__/support/connections.mjs";
import { calm, growth, memoryInUse, possessions } from "../../__test__/support/memory.mjs";
import { batch, decision, delivery, entry, request } from "../../__test__/support/records.mjs";
import { each, numbered } from "../../__test__/support/writes.mjs";

/** Calls before the first look, as a share of those that are measured: buffers and caches have their size by then. */
const WARM_UP = 0.2;

/** How often is looked. */
const LOOKS = 20;

/** Growth that is none, in MiB for a million calls; and for a run that is too short to say so, in all. */
const BOUND = 0.5;
const BOUND_OF_SHORT = 8;
const SHORT = 500_000;

const AT_ONCE = 64;

/** The calls with one request, one after the other. */
const CALLS = [
  (state, id) => state.create(request({ id, batchId: `b-${id}`, batchIndex: 1 })),
  (state, id) => state.get(id),
  (state, id) => state.setExternalId(id, `x-${id}`),
  (state, id) => state.findByExternalId(`x-${id}`),
  (state, id) => state.findByToken(`token-of-${id}`),
  (state, id) => state.resolve(id, decision(id)),
  (state) => state.list({ limit: 5 }),
  (state) => state.count({ status: "pending" }),
  (state, id) => state.createBatch(batch({ id: `b-${id}` })),
  (state, id) => state.listByBatch(`b-${id}`),
  (state, id) => state.appendTimeline(entry({ id, threadId: id })),
  (state, id) => state.timeline(id),
  (state, id) => state.createNotifyDelivery(delivery({ id })),
  (state, id) => state.getNotifyDelivery(id),
  (state, id) => state.resolve(`none-${id}`, {}).catch(() => {}),
];

/** So many requests are there before the server forgets them all. */
const ROUND = 1000;

export const trial = {
  id: "I1",
  title: "Memory, descriptors and connections after millions of calls",
  promise:
    "memory grows by no more than 0.5 MiB in a million calls, and by no more than 5 % in all; descriptors and connections stay as they are",
  unit: "calls",
  full: 5_000_000,
  // In one process: the first million is not yet what a process keeps for good, and would be taken for growth.
  shard: 5_000_000,
  short: 15_000,
  alone: true,
  javascript: { full: 300_000, short: 15_000 },
  async run({ count, open, server, fault, sample, did }) {
    calm();
    const redis = await server();
    const [client, db] = [redis.client(), redis.client()];
    const state = open(client, "i1");
    let next = 0;

    const work = async (calls) => {
      for (let left = calls / CALLS.length; left > 0; left -= ROUND) {
        await db.flushdb();
        await state.ensureSchema();
        const ids = Array.from({ length: Math.min(left, ROUND) }, () => numbered(next++));
        const all = async (id) => {
          for (const call of CALLS) await call(state, id);
        };
        await each(ids, all, AT_ONCE);
      }
    };
    const look = async () => ({ ...possessions(), connections: (await connections(db)).length });

    await work(Math.max(ROUND * CALLS.length, count * WARM_UP));
    const before = await look();
    const memory = [memoryInUse()];
    for (let n = 0; n < LOOKS; n++) {
      await work(count / LOOKS);
      memory.push(memoryInUse());
      did(count / LOOKS);
    }
    if (JSON.stringify(await look()) !== JSON.stringify(before)) {
      fault("something is left behind", `${JSON.stringify(before)} → ${JSON.stringify(await look())}`);
    }
    if (memory[0] === null) return;
    const perMillion = (growth(memory) * LOOKS * 1_000_000) / count;
    const inAll = memory.at(-1) - memory[0];
    const isShort = count < SHORT;
    sample(isShort ? "growth, MiB" : "growth in a million calls, MiB", isShort ? inAll : perMillion);
    const told = memory.map((value) => value.toFixed(2)).join(" ");
    if (isShort ? inAll > BOUND_OF_SHORT : perMillion > BOUND) fault("memory grows", `${perMillion} MiB: ${told}`);
    if (!isShort && inAll > memory[0] * 0.05) fault("memory is more than it was", told);
  },
};
