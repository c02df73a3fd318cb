// A client that finds its server through sentinels: our connection asks them the same, and goes where
// the client's own goes.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { inspect } from "node:util";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { withProxy } from "./support/proxy.mjs";
import { request } from "./support/records.mjs";
import { freePort, Redis5, Redis6 } from "./support/redis.mjs";
import { eventually, ours, withSentinels } from "./support/sentinel.mjs";

const LIBRARIES = Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 });
const UNREACHABLE = "All sentinels are unreachable and retry is disabled.";

const place = (port) => ({ host: "127.0.0.1", port });

/** A place where no server may listen but one of the system's. */
const nobody = place(1);

const clients = new Set();

/** A client of this group, until the end of the test. */
function open(group, options, Library) {
  const client = group.client(options, Library);
  clients.add(client);
  return client;
}

afterEach(async () => {
  for (const client of clients) client.disconnect();
  clients.clear();
  for (const group of groups) {
    for (const server of group.servers) {
      await eventually("our connections end with the clients", async () => (await ours(group, server)).length === 0);
    }
  }
});

/** A call is answered, and what it wrote lies where the client itself reads it. */
async function serves(state, client) {
  const made = request();
  await state.create(made);
  const found = await client.keys(`*:${made.id}`);
  assert.equal(found.length, 1, "not where the client reads");
  return made;
}

// All of them before the first test: a file that has no test at the moment is over for Node.
const group = await withSentinels({ replicas: 2, sentinels: 3 });

const CANARY = "canary-password";
const RIGHTS = "+auth +hello +ping +client|setname +sentinel|get-master-addr-by-name +sentinel|sentinels";

const guarded = await withSentinels({
  sentinels: 1,
  password: "of-the-data",
  sentinelPassword: "of-the-sentinels",
  sentinelConfig: () => [`user watcher on >watching -@all ${RIGHTS}`],
});

const inconstant = await withSentinels({ sentinels: 2 });

const groups = [group, guarded, inconstant];

