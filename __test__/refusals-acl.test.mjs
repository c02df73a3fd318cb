// The ACL of the caller's user lacks a command: the call rejects with the server's words, and nothing
// is half-written.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses, sound } from "./support/assertions.mjs";
import { until } from "./support/connections.mjs";
import { violations } from "./support/invariants.mjs";
import { keysOf, snapshot } from "./support/layout.mjs";
import { monitored } from "./support/monitor.mjs";
import { decision, request } from "./support/records.mjs";
import { withRedis } from "./support/redis.mjs";
import { WRITES } from "./support/writes.mjs";

const PASSWORD = "canary-password";

const server = await withRedis();
const db = server.client();
const acl = (...rules) => db.acl("SETUSER", "approvals", ...rules);
await acl("on", `>${PASSWORD}`, "~*", "&*", "+@all");

const withUser = () => server.client({ username: "approvals", password: PASSWORD });

/** The server's words for a denied command. Inside of scripts Redis 7.0 does not say which one. */
const denialOf = (command) =>
  new RegExp(
    `no permissions to run the '${command}' command|^(ERR|NOPERM) .*user executing the script can't run this command`,
    "i",
  );

/** Commands that save the server work, and that a call can do without. */
const SPARING = ["setrange", "bitop"];

let tables = 0;

async function prepared(write, id) {
  const tableName = `acl_${tables++}`;
  const state = new IoredisState(withUser(), { tableName });
  const keys = keysOf(tableName);
  await state.ensureSchema();
  await write.prepare(state, id, db, keys);
  return { state, keys, tableName };
}

/** The names of the commands that `write` makes the server execute, outside and inside of scripts. */
async function commandsOf(write) {
  const { state, keys } = await prepared(write, "probe");
  const { commands } = await monitored(server, () => write.call(state, "probe"));
  const ours = commands.filter(({ words }) => words.some((word) => word.startsWith(keys.prefix)));
  assert.ok(ours.length > 0, "the call did not show up in MONITOR");
  return [...new Set(ours.map(({ name }) => name.toLowerCase()))];
}

for (const write of WRITES) {
  test(`${write.name}: without any one of its commands it rejects with the server's words and writes nothing`, async () => {
    const commands = await commandsOf(write);
    const { state, keys } = await prepared(write, "w");
    for (const command of commands.filter((name) => !SPARING.includes(name))) {
      const before = await snapshot(db, keys.prefix);
      await acl(`-${command}`);
      try {
        const error = await refuses(write.call(state, "w"), /^(NOPERM|ERR)$/, denialOf(command));
        assert.doesNotMatch(error.message, new RegExp(`${PASSWORD}|token-of`));
        assert.notEqual(error.ambiguous, true);
        assert.deepEqual(await snapshot(db, keys.prefix), before, `without ${command} something was written`);
      } finally {
        await acl(`+${command}`);
      }
    }
    await write.call(state, "w");
    assert.equal(await write.took(state, "w"), true);
    sound(await violations(db, keys.prefix));
  });
}

for (const denied of SPARING) {
  test(`without ${denied} every write does the same`, async () => {
    const { state, keys } = await prepared(WRITES[0], "probe");
    for (const [n, write] of WRITES.entries()) {
      await write.prepare(state, `w${n}`, db, keys);
      await acl(`-${denied}`);
      await write.call(state, `w${n}`);
      await acl(`+${denied}`);
      assert.equal(await write.took(state, `w${n}`), true, write.name);
    }
    sound(await violations(db, keys.prefix));
  });
}

test("without DEL a create that is refused in the middle takes back what it has written", async () => {
  const { state, keys } = await prepared(WRITES[0], "w");
  await db.hset(keys.namespaceStatus("global", "pending"), "field", "somebody else's value");
  const before = await snapshot(db, keys.prefix);
  await acl("-del");
  try {
    await refuses(WRITES[0].call(state, "w"), "WRONGTYPE");
  } finally {
    await acl("+del");
  }
  assert.equal(await state.get("w"), null);
  // Strings that could not be deleted end with their millisecond.
  await until(async () => (await db.pttl(keys.request("w"))) === -2);
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("a record whose end was rewritten takes up as much memory as one that was written whole", async () => {
  const { state, keys } = await prepared(WRITES[0], "w");
  for (const size of [10, 1000, 100_000]) {
    const id = `size-${size}`;
    await state.create(request({ id, context: { text: "x".repeat(size) } }));
    await state.setExternalId(id, "message");
    await state.resolve(id, decision(id));
    const key = keys.request(id);
    await db.set("copy", await db.getBuffer(key));
    const [ours, whole] = await Promise.all([key, "copy"].map((name) => db.memory("USAGE", name)));
    assert.ok(ours - whole < key.length + 16, `a record of ${size} bytes takes up ${ours} bytes, not ${whole}`);
  }
});

test("without EVAL and SCRIPT LOAD, and without EVALSHA, one clear error names the command", async () => {
  const create = WRITES[0];
  for (const [denied, named] of [
    [["-eval", "-script"], "eval"],
    [["-evalsha"], "evalsha"],
    [["-eval", "-evalsha"], "eval"],
  ]) {
    await db.script("FLUSH");
    await acl("+@all", ...denied);
    const tableName = `acl_${tables++}`;
    await new IoredisState(db, { tableName }).ensureSchema();
    await db.script("FLUSH");
    const before = await snapshot(db, tableName);
    const state = new IoredisState(withUser(), { tableName });
    const error = await refuses(create.call(state, "w"), "NOPERM", /^NOPERM /);
    assert.match(error.message, new RegExp(named, "i"));
    assert.deepEqual(await snapshot(db, tableName), before);
    await acl("+@all");
    await create.call(state, "w");
  }
});

test("without SCRIPT LOAD everything works all the same", async () => {
  await db.script("FLUSH");
  await acl("+@all", "-script");
  try {
    const tableName = `acl_${tables++}`;
    const state = new IoredisState(withUser(), { tableName });
    for (const [n, write] of WRITES.entries()) {
      await write.prepare(state, `w${n}`, db, keysOf(tableName));
      await write.call(state, `w${n}`);
      assert.equal(await write.took(state, `w${n}`), true, write.name);
    }
    sound(await violations(db, tableName));
  } finally {
    await acl("+@all");
  }
});

test("a user without the keys of the store is refused and told so, without key names or tokens", async () => {
  const tableName = `acl_${tables++}`;
  await new IoredisState(db, { tableName }).ensureSchema();
  await acl("resetkeys", "~elsewhere:*");
  try {
    const state = new IoredisState(withUser(), { tableName });
    const error = await refuses(WRITES[0].call(state, "w"), "NOPERM", /^NOPERM /);
    assert.doesNotMatch(error.message, /token-of/);
  } finally {
    await acl("resetkeys", "~*");
  }
});
