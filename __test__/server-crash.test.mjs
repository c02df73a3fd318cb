// The server is killed, restarted, or forgets its scripts while it is busy with us: every call that was
// acknowledged is there, every other one is finished by the package itself, and no caller notices.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { IoredisState } from "../index.js";
import { sound } from "./support/assertions.mjs";
import { between } from "./support/chance.mjs";
import { violations } from "./support/invariants.mjs";
import { keysOf } from "./support/layout.mjs";
import { decision, entry, request } from "./support/records.mjs";
import { withRedis } from "./support/redis.mjs";
import { each, numbered } from "./support/writes.mjs";

const CLIENTS = 4;
const AT_ONCE = 16;
const PATIENT = { maxRetriesPerRequest: null, retryStrategy: () => 5 };

/**
 * Keeps a server busy with approvals from beginning to end, on several connections. `acknowledged` counts
 * the writes that were answered; `finish()` stops and returns, for each record, the steps that were.
 */
function load(server, tableName) {
  const done = new Map();
  const failures = [];
  let acknowledged = 0;
  let isOver = false;
  let next = 0;

  async function step(id, name, call) {
    try {
      await call();
    } catch (error) {
      failures.push(`${name} of ${id}: ${error.code} ${error.message}`);
      return;
    }
    acknowledged += 1;
    done.get(id).add(name);
  }

  async function approve(state) {
    next += 1;
    const id = numbered(next);
    done.set(id, new Set());
    await step(id, "create", () => state.create(request({ id, batchId: `b${next % 50}`, batchIndex: next })));
    await Promise.all([
      step(id, "setExternalId", () => state.setExternalId(id, `x-${id}`)),
      step(id, "appendTimeline", () => state.appendTimeline(entry({ id: `e-${id}`, threadId: `t-${id}` }))),
    ]);
    await step(id, "resolve", () => state.resolve(id, decision(id)));
  }

  const workers = [];
  for (let n = 0; n < CLIENTS; n++) {
    const state = new IoredisState(server.client(PATIENT), { tableName });
    for (let m = 0; m < AT_ONCE; m++) {
      workers.push(
        (async () => {
          while (!isOver) await approve(state);
        })(),
      );
    }
  }

  return {
    failures,
    /** Resolves when `count` more writes have been acknowledged. */
    async more(count) {
      const goal = acknowledged + count;
      while (acknowledged < goal && failures.length === 0) await turn();
    },
    async finish() {
      isOver = true;
      await Promise.all(workers);
      return done;
    },
  };
}

/** Each step that was acknowledged is in the store. */
async function everythingIsThere(server, tableName, done) {
  const db = server.client();
  const state = new IoredisState(db, { tableName });
  await each([...done], async ([id, steps]) => {
    const record = await state.get(id);
    if (steps.has("create")) assert.ok(record, `${id} is lost`);
    if (steps.has("setExternalId")) assert.equal(record.externalId, `x-${id}`, `the external id of ${id} is lost`);
    if (steps.has("resolve")) assert.deepEqual(record.result, decision(id), `the decision on ${id} is lost`);
    if (steps.has("appendTimeline")) assert.equal((await state.timeline(`t-${id}`)).length, 1, `the entry of ${id}`);
  });
  sound(await violations(db, keysOf(tableName).prefix));
}

test("a server killed and restarted under load, 20 times: every acknowledged write is there, no call fails", async () => {
  const server = await withRedis({ persistence: "always" });
  const busy = load(server, "crash");
  for (let n = 0; n < 20; n++) {
    await busy.more(between(20, 300));
    await server.kill();
    await server.restart();
  }
  await busy.more(100);
  const done = await busy.finish();
  assert.deepEqual(busy.failures, []);
  await everythingIsThere(server, "crash", done);
});

test("SCRIPT FLUSH under load, 200 times: no caller sees NOSCRIPT, nothing is lost", async () => {
  const server = await withRedis();
  const db = server.client();
  const busy = load(server, "flush");
  for (let n = 0; n < 200; n++) {
    await busy.more(between(1, 40));
    await db.script("FLUSH");
  }
  const done = await busy.finish();
  assert.deepEqual(busy.failures, []);
  await everythingIsThere(server, "flush", done);
});

test("connections killed by an operator under load, 100 times: no call fails, nothing is lost", async () => {
  const server = await withRedis();
  const db = server.client();
  const busy = load(server, "operator");
  for (let n = 0; n < 100; n++) {
    await busy.more(between(1, 80));
    await db.client("KILL", "TYPE", "normal", "SKIPME", "yes");
  }
  const done = await busy.finish();
  assert.deepEqual(busy.failures, []);
  await everythingIsThere(server, "operator", done);
});

test("a server that is loading its data: calls wait until it is ready, none sees LOADING", async () => {
  const server = await withRedis({ persistence: "always" });
  const state = new IoredisState(server.client(PATIENT), { tableName: "loading" });
  const ids = Array.from({ length: 500 }, (_, n) => numbered(n));
  await each(ids, (id) => state.create(request({ id })));
  await server.kill();

  const slowly = ["--key-load-delay", 200, "--loading-process-events-interval-bytes", 1024];
  const up = server.restart({ args: ["--appendonly", "yes", "--appendfsync", "always", ...slowly] });
  await untilLoading(server);
  const fresh = new IoredisState(server.client(PATIENT), { tableName: "loading" });
  const calls = [
    state.get(ids[0]),
    state.resolve(ids[1], decision(ids[1])),
    state.count(),
    fresh.get(ids[2]),
    fresh.create(request({ id: "made-while-loading" })),
  ];
  const [first, , count, third] = await Promise.all(calls);
  await up;
  assert.equal(first.id, ids[0]);
  assert.ok(count === 500 || count === 501);
  assert.equal(third.id, ids[2]);
  sound(await violations(server.client(), keysOf("loading").prefix));
});

/** Waits until the server answers LOADING to a client that asks for data. */
async function untilLoading(server) {
  for (;;) {
    const socket = connect(server.port, "127.0.0.1", () => socket.write("GET a\r\n"));
    // `once` rejects on the socket's error: the server does not listen yet.
    const event = await once(socket, "data").then(String, () => "refused");
    socket.destroy();
    if (event.startsWith("-LOADING")) return;
    assert.doesNotMatch(event, /^\$/, "the server has loaded its data before the test could look");
  }
}