for (const [library, Library] of LIBRARIES) {
  describe(library, () => {
    const [first] = group.sentinels;
    const primary = group.servers[0];
    const clientOf = (options) => open(group, options, Library);
    /** A client that does not connect unless it is told to, so that only we ask the sentinels. */
    const waiting = (options) => clientOf({ lazyConnect: true, ...options });

    test("a write lands on the primary that the sentinels name, and no connection stays on them", async () => {
      const client = clientOf({});
      await serves(new IoredisState(client), client);
      assert.equal((await ours(group, primary)).length, 1);
      for (const sentinel of group.sentinels) {
        await eventually("no visitors", async () => (await group.visitors(sentinel)).length === 0);
      }
    });

    test("sentinels: one that is not there is passed over, and what is no sentinel too", async () => {
      const sentinels = [nobody, place(primary.port), place(first.port)];
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

    for (const [how, more] of [
      ["natively", {}],
      ["preferredSlaves as a function", { preferredSlaves: (replicas) => replicas[0] }],
    ])
      test(`role slave, ${how}: reads come from a replica, and writes are refused as it refuses them`, async () => {
        const writer = clientOf({});
        const made = await serves(new IoredisState(writer), writer);
        const client = clientOf({ role: "slave", ...more });
        const state = new IoredisState(client);
        await eventually("the replica has it", () => state.get(made.id));
        const homes = await Promise.all(group.servers.map((server) => ours(group, server)));
        assert.equal(homes.slice(1).flat().length, 1, "not on a replica");
        await refuses(state.create(request()), "READONLY", /^READONLY /);
        await assert.rejects(client.set("a", "b"), /^ReplyError: READONLY /);
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
    });

    test("sentinelRetryStrategy: not a number gives up with ioredis's text and the cause", async () => {
      const sentinels = [nobody];
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
      const sentinels = [nobody];
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

    test("family: of the sentinel, else of the client, decides between the addresses of a name", async () => {
      const { port } = first;
      for (const [own, common, isServed] of [
        [4, 0, true],
        [4, 6, true],
        [undefined, 4, true],
        [6, 0, false],
        [undefined, 6, false],
      ]) {
        const sentinels = [{ host: "localhost", port, family: own }];
        const client = waiting({ sentinels, family: common, sentinelRetryStrategy: null });
        const call = new IoredisState(client).get("a");
        if (isServed) assert.equal(await call, null);
        else await refuses(call, "SENTINELS_UNREACHABLE", /::1|ENOTFOUND/);
        client.disconnect();
      }
    });

    test("sentinelPassword: one that the sentinels do not want is tolerated", async () => {
      const client = waiting({ sentinelPassword: "needless" });
      await serves(new IoredisState(client), client);
    });

    test("tls: without enableTLSForSentinelMode it is not about the server", async () => {
      const client = waiting({ tls: {} });
      await serves(new IoredisState(client), client);
    });

    for (const [option, cause] of [
      ["sentinelCommandTimeout", ["COMMAND_TIMEOUT", "Command timed out"]],
      ["connectTimeout", ["ETIMEDOUT", "connect ETIMEDOUT"]],
    ]) {
      test(`${option}: a sentinel that keeps silent so long is passed over`, async () => {
        const [silent, other] = group.sentinels;
        silent.signal("SIGSTOP");
        try {
          const client = waiting({
            [option]: 200,
            sentinels: [place(silent.port), place(other.port)],
            commandTimeout: 5000,
          });
          assert.equal(await new IoredisState(client).get("a"), null);
          const alone = waiting({ [option]: 200, sentinels: [place(silent.port)], sentinelRetryStrategy: null });
          const error = await refuses(new IoredisState(alone).get("a"), "SENTINELS_UNREACHABLE");
          assert.deepEqual([error.cause.code, error.cause.message], cause);
        } finally {
          silent.signal("SIGCONT");
        }
      });
    }

    describe("all sentinels are down", () => {
      const down = (options) => waiting({ sentinels: [nobody], ...options });

      test("calls wait for them whatever maxRetriesPerRequest says, as with ioredis, and go on when one is up", async () => {
        const port = await freePort();
        let rounds = 0;
        const client = waiting({
          sentinels: [place(port)],
          maxRetriesPerRequest: 0,
          sentinelRetryStrategy: () => {
            rounds += 1;
            return 5;
          },
        });
        const calls = [client.ping(), new IoredisState(client).get("a")];
        await eventually("rounds of both", () => rounds > 20);
        const back = await withProxy(first, port);
        assert.deepEqual(await Promise.all(calls), ["PONG", null]);
        assert.ok(back.history.length > 0);
      });

      test("commandTimeout ends the wait: nothing was sent", async () => {
        const state = new IoredisState(down({ commandTimeout: 100 }));
        const error = await refuses(state.create(request()), "COMMAND_TIMEOUT", "Command timed out");
        assert.notEqual(error.ambiguous, true);
      });

      test("enableOfflineQueue: false rejects after the first round", async () => {
        const state = new IoredisState(down({ enableOfflineQueue: false }));
        await refuses(state.get("a"), "OFFLINE");
      });

      for (const [state, lazyConnect] of [
        ["has not begun to connect", true],
        ["asks the sentinels itself", false],
      ]) {
        test(`disconnect() of a client that ${state} settles all calls`, async () => {
          let rounds = 0;
          const sentinelRetryStrategy = () => {
            rounds += 1;
            return 5;
          };
          const client = down({ lazyConnect, sentinelRetryStrategy });
          const state = new IoredisState(client);
          const calls = [state.get("a"), state.create(request())];
          await eventually("sentinels are asked", () => rounds > 5);
          client.disconnect();
          for (const call of calls) await refuses(call, "CONNECTION_CLOSED", "Connection is closed.");
        });
      }

      test("quit() ends as it does with a queued command of the client", async () => {
        const client = down({ sentinelRetryStrategy: (round) => (round < 20 ? 5 : null) });
        const state = new IoredisState(client);
        const call = state.get("a");
        const quit = client.quit().catch(() => {});
        await refuses(call, /^(SENTINELS_UNREACHABLE|CONNECTION_CLOSED)$/);
        await quit;
        assert.equal(client.status, "end");
      });
    });
  });
}

for (const [library, Library] of LIBRARIES) {
  describe(`${library}, sentinels with passwords`, () => {
    const waiting = (options) => open(guarded, { lazyConnect: true, sentinelRetryStrategy: null, ...options }, Library);

    test("sentinelPassword and password: each where it belongs", async () => {
      const client = waiting();
      await serves(new IoredisState(client), client);
    });

    test("sentinelUsername: an ACL user of the sentinels who may do no more than needed", async () => {
      const client = waiting({ sentinelUsername: "watcher", sentinelPassword: "watching" });
      await serves(new IoredisState(client), client);
      const nobody = waiting({ sentinelUsername: "nobody", sentinelPassword: "watching" });
      await refuses(new IoredisState(nobody).get("a"), "SENTINELS_UNREACHABLE", /WRONGPASS/);
    });

    test("the password of the data is not for the sentinels", async () => {
      const client = waiting({ sentinelPassword: undefined, password: "of-the-sentinels" });
      await refuses(new IoredisState(client).get("a"), "SENTINELS_UNREACHABLE", /Last error: NOAUTH /);
    });

    test("a wrong password is the cause, without the password; the right one then works on the same client", async () => {
      const client = waiting({ sentinelPassword: CANARY });
      const state = new IoredisState(client);
      const error = await refuses(state.get("a"), "SENTINELS_UNREACHABLE", /Last error: WRONGPASS /);
      assert.equal(error.cause.code, "WRONGPASS");
      assert.doesNotMatch(inspect(error, { depth: 9 }), new RegExp(CANARY));
      client.options.sentinelPassword = "of-the-sentinels";
      assert.equal(await state.get("a"), null);
    });

    test("a wrong password of the data is the server's refusal", async () => {
      const client = waiting({ password: CANARY });
      await refuses(new IoredisState(client).get("a"), "WRONGPASS", /^WRONGPASS /);
    });
  });

  describe(`${library}, sentinels that come and go`, () => {
    const [first, second] = inconstant.sentinels;
    const [primary] = inconstant.servers;

    for (const updateSentinels of [true, false]) {
      test(`updateSentinels: ${updateSentinels}: the others are remembered or not, at the place of natMap`, async () => {
        const proxy = await withProxy(second);
        const client = open(
          inconstant,
          {
            sentinels: [place(first.port)],
            natMap: { [`127.0.0.1:${second.port}`]: place(proxy.port) },
            updateSentinels,
            sentinelRetryStrategy: null,
            lazyConnect: true,
          },
          Library,
        );
        const state = new IoredisState(client);
        await state.get("a");
        await first.kill();
        try {
          for (const line of await ours(inconstant, primary)) {
            await inconstant.admin(primary).client("KILL", "ID", /id=(\d+)/.exec(line)[1]);
          }
          const call = state.get("a");
          if (updateSentinels) {
            assert.equal(await call, null);
            assert.ok(proxy.history.length > 0);
          } else {
            await refuses(call, "SENTINELS_UNREACHABLE", /ECONNREFUSED/);
          }
        } finally {
          client.disconnect();
          await first.restart();
          await inconstant.settled();
        }
      });
    }
  });
}
