// CONTRACT section 7: no message, stack or property of an error, and no line on stderr, ever contains
// a password, a URL's user info, a token or user content.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { IoredisState } from "../index.js";
import { HAS_CREDENTIALS } from "./support/acl.mjs";
import { verdict } from "./support/assertions.mjs";
import { CANARIES, calls, everything } from "./support/canaries.mjs";
import { decision, entry, request } from "./support/records.mjs";
import { freePort, Redis5, Redis6, startRedis } from "./support/redis.mjs";
import { withStores } from "./support/store.mjs";

const { server, db, store } = await withStores();

const printed = [];
const write = process.stderr.write.bind(process.stderr);
process.stderr.write = (chunk, ...rest) => {
  printed.push(String(chunk));
  return write(chunk, ...rest);
};
process.on("warning", (warning) => printed.push(inspect(warning)));

async function assertDiscreet(promise) {
  const { error } = await verdict(promise);
  assert.ok(error, "was expected to be refused");
  const text = everything(error);
  for (const canary of CANARIES) assert.ok(!text.includes(canary), `${canary} in ${text}`);
  return error;
}

test("refusals of the store itself", async () => {
  const { state, keys } = store();
  await state.create(request({ id: "r", token: "token-canary", message: "message-canary" }));
  await assertDiscreet(
    state.create(
      request({ id: "r", token: "token-canary", message: "message-canary", context: { a: "context-canary" } }),
    ),
  );
  await assertDiscreet(state.create(request({ token: "token-canary" })));
  await assertDiscreet(state.create(request({ token: "token-canary\ud800" })));
  await assertDiscreet(state.create(request({ token: "token-canary", namespace: "a b" })));
  await assertDiscreet(state.setExternalId("nobody", "external-canary"));
  await assertDiscreet(state.setExternalId("r", "external-canary\ud800"));
  await assertDiscreet(state.resolve("nobody", decision("nobody", { feedbacks: { a: "result-canary" } })));
  await assertDiscreet(
    state.appendTimeline(entry({ message: "message-canary", createdAt: "never", detail: { a: "detail-canary" } })),
  );
  await db.set(keys.request("bad"), '{"token":"token-canary","message":"message-canary"');
  await assertDiscreet(state.get("bad"));
  await assertDiscreet(state.setExternalId("bad", "external-canary"));
});

test("keys of another type in the way of every writer", async () => {
  const { state, keys } = store();
  await state.ensureSchema();
  for (const key of [
    keys.request("r"),
    keys.request("other"),
    keys.token("token-canary"),
    keys.externalId("external-canary"),
    keys.batch("b"),
    keys.entry("e"),
    keys.delivery("d"),
  ]) {
    await db.lpush(key, "x");
  }
  for (const call of calls(state)) await assertDiscreet(call());
});

test("rights that are missing: the server's text echoes no key and no argument", async () => {
  await db.acl("SETUSER", "user-canary", "on", ">pass-canary", "~nothing:*", "&*", "+@all");
  const { state } = store({ client: server.client({ username: "user-canary", password: "pass-canary" }) });
  for (const call of calls(state)) await assertDiscreet(call());
});

test("commands that do not exist: the server's text, which echoes arguments, is cut", async (t) => {
  const crippled = await startRedis({
    args: ["--rename-command", "EVAL", "", "--rename-command", "EVALSHA", "", "--rename-command", "MGET", ""],
  });
  t.after(() => crippled.stop());
  const { state } = store({ client: crippled.client() });
  for (const call of calls(state)) assert.match((await assertDiscreet(call())).message, /unknown command/i);
});

for (const [version, Library] of [
  [5, Redis5],
  [6, Redis6],
]) {
  for (const [name, options, skip = false] of [
    ["a wrong password", { username: "user-canary", password: "pass-canary" }],
    ["no password", {}, HAS_CREDENTIALS],
  ]) {
    test(`a server with a password, and ${name} (ioredis ${version})`, { skip }, async (t) => {
      const locked = await startRedis({ args: ["--requirepass", "right"] });
      t.after(() => locked.stop());
      const { state } = store({ client: locked.client(options, Library) });
      for (const call of calls(state)) {
        const error = await assertDiscreet(call());
        assert.match(error.message, /^(WRONGPASS|NOAUTH)/);
        assert.equal(error.code, /^\w+/.exec(error.message)[0]);
      }
    });
  }

  test(`nobody listening at a URL with user info (ioredis ${version})`, async () => {
    const url = `redis://user-canary:pass-canary@127.0.0.1:${await freePort()}/0`;
    const client = server.adopt(new Library(url, { maxRetriesPerRequest: 0, retryStrategy: () => 5 }));
    const { state } = store({ client });
    for (const call of calls(state)) await assertDiscreet(call());
  });
}

test("a constructor that refuses a client shows nothing of it", () => {
  const pretender = {
    options: { password: "pass-canary", username: "user-canary" },
    url: "redis://user-canary:pass-canary@h",
  };
  assert.throws(
    () => store({ client: pretender }),
    (error) => CANARIES.every((canary) => !everything(error).includes(canary)),
  );
});

test("a state that is printed shows nothing of its client", () => {
  const { state } = store({
    client: server.client({ username: "user-canary", password: "pass-canary", lazyConnect: true }),
  });
  const text = inspect(state, { depth: 12, showHidden: true }) + JSON.stringify(state);
  for (const canary of CANARIES) assert.ok(!text.includes(canary), `${canary} in ${text}`);
});

test("a state of a URL or of options that is printed shows nothing of them", async () => {
  const secret = { username: "user-canary", password: "pass-canary" };
  const places = [`redis://user-canary:pass-canary@127.0.0.1:${server.port}`, { port: server.port, ...secret }];
  for (const place of places) {
    const state = new IoredisState(place);
    await state.get("a").catch(() => {});
    const text = inspect(state, { depth: 12, showHidden: true }) + JSON.stringify(state);
    for (const canary of CANARIES) assert.ok(!text.includes(canary), `${canary} in ${text}`);
    await state.close();
  }
});

test("nothing of it was printed on stderr", () => {
  const text = printed.join("\n");
  for (const canary of CANARIES) assert.ok(!text.includes(canary), `${canary} in ${text}`);
});
