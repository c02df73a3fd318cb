// Healing: `verify` finds what is wrong with a store, and mends what has one right answer, while the store is in use.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import RedisMock from "ioredis-mock";
import { IoredisState } from "../index.js";
import { publishedUser } from "./support/acl.mjs";
import { refuses, sound } from "./support/assertions.mjs";
import { DAMAGES, DOUBTS, furnish } from "./support/damage.mjs";
import { violations } from "./support/invariants.mjs";
import { JavascriptVersion } from "./support/javascript-version.mjs";
import { seeded } from "./support/random.mjs";
import { decision, entry, request } from "./support/records.mjs";
import { startRedis } from "./support/redis.mjs";
import { keysOf, snapshot, withStores } from "./support/store.mjs";
import { each, numbered } from "./support/writes.mjs";

const { server, db, store } = await withStores();

const counts = ({ findings }) => Object.fromEntries(findings.map(({ kind, found }) => [kind, found]));

/** A store with one of everything, and what it holds. */
async function furnished(options) {
  const it = store(options);
  await furnish(it.state);
  return { ...it, before: await snapshot(db, it.keys.prefix) };
}

test("a sound store: nothing is found, and what was looked at is counted", async () => {
  const { state, keys, before } = await furnished();
  assert.deepEqual(await state.verify({ repair: true }), {
    // All three requests in all, status, namespace and its status; two batch items, three entries, and the pointers.
    seen: { requests: 3, batches: 1, timelineEntries: 3, deliveries: 1, indexEntries: 12 + 2 + 3 + 3 + 4 + 2 },
    found: 0,
    repaired: 0,
    findings: [],
    unrepaired: [],
    more: 0,
  });
  assert.deepEqual(await snapshot(db, keys.prefix), before);
});

test("an empty store is sound", async () => {
  const { state } = store();
  assert.equal((await state.verify()).found, 0);
});

describe("damage with one right answer is found, then mended to what the records say, then not found again", () => {
  for (const { name, damage, findings, atLeast } of DAMAGES) {
    test(name, async () => {
      const { state, keys, before } = await furnished();
      await damage(db, keys);
      const damaged = await snapshot(db, keys.prefix);
      const looked = await state.verify();
      assert.deepEqual(Object.keys(counts(looked)), Object.keys(findings));
      if (!atLeast) assert.deepEqual(counts(looked), findings);
      assert.equal(looked.repaired, 0);
      assert.equal(looked.unrepaired.length, looked.found);
      assert.deepEqual(await snapshot(db, keys.prefix), damaged, "looking changes nothing");

      const mended = await state.verify({ repair: true });
      assert.deepEqual(Object.keys(counts(mended)), Object.keys(findings));
      if (!atLeast) assert.deepEqual(counts(mended), findings);
      assert.equal(mended.repaired, mended.found);
      assert.deepEqual(mended.unrepaired, []);
      assert.deepEqual(await snapshot(db, keys.prefix), before);
      sound(await violations(db, keys.prefix));
      assert.equal((await state.verify()).found, 0);
    });
  }
});

describe("what only a person can decide is listed, and stays as it is", () => {
  for (const { name, prepare, damage, listed, found = 1 } of DOUBTS) {
    test(name, async () => {
      const { state, keys } = await furnished();
      await prepare?.(state, db, keys);
      await damage(db, keys);
      // What follows from the damage and can be mended.
      await state.verify({ repair: true });
      const before = await snapshot(db, keys.prefix);
      for (const repair of [false, true]) {
        const report = await state.verify({ repair });
        assert.ok(report.unrepaired.some((item) => JSON.stringify(item) === JSON.stringify(listed(keys))));
        assert.equal(report.found, found, JSON.stringify(report));
        assert.equal(report.repaired, 0);
        assert.deepEqual(await snapshot(db, keys.prefix), before);
      }
    });
  }
});

test("all damages at once", async () => {
  const { state, keys } = await furnished();
  for (const { damage } of DAMAGES) await damage(db, keys);
  const report = await state.verify({ repair: true });
  assert.equal(report.repaired, report.found, JSON.stringify(report));
  assert.equal((await state.verify({ repair: true })).found, 0);
  sound(await violations(db, keys.prefix));
});

