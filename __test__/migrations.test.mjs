// Migrations from layouts 1 and 2, through the public class: whatever interrupts them, the indexes are
// complete at every instant, and in the end they are those that the records say.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses, sound, verdict } from "./support/assertions.mjs";
import { snapshot } from "./support/layout.mjs";
import { monitored } from "./support/monitor.mjs";
import { OldStore, oldRecords } from "./support/old-store.mjs";
import { withProxy } from "./support/proxy.mjs";
import { request } from "./support/records.mjs";
import { withRedis } from "./support/redis.mjs";

const RECORDS = 5000;

/** Evenly spread bytes of the requests, and as many of the replies. */
const POINTS = 30;

/** What one command of a migration may at most have to do with. */
const MAX_RECORDS = 1000;
const MAX_BYTES = 4 << 20;

/** What a connection begins with, and what a migration reads with. */
const READS =
  /^(auth|client|hello|info|ping|readonly|script|select|type|strlen|m?get|smembers|[sz]scan|zrange|exists)$/i;

const server = await withRedis();
const proxy = await withProxy(server);
const db = server.client();
const records = oldRecords(RECORDS);

/** A replica that gives up, as if it had died, when its connection breaks. */
async function mortal(tableName, work) {
  // What earlier replicas have sent is of no interest any more.
  proxy.history.length = 0;
  const client = server.client({ port: proxy.port, retryStrategy: () => null, lazyConnect: true });
  try {
    return await work(new IoredisState(client, { tableName }));
  } finally {
    client.disconnect();
  }
}

for (const layout of [1, 2]) {
  describe(`from layout ${layout}, ${RECORDS} records`, async () => {
    const tableName = `from_layout_${layout}`;
    const old = await new OldStore(db, tableName, layout).build(records);
    const expected = await old.expected();
    const check = async () => sound(await old.differences(expected));
    const survivor = () => new IoredisState(db, { tableName }).ensureSchema();

    test("one replica migrates it, and the inbox works", async () => {
      await old.reset();
      const state = new IoredisState(db, { tableName });
      const pending = await state.count({ status: "pending" });
      assert.equal(pending, expected.get(old.keys.status("pending")).size);
      await check();
      const { items } = await state.list({ namespace: "finance", status: "pending", limit: 10_000 });
      assert.equal(items.length, expected.get(old.keys.namespaceStatus("finance", "pending")).size);
    });

    for (const [side, sides] of [
      ["Request", "requests"],
      ["Reply", "replies"],
    ]) {
      test(`cut at ${POINTS} evenly spread bytes of the ${sides}: nothing is missed, the next replica completes it`, async () => {
        await old.reset();
        const sent = await mortal(tableName, (state) => proxy.measure(() => state.ensureSchema()));
        const bytes = sent[`${side.toLowerCase()}Bytes`];
        for (let n = 0; n < POINTS; n++) {
          await old.reset();
          const at = Math.floor((bytes * n) / POINTS);
          const fault = proxy[`cut${side}After`](at, { anyConnection: true });
          const { error } = await mortal(tableName, (state) => verdict(state.ensureSchema()));
          await fault.fired;
          const where = `cut at byte ${at} of ${bytes}`;
          if (side === "Request") assert.equal(error?.code, "CONNECTION_CLOSED", where);
          assert.deepEqual(await old.missed(expected), [], where);
          await survivor();
          assert.deepEqual(await old.differences(expected), [], where);
        }
      });
    }

    test("cut at every chunk boundary: nothing is missed, the next replica completes it", async () => {
      await old.reset();
      const sent = await mortal(tableName, (state) => proxy.measure(() => state.ensureSchema()));
      const steps = sent.commands.filter(isStep).length;
      assert.ok(steps > RECORDS / MAX_RECORDS, `${steps} commands are too few to be chunks`);
      for (let step = 0; step < steps; step++) {
        await old.reset();
        let seen = 0;
        const fault = proxy.loseReplies({ match: ([name]) => isStep(name) && seen++ === step });
        const { error } = await mortal(tableName, (state) => verdict(state.ensureSchema()));
        await fault.fired;
        const where = `command ${step} of ${steps}`;
        assert.equal(error?.code, "CONNECTION_CLOSED", where);
        assert.deepEqual(await old.missed(expected), [], where);
        await survivor();
        assert.deepEqual(await old.differences(expected), [], where);
      }
    });

    test("a connection that breaks at 10 places is replaced, and the migration goes on by itself", async () => {
      const client = server.client({ port: proxy.port, maxRetriesPerRequest: null, retryStrategy: () => 0 });
      await new IoredisState(client, { tableName }).ensureSchema();
      await old.reset();
      const sent = await proxy.measure(() => new IoredisState(client, { tableName }).ensureSchema());
      for (let n = 0; n < 10; n++) {
        await old.reset();
        const fault = proxy.cutRequestAfter(Math.floor((sent.requestBytes * n) / 10));
        await new IoredisState(client, { tableName }).ensureSchema();
        assert.ok(fault.happened);
        await check();
      }
      client.disconnect();
    });

    test("every command has to do with at most 1,000 records and 4 MB, unless one record is larger", async () => {
      const big = await new OldStore(db, `big_${layout}`, layout).build(
        oldRecords(1500, (n) => ({ context: { text: "x".repeat(n % 10 ? 10 : 60_000) } })),
      );
      await db.set(
        big.keys.request("large"),
        JSON.stringify({ ...records[0], id: "large", context: "x".repeat(6 << 20) }),
      );
      await (layout === 1 ? db.sadd : db.zadd).call(db, big.keys.all, ...(layout === 1 ? [] : [0]), "large");
      for (const store of [old, big]) {
        if (store === old) await old.reset();
        const sizes = new Map();
        for (const [id, record] of await store.records()) sizes.set(id, JSON.stringify(record)?.length ?? 10);
        const state = new IoredisState(server.client(), { tableName: store.prefix });
        const { commands } = await monitored(server, () => state.ensureSchema());
        const groups = byClientCommand(
          commands.filter(({ words }) => words.some((word) => word.startsWith(store.prefix))),
        );
        assert.ok(groups.length > sizes.size / MAX_RECORDS);
        assert.ok(groups.some(([{ name }]) => name === "MGET"));
        for (const group of groups) bounded(group, store, sizes);
      }
    });

    test("maxmemory is reached: refused, nothing is missed, and it completes once there is memory", async () => {
      await old.reset();
      const before = await snapshot(db, `${tableName}:meta`);
      await db.config("SET", "maxmemory", 1);
      await refuses(new IoredisState(db, { tableName }).ensureSchema(), "OOM").finally(() =>
        db.config("SET", "maxmemory", 0),
      );
      assert.deepEqual(await old.missed(expected), []);
      assert.deepEqual(await snapshot(db, `${tableName}:meta`), before);
      await survivor();
      await check();
    });
  });
}

