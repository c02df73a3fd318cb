// After a thousand rounds of opening, using and closing nothing is left: no connection, listener, thread, file
// descriptor or memory; and the process that did it ends by itself.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connections, until } from "./support/connections.mjs";
import { runProgram } from "./support/programs.mjs";
import { withRedis } from "./support/redis.mjs";

const ROUNDS = 1000;
const LIMIT = { timeout: 120_000 };

/** More than this, from the middle of the rounds to their end, is no noise of the garbage collector. */
const NOISE = 12 * 1024 * 1024;

const server = await withRedis();
const secure = await withRedis({ tls: {} });

/** Runs the rounds; resolves when the process has ended, to what it has told. */
async function rounds(way, ioredis, port) {
  const nodeArgs = ["--expose-gc"];
  const limit = LIMIT.timeout - 5000;
  const { stdout, ...end } = await runProgram("rounds", [way, ROUNDS], { port, ioredis, nodeArgs, limit });
  assert.deepEqual(end, { code: 0, signal: null, lateness: undefined, stderr: "" });
  return JSON.parse(stdout);
}

async function leavesNothing(way, { ioredis = "6", on = server, db = on.client({ path: on.socket }) } = {}) {
  const { before, half, after, warnings } = await rounds(way, ioredis, on.port);
  assert.deepEqual(warnings, []);
  const things = ({ descriptors, threads, listeners }) => ({ descriptors, threads, listeners });
  assert.deepEqual(things(after), things(before));
  // Elsewhere there is no /proc to ask.
  if (process.platform === "linux") {
    assert.equal(after.ourThreads, 0);
    assert.ok(after.rss - half.rss < NOISE, `${half.rss} → ${after.rss}`);
  }
  await until(async () => (await connections(db)).length === 1);
  db.disconnect();
}

for (const ioredis of ["5", "6"]) {
  describe(`with ioredis ${ioredis}`, () => {
    test("a client each time, and quit()", LIMIT, () => leavesNothing("quit", { ioredis }));
    test("a client each time, and disconnect() in the middle of calls", LIMIT, () =>
      leavesNothing("disconnect", { ioredis }),
    );
    test("one client, an instance each time, and close()", LIMIT, () => leavesNothing("closeOnOneClient", { ioredis }));
    test("one client that quits and connects again", LIMIT, () => leavesNothing("reconnect", { ioredis }));
  });
}

describe("without a client", () => {
  test("a URL each time, and close()", LIMIT, () => leavesNothing("url"));
  test("TLS", LIMIT, () => leavesNothing("tls", { on: secure }));
  test("TLS that Node speaks, and we carry", LIMIT, () => leavesNothing("carriedTls", { on: secure }));
  test("a Connector of the caller's", LIMIT, () => leavesNothing("connector"));
});