test("indexes damaged at random are those that the records imply again", async () => {
  const { seed, below, pick } = seeded();
  const { state, keys } = store();
  const ids = Array.from({ length: 40 }, (_, n) => numbered(n));
  await each(ids, async (id, n) => {
    await state.create(request({ id, namespace: n % 2 ? "team" : "global", batchId: `b${n % 5}`, batchIndex: n }));
    await state.setExternalId(id, `x-${id}`);
    await state.appendTimeline(entry({ id: `e-${id}`, threadId: `t${n % 6}` }));
    if (n % 3) await state.resolve(id, decision(id));
  });
  const decided = ids.filter((_, n) => n % 3);
  const inboxes = ["team", "global", "none"].flatMap((name) => [
    keys.namespace(name),
    keys.namespaceStatus(name, "pending"),
    keys.namespaceStatus(name, "resolved"),
  ]);
  const sets = [keys.all, keys.status("pending"), keys.status("resolved"), ...inboxes];
  for (let n = 0; n < 6; n++) sets.push(keys.batchItems(`b${n}`), keys.thread(`t${n}`));
  for (let round = 0; round < 20; round++) {
    for (let n = 0; n < 30; n++) {
      const key = pick(sets);
      // What the index of resolved requests says counts as true: only what is resolved goes in.
      const id = pick([...(key === keys.status("resolved") ? decided : ids), "nobody", `e-${pick(ids)}`]);
      const names = [keys.token(`token-of-${id}`), keys.externalId(`x-${id}`)];
      const harm = [
        () => db.zadd(key, below(2) ? 0 : below(1e6), id),
        () => db.zrem(key, id),
        () => db.zrem(key, id),
        () => (below(10) ? db.zrem(key, id) : db.del(key)),
        () => db.del(...names),
        () => db.set(pick(names), pick([...ids, "nobody"])),
      ];
      await pick(harm)();
    }
    const report = await state.verify({ repair: true });
    assert.equal(report.repaired, report.found, `seed ${seed}, round ${round}: ${JSON.stringify(report)}`);
    assert.equal((await state.verify()).found, 0, `seed ${seed}, round ${round}`);
    assert.deepEqual(await violations(db, keys.prefix), [], `seed ${seed}, round ${round}`);
  }
});

describe("under a keyPrefix", () => {
  const K = "tenant[*]:";

  test("what JavaScript's resolve leaves with and without the prefix is tidied up", async () => {
    const { state, keys, tableName, before } = await furnished({ client: server.client({ keyPrefix: K }) });
    const bare = keysOf(tableName);
    const score = await db.zscore(keys.all, "r");
    await db.zrem(keys.namespaceStatus("team", "resolved"), "r");
    await db.zadd(keys.namespaceStatus("team", "pending"), score, "r");
    await db.zadd(bare.namespaceStatus("team", "resolved"), score, "r");
    const report = await state.verify({ repair: true });
    assert.deepEqual(counts(report), { "missing-entry": 1, "phantom-pending": 1, "unprefixed-entry": 1 });
    assert.equal(report.repaired, 3);
    assert.deepEqual(await snapshot(db, K + tableName), before);
    assert.equal(await db.exists(bare.namespaceStatus("team", "resolved")), 0);
  });

  test("a store of the same name without the prefix, and leftovers of other tenants, are left alone", async () => {
    const { state, tableName } = await furnished({ client: server.client({ keyPrefix: "tenant-a:" }) });
    const { state: bare, keys } = store({ tableName });
    await furnish(bare);
    await db.zadd(keys.namespaceStatus("team", "resolved"), 1, "of another tenant");
    const before = await snapshot(db, tableName);
    assert.equal((await state.verify({ repair: true })).found, 0);
    assert.deepEqual(await snapshot(db, tableName), before);
  });
});

test("another store whose name begins with ours is none of our business", async () => {
  const { state, tableName } = await furnished();
  const { state: other, keys } = store({ tableName: `${tableName}.more` });
  await furnish(other);
  await db.zadd(keys.all, 1, "nobody");
  const report = await state.verify({ repair: true });
  assert.equal(report.found, 0, JSON.stringify(report));
  assert.equal((await other.verify()).found, 1);
});

