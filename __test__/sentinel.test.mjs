// A client that finds its server through sentinels: our connection asks them the same, and goes where
// the client's own goes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { withProxy } from "./support/proxy.mjs";
import { decision, request, unique } from "./support/records.mjs";
import { freePort, Redis5, Redis6 } from "./support/redis.mjs";
import { eventually, ours, withSentinels } from "./support/sentinel.mjs";

const LIBRARIES = Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 });
const UNREACHABLE = "All sentinels are unreachable and retry is disabled.";

const place = (port) => ({ host: "127.0.0.1", port });

/** A call is answered, and what it wrote lies where the client itself reads it. */
async function serves(state, client) {
  const made = request();
  await state.create(made);
  const key = `hitl:human_requests:request:${made.id}`;
  const found = await client.keys(`*${made.id}`);
  assert.ok(found.length > 0, `nothing of ${key}`);
  return made;
}

for (const [library, Library] of LIBRARIES) {
  describe(library, async () => {
    const group = await withSentinels({ replicas: 2, sentinels: 3 });
    const [first] = group.sentinels;
    const primary = group.servers[0];
    const clientOf = (options) => group.client(options, Library);
    /** A client that does not connect unless it is told to, so that only we ask the sentinels. */
    const waiting = (options) => clientOf({ lazyConnect: true, ...options });

    test("a write lands on the primary that the sentinels name, and no connection stays on them", async () => {
      const client = clientOf({});
      await serves(new IoredisState(client), client);
      assert.equal((await ours(group, primary)).length, 1);
      for (const sentinel of group.sentinels) {
        await eventually("no visitors", async () => (await group.visitors(sentinel)).length === 0);
      }
      client.disconnect();
      await eventually("no connection of ours", async () => (await ours(group, primary)).length === 0);
    });

    test("sentinels: one that is not there is passed over, and what is no sentinel too", async () => {
      const sentinels = [place(await freePort()), place(primary.port), place(first.port)];
      const client = waiting({ sentinels, sentinelRetryStrategy: null });
      await serves(new IoredisState(client), client);
    });

    test("name: a name that no sentinel knows reaches nobody, whatever else they watch", async () => {
      const client = waiting({ name: "unknown", sentinelRetryStrategy: null });
      const error = await refuses(
        new IoredisState(client).get("a"),
        "SENTINELS_UNREACHABLE",
        new RegExp(`^${UNREACHABLE}`),
      );
      assert.match(error.cause.message, /names no working master of "unknown"$/);
    });

    test("role slave: reads come from a replica, and writes are refused as it refuses them", async () => {
      const writer = clientOf({});
      const made = await serves(new IoredisState(writer), writer);
      const client = clientOf({ role: "slave" });
      const state = new IoredisState(client);
      await eventually("the replica has it", () => state.get(made.id));
      const homes = await Promise.all(group.servers.map((server) => ours(group, server)));
      assert.equal(homes.slice(1).flat().length, 1, "not on a replica");
      await refuses(state.create(request()), "READONLY", /^READONLY /);
      await assert.rejects(client.set("a", "b"), /^ReplyError: READONLY /);
      client.disconnect();
      writer.disconnect();
    });

    for (const [form, wish] of [
      [
        "a list",
        (port) => [
          { ip: "127.0.0.1", port: "1", prio: 1 },
          { ip: "127.0.0.1", port: `${port}`, prio: 2 },
        ],
      ],
      ["one", (port) => ({ ip: "127.0.0.1", port: `${port}` })],
    ]) {
      test(`preferredSlaves (${form}): that replica each time`, async () => {
        const writer = clientOf({});
        await serves(new IoredisState(writer), writer);
        writer.disconnect();
        // By chance the same one of two is taken four times in a row, and its sister four times: 1 in 128.
        for (const server of [...group.servers.slice(1), ...group.servers.slice(1)]) {
          for (let round = 0; round < 2; round++) {
            const client = waiting({ role: "slave", preferredSlaves: wish(server.port) });
            await new IoredisState(client).get("a");
            assert.equal((await ours(group, server)).length, 1);
            client.disconnect();
            await eventually("gone", async () => (await ours(group, server)).length === 0);
          }
        }
      });
    }

    test("natMap: the server is taken to be where the map says", async () => {
      const proxy = await withProxy(primary);
      const natMap = { [`127.0.0.1:${primary.port}`]: place(proxy.port) };
      const client = waiting({ natMap });
      await serves(new IoredisState(client), client);
      assert.equal(proxy.store.length, 1);
      client.disconnect();
    });

    test("sentinelRetryStrategy: not a number gives up with ioredis's text and the cause", async () => {
      const sentinels = [place(await freePort())];
      for (const sentinelRetryStrategy of [null, () => null, () => "10"]) {
        const client = waiting({ sentinels, sentinelRetryStrategy });
        const theirs = await client.get("a").catch((error) => error);
        assert.ok(theirs.message.startsWith(UNREACHABLE), theirs.message);
        const other = waiting({ sentinels, sentinelRetryStrategy });
        const error = await refuses(new IoredisState(other).get("a"), "SENTINELS_UNREACHABLE");
        const cause = `connect ECONNREFUSED 127.0.0.1:${sentinels[0].port}`;
        assert.equal(error.message, `${UNREACHABLE} Last error: ${cause}`);
        assert.equal(error.cause.code, "ECONNREFUSED");
        assert.notEqual(error.ambiguous, true);
      }
    });

    test("sentinelRetryStrategy: is called with the number of the round, which is no retry of the connection", async () => {
      const rounds = [];
      const sentinels = [place(await freePort())];
      const client = waiting({
        sentinels,
        maxRetriesPerRequest: 0,
        retryStrategy: () => assert.fail("no connection has failed"),
        sentinelRetryStrategy: (round) => {
          rounds.push(round);
          return round < 5 ? 1 : null;
        },
      });
      await refuses(new IoredisState(client).get("a"), "SENTINELS_UNREACHABLE");
      assert.deepEqual(rounds, [1, 2, 3, 4, 5]);
    });
  });
}
