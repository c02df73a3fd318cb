// The server loads its data, or cuts us off, while it is busy with us: every call that was acknowledged is there, every
// other one is finished by the package itself, and no caller notices. The campaign's trials B1 and C4 kill the server,
// and have it forget its scripts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { sound } from "./support/assertions.mjs";
import { between } from "./support/chance.mjs";
import { untilLoading } from "./support/faults.mjs";
import { violations } from "./support/invariants.mjs";
import { keysOf } from "./support/layout.mjs";
import { everythingIsThere, load, PATIENT } from "./support/load.mjs";
import { decision, request } from "./support/records.mjs";
import { withRedis } from "./support/redis.mjs";
import { each, numbered } from "./support/writes.mjs";

test("connections killed by an operator under load, 100 times: no call fails, nothing is lost", async () => {
  const server = await withRedis();
  const db = server.client();
  const busy = load(() => server.client(PATIENT), "operator");
  for (let n = 0; n < 100; n++) {
    await busy.more(between(1, 80));
    await db.client("KILL", "TYPE", "normal", "SKIPME", "yes");
  }
  const done = await busy.finish();
  assert.deepEqual(busy.failures, []);
  await everythingIsThere(server.client(), "operator", done);
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