test("beside writers of both versions nothing that lives is damaged, and afterwards nothing is wrong", async () => {
  const { seed, below } = seeded();
  const { state, tableName, keys } = await furnished();
  const javascript = new JavascriptVersion(server.client(), keys.prefix);
  const other = new IoredisState(server.client(), { tableName });
  const verifier = new IoredisState(server.client(), { tableName });
  let isOver = false;
  const runs = (async () => {
    let count = 0;
    while (!isOver) {
      await verifier.verify({ repair: true });
      count += 1;
    }
    return count;
  })();
  const ids = Array.from({ length: 1500 }, (_, n) => numbered(n));
  await each(ids, async (id, n) => {
    const writer = () => (below(2) ? javascript : below(2) ? state : other);
    await writer().create(request({ id, namespace: n % 3 ? "team" : "global", batchId: `b${n % 9}`, batchIndex: n }));
    await state.setExternalId(id, `x-${id}`);
    await writer().appendTimeline({ id: `t-${id}`, threadId: `h${n % 50}`, message: "m", createdAt: "2026-01-02" });
    if (n % 4) await writer().resolve(id, decision(id));
  });
  isOver = true;
  assert.ok((await runs) > 0);
  const requests = await Promise.all(ids.map((id) => state.get(id)));
  for (const [n, record] of requests.entries()) {
    assert.equal(record.status, n % 4 ? "resolved" : "pending", `seed ${seed}`);
    assert.equal(record.externalId, `x-${record.id}`, `seed ${seed}`);
  }
  sound(await violations(db, keys.prefix));
});

test("cut off anywhere it leaves a store that the next run completes", async () => {
  const { state, keys, tableName } = store();
  const ids = Array.from({ length: 1200 }, (_, n) => numbered(n));
  await each(ids, (id) => state.create(request({ id, namespace: "team" })));
  await db.del(keys.status("pending"), keys.namespace("team"));
  let cuts = 0;
  for (let cut = 1; ; cut++) {
    const client = server.client();
    const cutOff = new IoredisState(client, { tableName });
    let steps = 0;
    const run = cutOff.verify({
      repair: true,
      onProgress: () => {
        steps += 1;
        if (steps === 1) client.disconnect();
      },
    });
    const ended = await run.then(
      () => true,
      () => false,
    );
    cuts += ended ? 0 : 1;
    if (ended || cut === 5) break;
  }
  assert.ok(cuts > 0, "no run was cut off");
  assert.ok((await state.verify({ repair: true })).repaired >= 0);
  assert.equal((await state.verify()).found, 0);
  sound(await violations(db, keys.prefix));
});

test("progress is told: what was looked at so far never shrinks, and the last one is the result", async () => {
  const { state, keys } = await furnished();
  await db.zadd(keys.all, 1, "nobody");
  const told = [];
  const { seen, found, repaired } = await state.verify({ repair: true, onProgress: (progress) => told.push(progress) });
  assert.deepEqual(told.at(-1), { phase: "store", seen, found, repaired });
  for (const [n, { seen: now }] of told.entries()) {
    for (const [what, count] of Object.entries(now)) assert.ok(count >= (told[n - 1]?.seen[what] ?? 0));
  }
});

