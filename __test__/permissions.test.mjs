// The permissions that docs/operations.md publishes: with them everything works, and there is none too many. Each of
// them is taken away once, and the server's ACL LOG then names what somebody wanted to do with it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IoredisState } from "../index.js";
import { publishedUser, RULES, rulesFor } from "./support/acl.mjs";
import { refuses, sound, verdict } from "./support/assertions.mjs";
import { startCluster } from "./support/cluster.mjs";
import { DAMAGES, furnish } from "./support/damage.mjs";
import { violations } from "./support/invariants.mjs";
import { keysOf } from "./support/layout.mjs";
import { OldStore, oldRecords } from "./support/old-store.mjs";
import { decision, request } from "./support/records.mjs";
import { Redis5, Redis6, serverBinary, withRedis } from "./support/redis.mjs";
import { startSentinels } from "./support/sentinel.mjs";
import { WRITES } from "./support/writes.mjs";

const LOGIN = { username: "hitl", password: "password" };
const PREFIX = "hitl:human_requests";
const DAY = 24 * 60 * 60 * 1000;

const rules = rulesFor(serverBinary());
const keys = keysOf(PREFIX);
const records = oldRecords(20);

const server = await withRedis();
/** The data are in database 1, for SELECT to be needed. */
const db = server.client({ db: 1 });

/** How many ids a purge reads at once. */
const PAGE = 32;

const READS = [
  (state) => state.get("p"),
  (state) => state.findByToken("token-of-p"),
  (state) => state.findByExternalId("x-p"),
  (state) => state.count(),
  (state) => state.list(),
  (state) => state.listByBatch("run"),
  (state) => state.timeline("talk"),
  (state) => state.getBatch("run"),
  (state) => state.getNotifyDelivery("d"),
];

/** Makes the published user on a server, less one rule. */
async function permit(admin, less, pattern = `~${PREFIX}:*`) {
  await admin.acl("DELUSER", LOGIN.username);
  const words = publishedUser({ ...LOGIN, keys: pattern }).filter((word) => !/^[+-]/.test(word));
  await admin.acl("SETUSER", ...words, ...rules.filter((rule) => rule !== less));
  await admin.acl("LOG", "RESET");
}

/** The commands that the user has been refused. */
async function refused(admin) {
  const entries = await admin.acl("LOG", 128);
  const fields = (entry) => Object.fromEntries(entry.map((name, at) => [name, entry[at + 1]]));
  return [...new Set(entries.map(fields).map(({ object }) => object.toLowerCase()))];
}

/** Has the caller's client and the state do all that they can, and returns the errors of the calls that were refused. */
async function everything(Library = Redis5) {
  const errors = [];
  const attempt = async (promise) => {
    const { error } = await verdict(promise);
    if (error) errors.push(error);
  };
  const withState = async (options, work) => {
    const client = server.client(
      { ...LOGIN, db: 1, maxRetriesPerRequest: 0, retryStrategy: () => null, ...options },
      Library,
    );
    const state = new IoredisState(client);
    await work(state);
    await state.close();
    client.disconnect();
  };

  for (const layout of [1, 2]) {
    await db.flushdb();
    await new OldStore(db, PREFIX, layout).build(records);
    await withState({}, (state) => attempt(state.ensureSchema()));
  }
  await db.flushdb();
  await db.script("FLUSH");
  // Whom the administrator prepares the way for: what the user cannot do does not keep others from their calls.
  const plain = new IoredisState(db);
  await plain.ensureSchema();
  await db.flushdb();
  await withState({ readOnly: true }, (state) => attempt(state.ensureSchema()));
  await plain.ensureSchema();
  await furnish(plain);
  await withState({}, async (state) => {
    for (const [n, write] of WRITES.entries()) {
      await write.prepare(plain, `w${n}`, db, keys);
      await attempt(write.call(state, `w${n}`));
    }
    await db.hset(keys.namespaceStatus("blocked", "pending"), "somebody", "else");
    await attempt(refuses(state.create(request({ namespace: "blocked" })), "WRONGTYPE"));
    await db.del(keys.namespaceStatus("blocked", "pending"));
    // Scripts that the server has forgotten, and a page behind an entry that is gone.
    await db.script("FLUSH");
    await attempt(state.create(request({ id: "last" })));
    const { nextCursor } = await plain.list({ status: "pending", limit: 1 });
    await plain.resolve((await plain.list({ status: "pending", limit: 1 })).items[0].id, decision("last"));
    await attempt(state.list({ status: "pending", limit: 1, cursor: nextCursor }));
    for (const read of READS) await attempt(read(state));
    for (const { damage } of DAMAGES) await damage(db, keys);
    await attempt(state.verify({ repair: true }));
    await plain.createNotifyDelivery({ id: "of-q", channel: "email", message: "Done", groupId: "q" });
    await verdict(plain.resolve("q", decision("q")));
    // A page of resolved ids that lead nowhere, for the purge to go on behind it.
    for (let n = 1; n <= PAGE + 1; n++) await db.zadd(keys.status("resolved"), n, `nobody-${n}`);
    await attempt(state.purge({ resolvedBefore: new Date(Date.now() + DAY) }));
    await db.zremrangebyscore(keys.status("resolved"), 1, PAGE + 1);
  });
  await plain.close();
  return errors;
}

