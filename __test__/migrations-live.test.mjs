// A store is migrated while it is in use: by many replicas at once, beside writers of both versions,
// on a server that crashes. In the end the indexes are those that the records say.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { IoredisState } from "../index.js";
import { sound } from "./support/assertions.mjs";
import { between } from "./support/chance.mjs";
import { violations } from "./support/invariants.mjs";
import { JavascriptVersion } from "./support/javascript-version.mjs";
import { OldStore, oldRecords } from "./support/old-store.mjs";
import { withProxy } from "./support/proxy.mjs";
import { decision, request, unique } from "./support/records.mjs";
import { withRedis } from "./support/redis.mjs";

const RECORDS = 5000;
const ROUNDS = 5;
const PROCESSES = 4;
const THREADLESS = 4;

const server = await withRedis();
const db = server.client();

/** A replica in a process of its own, which migrates a store when it is told to. */
class Replica {
  constructor() {
    const path = fileURLToPath(new URL("./fixtures/migrate.mjs", import.meta.url));
    const env = { ...process.env, HITL_TEST_PORT: String(server.port) };
    this.child = spawn(process.execPath, [path], { env, stdio: ["pipe", "pipe", "inherit"] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async says(expected) {
    const { value } = await this.lines.next();
    assert.equal(value, expected);
  }

  async migrate(tableName) {
    this.child.stdin.write(`${tableName}\n`);
    await this.says("done");
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    this.child.stdin.end();
    await once(this.child, "exit");
  }
}

/** Creates and decides requests until told to stop, in the way of `writer`. */
async function keepBusy(writer, isOver) {
  while (!isOver()) {
    const made = request({ id: unique(`live-${process.pid}`), namespace: ["global", "finance", "it"][between(0, 2)] });
    await writer.create(made);
    if (between(0, 1)) await writer.setExternalId(made.id, `x-${made.id}`);
    if (between(0, 3)) await writer.resolve(made.id, decision(made.id));
  }
}

/** Decides the requests that were there before the migration, one after the other. */
async function decideOld(writer, old, isOver) {
  const pending = [...(await old.records())].filter(([id, record]) => record.status === "pending" && /^n\d/.test(id));
  for (const [id] of pending) {
    if (isOver()) return;
    await writer.resolve(id, decision(id));
  }
}

for (const layout of [1, 2]) {
  describe(`from layout ${layout}, ${RECORDS} records`, async () => {
    const tableName = `live_${layout}`;
    const clean = oldRecords(RECORDS).filter(({ createdAt }) => createdAt !== "some day");
    const replicas = Array.from({ length: PROCESSES }, () => new Replica());
    after(() => Promise.all(replicas.map((replica) => replica.stop())));
    await Promise.all(replicas.map((replica) => replica.says("ready")));

    test(`8 replicas at once, four of them processes of their own, ${ROUNDS} times`, async () => {
      const old = await new OldStore(db, tableName, layout).build(oldRecords(RECORDS));
      const clients = Array.from({ length: THREADLESS }, () => server.client());
      for (let round = 0; round < ROUNDS; round++) {
        await old.reset();
        await forget(old);
        await Promise.all([
          ...replicas.map((replica) => replica.migrate(tableName)),
          ...clients.map((client) => new IoredisState(client, { tableName }).ensureSchema()),
        ]);
        sound(await old.differences(await old.expected()));
      }
    });

    test(`while our replicas create and decide, ${ROUNDS} times`, async () => {
      const old = await new OldStore(db, `${tableName}_ours`, layout).build(clean, { dirt: false });
      const clients = Array.from({ length: 4 }, () => server.client());
      for (let round = 0; round < ROUNDS; round++) {
        await old.reset();
        await forget(old);
        let isOver = false;
        const states = clients.map((client) => new IoredisState(client, { tableName: old.prefix }));
        const busy = states.map((state) => keepBusy(state, () => isOver));
        const deciding = decideOld(states[0], old, () => isOver);
        await Promise.all(states.map((state) => state.ensureSchema()));
        await Promise.all([keepMigrating(old, 3), states[1].count()]);
        isOver = true;
        await Promise.all([...busy, deciding]);
        sound(await old.differences(await old.expected()));
      }
      sound(await violations(db, old.prefix));
    });

    // On a store of layout 1 the JavaScript version cannot write before it has itself migrated.
    if (layout === 2) {
      test(`while replicas of the JavaScript version create and decide, ${ROUNDS} times`, async () => {
        const old = await new OldStore(db, `${tableName}_js`, layout).build(clean, { dirt: false });
        const clients = Array.from({ length: 4 }, () => server.client());
        for (let round = 0; round < ROUNDS; round++) {
          await old.reset();
          await forget(old);
          let isOver = false;
          const writers = clients.map((client) => new JavascriptVersion(client, old.prefix));
          const busy = writers.map((writer) => keepBusy(writer, () => isOver));
          const deciding = decideOld(writers[0], old, () => isOver);
          await keepMigrating(old, 3);
          isOver = true;
          await Promise.all([...busy, deciding]);
          sound(await old.differences(await old.expected()));
        }
        sound(await violations(db, old.prefix));
      });
    }

    test("on a server that is killed in the middle, 10 times: the migration goes on by itself", async () => {
      const fragile = await withRedis({ persistence: "always" });
      const proxy = await withProxy(fragile);
      const admin = fragile.client({ maxRetriesPerRequest: null, retryStrategy: () => 5 });
      const client = fragile.client({ port: proxy.port, maxRetriesPerRequest: null, retryStrategy: () => 5 });
      const old = await new OldStore(admin, tableName, layout).build(oldRecords(RECORDS));
      const expected = await old.expected();
      const migrate = () => new IoredisState(client, { tableName }).ensureSchema();
      await migrate();
      await old.reset();
      const sent = await proxy.measure(migrate);
      for (let n = 0; n < 10; n++) {
        await old.reset();
        const fault = proxy.cutRequestAfter(between(0, Math.floor(sent.requestBytes * 0.95)));
        const migrated = migrate();
        await fault.fired;
        await fragile.kill();
        await fragile.restart();
        await migrated;
        sound(await old.differences(expected));
      }
    });
  });
}

/** Three replicas migrate the store, each a little later than the one before. */
async function keepMigrating(old, count) {
  const migrations = [];
  for (let n = 0; n < count; n++) {
    const state = new IoredisState(server.client(), { tableName: old.prefix });
    migrations.push(state.ensureSchema());
    await db.ping();
  }
  await Promise.all(migrations);
}

/** Removes what a round has created beside the records that were built, and undoes its decisions. */
async function forget(old) {
  const { keys, prefix } = old;
  const made = (await db.keys(`${prefix}:req:*`)).filter((key) => !/:(n\d+|gone-\d|corrupt-\d)$/.test(key));
  for (const key of made) {
    const { id, token, externalIds } = JSON.parse(await db.get(key));
    const indexes = Object.values(externalIds ?? {}).map((externalId) => keys.externalId(externalId));
    await db.unlink(key, keys.token(token), keys.marker(id), ...indexes);
  }
  await old.restoreRecords();
}