/** Whether this command can change something: after each of these the store is in another state. */
const isStep = (name) => !READS.test(name);

/** Each command of a client with those that its script has executed. */
function byClientCommand(commands) {
  const groups = [];
  for (const command of commands) {
    if (command.isScript) groups.at(-1).push(command);
    else groups.push([command]);
  }
  return groups;
}

/** The command and its script touch no more than they may. */
function bounded(group, { keys, indexes }, sizes) {
  const [{ name, words }] = group;
  const what = `${name} ${words.slice(1, 4).join(" ").slice(0, 80)}`;
  const ids = new Set();
  const read = new Set();
  const bodies = new Set();
  for (const { name: command, words: inner } of group) {
    for (const word of inner) {
      if (sizes.has(word)) ids.add(word);
      if (!word.startsWith(keys.request(""))) continue;
      const id = word.slice(keys.request("").length);
      read.add(id);
      if (/^(GET|MGET)$/i.test(command)) bodies.add(id);
    }
    checkRange(inner, indexes, what);
  }
  assert.ok(ids.size <= MAX_RECORDS, `${what}: ${ids.size} ids`);
  assert.ok(read.size <= MAX_RECORDS, `${what}: ${read.size} records`);
  const bytes = [...bodies].reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0);
  assert.ok(bytes <= MAX_BYTES || bodies.size === 1, `${what}: ${bytes} bytes in ${read.size} records`);
}

/** Nothing reads, copies or frees a whole index at once. */
function checkRange(words, indexes, what) {
  const [name, key, start, stop] = words;
  if (!indexes.includes(key)) return;
  const command = name.toUpperCase();
  assert.ok(!/^(SMEMBERS|SORT|SUNION|ZUNION|COPY|DUMP|DEL|RENAME|.*STORE)$/.test(command), `${what} is not bounded`);
  if (/^Z(REV)?RANGE$/.test(command)) assert.ok(stop >= 0 && stop - start < MAX_RECORDS, `${what} is not bounded`);
  const count = words.findIndex((word) => /^count$/i.test(word));
  if (count > 0) assert.ok(Number(words[count + 1]) <= MAX_RECORDS, `${what} is not bounded`);
}

test("100,000 records of layout 1 migrate", async () => {
  const old = new OldStore(db, "hundred_thousand", 1);
  const count = 100_000;
  await db.eval(
    `for n = 0, tonumber(ARGV[1]) - 1 do
       local id, status = string.format('m%06d', n), n % 3 == 0 and 'pending' or 'resolved'
       local second = string.format('%02d', n % 60)
       redis.call('SET', KEYS[1] .. ':req:' .. id, '{"id":"' .. id .. '","token":"t' .. n .. '","channel":"slack","namespace":"ns' .. n % 5
         .. '","message":"May I?","actions":[],"status":"' .. status .. '","createdAt":"2025-06-01T00:00:' .. second .. '.000Z"}')
       redis.call('SADD', KEYS[1] .. ':idx:status:' .. status, id)
       redis.call('SADD', KEYS[1] .. ':idx:all:req', id)
     end
     redis.call('SADD', KEYS[1] .. ':meta:migrations', '001-initial')`,
    1,
    old.prefix,
    count,
  );
  const expected = await old.expected();
  const state = new IoredisState(server.client(), { tableName: old.prefix });
  assert.equal(await state.count(), count);
  sound(await old.differences(expected));
});

test("ensureSchema on a current store is one command and writes nothing; unknown ledger members are left alone", async () => {
  const tableName = "current";
  const state = new IoredisState(server.client(), { tableName });
  await state.create(request());
  await db.sadd("current:meta:migrations", "004-of-the-future");
  const changes = async () => /rdb_changes_since_last_save:(\d+)/.exec(await db.info("persistence"))[1];
  const [before, count] = [await snapshot(db, tableName), await changes()];
  const { commands } = await monitored(server, async () => {
    await state.ensureSchema();
    await new IoredisState(db, { tableName }).ensureSchema();
  });
  const ours = commands.filter(({ words, isScript }) => !isScript && words.some((word) => word.startsWith(tableName)));
  assert.equal(ours.length, 2);
  assert.deepEqual(await snapshot(db, tableName), before);
  assert.equal(await changes(), count);
});
