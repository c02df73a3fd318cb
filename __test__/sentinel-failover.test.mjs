// The primary changes while calls are under way: they go on with the new one, and nothing that was
// acknowledged is missing but what Redis itself has lost.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { request, unique } from "./support/records.mjs";
import { Redis5, Redis6 } from "./support/redis.mjs";
import { eventually, ours, withSentinels } from "./support/sentinel.mjs";

/** Writes one record after the other, several at a time, until it is told to stop. */
function load(state, lanes = 8) {
  const acknowledged = [];
  let goesOn = true;
  const run = async () => {
    while (goesOn) {
      const { id } = request({ id: unique("loaded") });
      await state.create(request({ id }));
      acknowledged.push(id);
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, run));
  // Whoever stops it hears of a call that was refused.
  running.catch(() => {});
  return {
    acknowledged,
    /** Waits until this many more have been acknowledged. */
    async more(count) {
      const enough = acknowledged.length + count;
      await Promise.race([running, eventually("more writes", () => acknowledged.length >= enough)]);
    },
    async stop() {
      goesOn = false;
      await running;
      return acknowledged;
    },
  };
}

/** What is missing of what was acknowledged is one piece: what the old primary did not pass on. */
async function oneGapAtMost(state, acknowledged) {
  const found = await Promise.all(acknowledged.map((id) => state.get(id)));
  const edges = found.filter((record, at) => at > 0 && (record === null) !== (found[at - 1] === null));
  assert.ok(found[0] !== null && found.at(-1) !== null && edges.length <= 2, "a write is missing that was passed on");
}

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  describe(library, () => {
    for (const [cause, change] of [
      [
        "SENTINEL FAILOVER",
        async (group) => {
          const [before] = group.servers;
          await group.failover();
          // Until then both take writes, and Redis loses those of the old one.
          await group.demoted(before);
        },
      ],
      ["the primary's death", (group) => group.killPrimary()],
    ]) {
      test(`${cause} under load: calls go on at the new primary, none is refused`, async () => {
        const group = await withSentinels({ replicas: 1, sentinels: 3 });
        const client = group.client({ maxRetriesPerRequest: null, retryStrategy: () => 20 }, Library);
        const state = new IoredisState(client);
        const writes = load(state);
        await writes.more(200);
        await change(group);
        await writes.more(200);
        const primary = await group.primary();
        const acknowledged = await writes.stop();
        assert.equal((await ours(group, primary)).length, 1, "not at the new primary");
        await oneGapAtMost(state, acknowledged);
        // The caller's own client finds what was written last.
        const last = acknowledged.at(-1);
        assert.equal((await client.keys(`*:${last}`)).length, 1);
      });
    }

    test("failoverDetector: a primary that does not know that it was replaced is left", async () => {
      const group = await withSentinels({ replicas: 1, sentinels: 3 });
      const [first, second] = group.servers;
      // Nobody can tell it.
      await group.admin(first).acl("SETUSER", "default", "-slaveof", "-replicaof");
      const options = { failoverDetector: true, sentinelMaxConnections: 2, sentinelReconnectStrategy: () => 20 };
      const state = new IoredisState(group.client({ lazyConnect: true, ...options }, Library));
      await state.create(request());
      const listeners = async () => {
        const ids = group.sentinels.map(async (sentinel) => {
          const lines = (await group.visitors(sentinel)).filter((line) => / sub=1 /.test(line));
          return lines.map((line) => [sentinel, /id=(\d+)/.exec(line)[1]]);
        });
        return (await Promise.all(ids)).flat();
      };
      await eventually("two sentinels are listened to", async () => (await listeners()).length === 2);
      for (const [sentinel, id] of await listeners()) await group.admin(sentinel).client("KILL", "ID", id);
      await eventually("they are listened to again", async () => (await listeners()).length === 2);
      const stays = new IoredisState(group.client({ lazyConnect: true, connectionName: "stays" }, Library));
      await stays.create(request());
      await group.failover();
      const isLeft = async () => (await ours(group, first)).every((line) => line.includes("name=stays:hitl "));
      await eventually("the old primary is left", isLeft);
      const made = request();
      await state.create(made);
      assert.equal((await ours(group, second)).length, 1);
      assert.equal((await group.admin(second).keys(`*:${made.id}`)).length, 1);
      assert.equal((await group.admin(first).role())[0], "master");
      assert.equal((await ours(group, first)).length, 1, "without a detector nobody could know");
      await eventually("those two are still listened to", async () => (await listeners()).length === 2);
    });

    test("a primary that comes back as a replica is left alone, and one that was demoted is left", async () => {
      const group = await withSentinels({ replicas: 1, sentinels: 1 });
      const client = group.client({ maxRetriesPerRequest: null, retryStrategy: () => 20 }, Library);
      const state = new IoredisState(client);
      await state.create(request());
      const [first, second] = group.servers;
      assert.equal(await group.killPrimary(), second);
      await state.create(request());
      await first.restart();
      await group.settled();
      await state.create(request());
      assert.equal((await ours(group, second)).length, 1);
      assert.equal((await ours(group, first)).length, 0);
      // Now the other way round.
      assert.equal(await group.failover(), first);
      await group.demoted(second);
      const made = request();
      await state.create(made);
      assert.equal((await ours(group, first)).length, 1);
      assert.equal((await client.keys(`*:${made.id}`)).length, 1);
    });
  });
}