for (const [name, onProgress] of [
  [
    "throws",
    () => {
      throw new Error("canary");
    },
  ],
  ["rejects", () => Promise.reject(new Error("canary"))],
]) {
  test(`an onProgress that ${name} stops nothing, and is warned of once`, async (context) => {
    const warned = context.mock.method(process, "emitWarning", () => {});
    const { state, keys } = await furnished();
    await db.zadd(keys.all, 1, "nobody");
    assert.equal((await state.verify({ repair: true, onProgress })).repaired, 1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(warned.mock.callCount(), 1);
    assert.doesNotMatch(String(warned.mock.calls[0].arguments[0]), /canary/);
  });
}

test("no report holds a resume token or what users wrote, and its list is bounded", async () => {
  const { state, keys } = await furnished();
  const ids = Array.from({ length: 1500 }, (_, n) => numbered(n));
  await each(ids, (id) => db.set(keys.token(`secret-${id}`), "nobody"));
  await db.set(keys.request("q"), '{"id":"q","message":"canary"');
  const report = await state.verify();
  assert.equal(report.found, 1501);
  assert.equal(report.unrepaired.length, 1000);
  assert.equal(report.more, 501);
  assert.doesNotMatch(JSON.stringify(report), /secret|canary/);
});

test("a refusal of the server rejects in its own words", async (context) => {
  const { state, keys } = await furnished();
  await db.zrem(keys.all, "p");
  await db.config("SET", "maxmemory", 1);
  context.after(() => db.config("SET", "maxmemory", 0));
  await refuses(state.verify({ repair: true }), "OOM");
  assert.equal((await state.verify()).found, 1, "looking needs no memory");
  await db.config("SET", "maxmemory", 0);
  assert.equal((await state.verify({ repair: true })).repaired, 1);
  await DAMAGES.find(({ name }) => name.startsWith("B1:")).damage(db, keys);
  await db.config("SET", "maxmemory", 1);
  await refuses(state.verify({ repair: true }), "OOM");
});

test("verify and purge need no more than the published permissions, nor a look at keys outside of the prefix", async () => {
  const user = { username: "approver", password: "password" };
  await db.acl("SETUSER", ...publishedUser({ ...user, keys: "~acl:hitl:human_requests:*" }));
  const client = server.client({ ...user, keyPrefix: "acl:" });
  const { state, keys } = await furnished({ client, tableName: null });
  await db.zadd(keys.all, 1, "nobody");
  const bare = keysOf("hitl:human_requests").namespaceStatus("team", "resolved");
  await db.zadd(bare, 1, "r");
  assert.equal((await state.verify({ repair: true })).repaired, 1);
  assert.equal(await db.exists(bare), 1, "out of reach");
  assert.equal((await state.purge({ resolvedBefore: new Date(Date.now() + 1000) })).requests, 1);
  await db.del(bare);
});

test("a server that is killed in the middle of a repair has a store that the next run completes", async () => {
  const mortal = await startRedis({ persistence: "always" });
  try {
    const client = mortal.client({ maxRetriesPerRequest: 0, retryStrategy: () => 5 });
    const state = new IoredisState(client);
    const admin = mortal.client({ retryStrategy: () => 5 });
    const keys = keysOf("hitl:human_requests");
    const ids = Array.from({ length: 600 }, (_, n) => numbered(n));
    await each(ids, (id) => state.create(request({ id, namespace: "team" })));
    await admin.del(keys.status("pending"), keys.all);
    for (let round = 0; round < 3; round++) {
      const run = state.verify({ repair: true }).catch((error) => error);
      await new Promise((resolve) => setTimeout(resolve, 5 + 10 * round));
      await mortal.kill();
      await run;
      await mortal.restart();
    }
    await new IoredisState(admin).verify({ repair: true });
    assert.equal((await new IoredisState(admin).verify()).found, 0);
    sound(await violations(admin, keys.prefix));
  } finally {
    await mortal.stop();
  }
});

for (const [name, options, message] of [
  ["null", null, /options/],
  ["repair that is no boolean", { repair: "yes" }, /repair/],
  ["onProgress that is no function", { onProgress: {} }, /onProgress/],
]) {
  test(`${name}: refused with a TypeError`, async () => {
    const error = await refuses(store().state.verify(options), "INVALID_ARGUMENT", message);
    assert.ok(error instanceof TypeError);
  });
}

test("on ioredis-mock it finds and mends the same", { timeout: 120_000 }, async () => {
  for (const [n, { name, damage, findings, atLeast }] of DAMAGES.entries()) {
    const redis = new RedisMock({ port: 22_000 + n });
    const state = new IoredisState(redis);
    await furnish(state);
    const before = await snapshot(redis);
    await damage(redis, keysOf("hitl:human_requests"));
    const report = await state.verify({ repair: true });
    assert.deepEqual(Object.keys(counts(report)), Object.keys(findings), name);
    if (!atLeast) assert.deepEqual(counts(report), findings, name);
    assert.deepEqual(await snapshot(redis), before, name);
  }
});
