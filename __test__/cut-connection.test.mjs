// The connection is cut after every byte of a write and after every byte of its reply. The record and
// its indexes agree, the caller's verdict is the truth, and the same call again converges.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IoredisState, SCHEMA_VERSION } from "../index.js";
import { refuses, sound, verdict } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { keysOf } from "./support/layout.mjs";
import { startProxy } from "./support/proxy.mjs";
import { decision, request } from "./support/records.mjs";
import { withRedis } from "./support/redis.mjs";
import { each, numbered, WRITES } from "./support/writes.mjs";

const server = await withRedis();
const direct = server.client();

/** The two ways to live with a lost reply: ask again until it is known, or say that it is not known. */
const PATIENCE = {
  "sent again": { maxRetriesPerRequest: null, retryStrategy: () => 0 },
  "not sent again": { maxRetriesPerRequest: 0, retryStrategy: () => 0 },
};

let tables = 0;

/** Two clients of one fresh store: `near` meets no faults, `far` goes through a proxy that makes them. */
async function withFar(patience, work) {
  const tableName = `cut_${tables++}`;
  const proxy = await startProxy(server);
  const client = server.client({ port: proxy.port, ...PATIENCE[patience] });
  try {
    const near = new IoredisState(direct, { tableName });
    const far = new IoredisState(client, { tableName });
    await far.ensureSchema();
    const keys = keysOf(tableName);
    await work({ near, far, proxy, client, keys, check: async () => sound(await violations(direct, keys.prefix)) });
  } finally {
    client.disconnect();
    await proxy.stop();
  }
}

/** Waits until the connection of `state` is up: the next command is the next thing that it sends. */
async function connected(state) {
  while ((await verdict(state.get("nobody"))).error);
}

const cut = {
  request: (proxy, bytes) => proxy.cutRequestAfter(bytes),
  reply: (proxy, bytes) => proxy.cutReplyAfter(bytes),
};

/** Calls `call(n)` for n = 1, 2, …, each with a cut one byte further on, and returns the verdicts. */
async function sweep(far, proxy, side, bytes, call) {
  const verdicts = [];
  for (let n = 0; n <= bytes; n++) {
    await connected(far);
    const fault = cut[side](proxy, n);
    verdicts.push(await call(n + 1));
    await fault.fired;
  }
  return verdicts;
}

/** Whether the server has had the whole request before cut number `n` of `bytes` + 1. */
const arrived = (side, n, bytes) => side === "reply" || n === bytes;

/**
 * The verdict is the truth: done means done, and a failure admits that it does not know. Only a call of
 * `several` round trips may know that it has not come to its write.
 */
function truthful({ error }, took, { patience, several, where }) {
  if (patience === "sent again") assert.equal(error, undefined, where);
  if (!error) return assert.ok(took, `${where}: reported as done, but it is not`);
  assert.equal(error.code, "MAX_RETRIES", where);
  if (!several) assert.equal(error.ambiguous, true, `${where}: ${error.message}`);
  return assert.ok(error.ambiguous || !took, `${where}: reported as not done, but it is`);
}

for (const patience of Object.keys(PATIENCE)) {
  describe(`a command whose reply is lost is ${patience}`, () => {
    for (const write of WRITES) {
      for (const side of ["request", "reply"]) {
        test(`${write.name}: cut after every byte of the ${side}`, async () => {
          await withFar(patience, async ({ near, far, proxy, keys, check }) => {
            await write.prepare(near, numbered(0), direct, keys);
            const sent = await proxy.measure(() => write.call(far, numbered(0)));
            const bytes = side === "request" ? sent.requestBytes : sent.replyBytes;
            assert.ok(bytes > 0);
            const ids = Array.from({ length: bytes + 1 }, (_, n) => numbered(n + 1));
            await each(ids, (id) => write.prepare(near, id, direct, keys));

            const verdicts = await sweep(far, proxy, side, bytes, (n) => verdict(write.call(far, numbered(n))));
            await check();
            await each(ids, async (id, n) => {
              const took = await write.took(near, id);
              const where = `${write.name}, cut at byte ${n} of ${bytes} of the ${side}`;
              truthful(verdicts[n], took, { patience, several: write.several, where });
              if (patience === "not sent again" && !write.several) assert.equal(took, arrived(side, n, bytes), where);

              const again = write.call(near, id);
              if (took && write.again) await refuses(again, write.again);
              else await again;
              assert.equal(await write.took(near, id), true, where);
            });
            await check();
          });
        });
      }
    }

    for (const side of ["request", "reply"]) {
      test(`ensureSchema of a fresh store: cut after every byte of the ${side}`, async () => {
        await withFar(patience, async ({ far, proxy, client }) => {
          const name = `fresh_${tables++}`;
          const fresh = (n, own = client) => new IoredisState(own, { tableName: `${name}_${numbered(n)}` });
          const sent = await proxy.measure(() => fresh(0).ensureSchema());
          const bytes = side === "request" ? sent.requestBytes : sent.replyBytes;
          const verdicts = await sweep(far, proxy, side, bytes, (n) => verdict(fresh(n).ensureSchema()));
          for (const [n, outcome] of verdicts.entries()) {
            const where = `cut at byte ${n} of ${bytes} of the ${side}`;
            const ledger = keysOf(`${name}_${numbered(n + 1)}`).migrations;
            const isComplete = async () => (await direct.scard(ledger)) === SCHEMA_VERSION;
            truthful(outcome, await isComplete(), { patience, several: true, where });
            await fresh(n + 1, direct).ensureSchema();
            assert.equal(await isComplete(), true, where);
          }
        });
      });

      test(`create and resolve together: cut after every byte of the ${side}`, async () => {
        await withFar(patience, async ({ near, far, proxy, check }) => {
          const both = (state, n) => {
            const id = numbered(n);
            return Promise.all([verdict(state.create(request({ id }))), verdict(state.resolve(id, decision(id)))]);
          };
          const sent = await proxy.measure(() => both(far, 0));
          const bytes = side === "request" ? sent.requestBytes : sent.replyBytes;
          const verdicts = await sweep(far, proxy, side, bytes, (n) => both(far, n));
          await check();
          for (const [n, [created, resolved]] of verdicts.entries()) {
            const id = numbered(n + 1);
            const where = `cut at byte ${n} of ${bytes} of the ${side}`;
            const before = await near.get(id);
            truthful(created, before !== null, { patience, where });
            truthful(resolved, before?.status === "resolved", { patience, where });
            // Two writes may carry them, and the first one's reply may be cut before the second has arrived.
            if (n === bytes) assert.equal(before?.status, "resolved", where);

            const [recreated, redecided] = await both(near, n + 1);
            assert.equal(recreated.error, undefined, where);
            assert.equal(redecided.error?.code, before?.status === "resolved" ? "ALREADY_RESOLVED" : undefined, where);
            assert.deepEqual((await near.get(id)).result, decision(id), where);
          }
          await check();
        });
      });
    }
  });
}