for (const [version, Library] of [
  [5, Redis5],
  [6, Redis6],
]) {
  test(`with them, the state and a client of ioredis ${version} can do everything`, async () => {
    await permit(db);
    assert.deepEqual(await everything(Library), []);
    assert.deepEqual(await refused(db), []);
    sound(await violations(db, PREFIX));
  });
}

test("they are for the keys of the store alone", async () => {
  await permit(db);
  const state = new IoredisState(server.client({ ...LOGIN, db: 1 }), { tableName: "another" });
  await refuses(state.create(request()), "NOPERM");
  assert.deepEqual(await db.keys("another*"), []);
});

/** What a single server is not asked for. */
const ELSEWHERE = ["+role", "+cluster|slots", "+cluster|info"];

/** What ioredis does at its connections, and what only saves the server work: nobody's call fails without it. */
const COURTESIES = ["+ping", "+info", "+readonly", "+client|setname", "+client|setinfo", "+script|load"].concat(
  // Without DEL, what a refused `create` takes back ends with its millisecond.
  ["+setrange", "+bitop", "+del"],
);

for (const rule of rules.filter((name) => !ELSEWHERE.includes(name))) {
  const command = rule.slice(1);
  test(`without ${rule} ${COURTESIES.includes(rule) ? "a courtesy is missing" : "a call is refused"}`, async () => {
    await permit(db, rule);
    const errors = await everything();
    const named = await refused(db);
    // Redis 6.2 names the command without the second word.
    assert.ok(named.includes(command) || named.includes(command.split("|")[0]), `ACL LOG names ${named.join(", ")}`);
    assert.equal(errors.length > 0, !COURTESIES.includes(rule), errors[0]?.message);
    if (errors.length > 0) assert.match(String(errors[0].code), /^(NOPERM|ERR|DENIED)$/, errors[0].message);
  });
}

test("with them, and not without any of its own, the state works on a Cluster", async (t) => {
  const cluster = await startCluster({ primaries: 2 });
  t.after(() => cluster.stop());
  const admins = cluster.nodes.map(({ admin }) => admin);
  const keyPrefix = "{hitl}:";
  for (const less of [undefined, "+cluster|slots", "+cluster|info"]) {
    for (const admin of admins) await permit(admin, less, `~${keyPrefix}${PREFIX}:*`);
    const client = cluster.client({ keyPrefix, redisOptions: LOGIN, clusterRetryStrategy: () => null });
    const { error } = await verdict(client.ping());
    assert.equal(error !== undefined, less !== undefined, error?.message);
    if (error === undefined) await new IoredisState(client).create(request());
    client.disconnect();
    const named = (await Promise.all(admins.map(refused))).flat().map((name) => name.split("|")[0]);
    assert.deepEqual([...new Set(named)], less === undefined ? [] : ["cluster"], less);
  }
});

test("with them the state works behind Sentinel, where +role tells it that the server is a primary", async (t) => {
  const group = await startSentinels({ replicas: 0, sentinels: 1 });
  t.after(() => group.stop());
  const [primary] = group.servers;
  for (const less of [undefined, "+role"]) {
    await permit(group.admin(primary), less);
    const client = primary.adopt(
      new Redis5({ ...group.options(), ...LOGIN, maxRetriesPerRequest: 0, sentinelRetryStrategy: () => null }),
    );
    await new IoredisState(client).create(request());
    client.disconnect();
    assert.deepEqual(await refused(group.admin(primary)), less === undefined ? [] : ["role"]);
  }
});

test("every rule was tried, and the page names no command twice", () => {
  assert.equal(new Set(RULES).size, RULES.length);
  assert.deepEqual(
    RULES.filter((rule) => !/^\+[a-z]+(\|[a-z]+)?$/.test(rule)),
    [],
  );
});
