// Options of ioredis whose effect no other test shows: each of these fails if the option is ignored.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { LIBRARIES } from "./support/matrix.mjs";
import { withProxy } from "./support/proxy.mjs";
import { decision, request, unique } from "./support/records.mjs";
import { freePort, withRedis } from "./support/redis.mjs";
import { eventually, withSentinels } from "./support/sentinel.mjs";

const server = await withRedis();
const db = server.client();
const proxy = await withProxy(server);
const TABLE = { tableName: "options" };
const ONCE = { maxRetriesPerRequest: 0, retryStrategy: () => 1 };

/** Where Linux tells of its sockets. */
const SOCKETS = "/proc/net/tcp";
const noSockets = existsSync(SOCKETS) ? false : "only Linux tells";

/** In how many seconds the system asks for a sign of life on the socket with this local port. */
async function keepAliveTimer(port) {
  const local = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = (await readFile(SOCKETS, "latin1")).split("\n").map((line) => line.trim().split(/\s+/));
  const [, , , , , timer] = lines.find((fields) => fields[1] === `0100007F:${local}` && fields[3] === "01");
  const [kind, ticks] = timer.split(":");
  assert.equal(kind, "02", "no keepalive timer");
  return Number.parseInt(ticks, 16) / 100;
}

for (const [version, Library] of Object.entries(LIBRARIES)) {
  describe(version, () => {
    /** A client that does not connect: whatever happens, we are asked and we do it. */
    const waiting = (options, to = server) => to.client({ lazyConnect: true, ...options }, Library);

    /** What our connection says to a server before and with the first call. */
    async function greeting(options) {
      const from = proxy.history.length;
      const client = waiting({ port: proxy.port, ...options });
      await new IoredisState(client, TABLE).get("a");
      client.disconnect();
      const commands = proxy.history.slice(from).flatMap((link) => link.commands);
      return commands.map((words) => words.join(" "));
    }

    /** The number that the server gives to our connection. */
    async function ours(connectionName) {
      const list = await db.client("LIST");
      return new RegExp(`^id=(\\d+) .* name=${connectionName}:hitl `, "m").exec(list)?.[1];
    }

    test("disableClientInfo and clientInfoTag: what the server is told of us", async () => {
      const names = (said) => said.filter((line) => line.startsWith("CLIENT SETINFO LIB-NAME "));
      assert.deepEqual(names(await greeting({})), ["CLIENT SETINFO LIB-NAME hitl-state-ioredis"]);
      const tagged = await greeting({ clientInfoTag: "payments" });
      assert.deepEqual(names(tagged), ["CLIENT SETINFO LIB-NAME hitl-state-ioredis(payments)"]);
      const disabled = await greeting({ disableClientInfo: true });
      assert.deepEqual(
        disabled.filter((line) => line.startsWith("CLIENT SETINFO LIB-NAME")),
        [],
      );
    });

    test("readOnly: READONLY is said on connecting", async () => {
      assert.ok((await greeting({ readOnly: true })).includes("READONLY"));
      assert.ok(!(await greeting({ readOnly: false })).includes("READONLY"));
    });

    test("enableReadyCheck: whether the server is asked if it serves", async () => {
      assert.ok((await greeting({ enableReadyCheck: true })).includes("PING"));
      assert.ok(!(await greeting({ enableReadyCheck: false })).includes("PING"));
    });

    test("keepAlive: the time after which the system asks for a sign of life", { skip: noSockets }, async () => {
      for (const [keepAlive, least, most] of [
        [100_000, 60, 100],
        [0, 101, Number.POSITIVE_INFINITY],
      ]) {
        const client = waiting({ keepAlive, connectionName: unique("alive") });
        await new IoredisState(client, TABLE).get("a");
        const list = await db.client("LIST");
        const [, port] = new RegExp(` addr=127\\.0\\.0\\.1:(\\d+) .* name=${client.options.connectionName}:hitl `).exec(
          list,
        );
        const seconds = await keepAliveTimer(Number(port));
        assert.ok(seconds >= least && seconds <= most, `${seconds} s`);
      }
    });

    test("retryStrategy: asked with the number of each attempt, and obeyed", async () => {
      const asked = [];
      const retryStrategy = (attempt) => {
        asked.push(attempt);
        return attempt < 4 ? 1 : null;
      };
      const client = waiting({ port: await freePort(), retryStrategy, maxRetriesPerRequest: null });
      const state = new IoredisState(client, TABLE);
      await refuses(state.get("a"), "CONNECTION_CLOSED", "Connection is closed.");
      assert.deepEqual(asked, [1, 2, 3, 4]);
    });

    test("maxRetriesPerRequest: after as many attempts calls reject, with ioredis's words", async () => {
      const port = await freePort();
      for (const maxRetriesPerRequest of [0, 3]) {
        let asked = 0;
        const retryStrategy = () => {
          asked += 1;
          return 1;
        };
        const client = waiting({ port, maxRetriesPerRequest, retryStrategy });
        const error = await refuses(new IoredisState(client, TABLE).get("a"), "MAX_RETRIES");
        assert.match(error.message, new RegExp(`\\(which is ${maxRetriesPerRequest}\\)`));
        assert.equal(asked, maxRetriesPerRequest + 1);
      }
    });

    test("socketTimeout: a server that owes an answer for so long is given up, in ioredis's words", async () => {
      const own = await withRedis();
      const client = waiting({ socketTimeout: 200, commandTimeout: 4000, connectTimeout: 300, ...ONCE }, own);
      const state = new IoredisState(client, TABLE);
      await state.get("a");
      own.signal("SIGSTOP");
      const error = await refuses(state.get("a"), "MAX_RETRIES");
      assert.equal(error.cause.message, "Socket timeout. Expecting data, but didn't receive any in 200ms.");
      own.signal("SIGCONT");
      assert.equal(await state.get("a"), null);
    });

    test("maxLoadingRetryTime: how long a server is waited for that cannot serve", async () => {
      // A replica that has lost its primary and keeps its stale data to itself.
      const orphan = await withRedis();
      const admin = orphan.client({ enableReadyCheck: false, protocol: 2 });
      await admin.config("SET", "replica-serve-stale-data", "no");
      await admin.replicaof("127.0.0.1", await freePort());
      const patience = { commandTimeout: 4000, ...ONCE };
      const short = waiting({ maxLoadingRetryTime: 200, ...patience }, orphan);
      const error = await refuses(new IoredisState(short, TABLE).get("a"), "MAX_RETRIES");
      assert.equal(error.cause.code, "MASTERDOWN");
      const long = new IoredisState(waiting({ maxLoadingRetryTime: 60_000, ...patience }, orphan), TABLE).get("a");
      // It must outlast the short one, and then it serves.
      const short2 = waiting({ maxLoadingRetryTime: 200, ...patience }, orphan);
      await refuses(new IoredisState(short2, TABLE).get("a"), "MAX_RETRIES");
      await admin.replicaof("NO", "ONE");
      assert.equal(await long, null);
    });

    test("autoResendUnfulfilledCommands: false rejects what was sent and not answered, as ambiguous", async () => {
      for (const autoResendUnfulfilledCommands of [true, false]) {
        const client = waiting({ port: proxy.port, autoResendUnfulfilledCommands, retryStrategy: () => 1 });
        const state = new IoredisState(client, TABLE);
        const made = request();
        await state.create(made);
        const fault = proxy.loseReplies();
        const resolving = state.resolve(made.id, decision(made.id));
        if (autoResendUnfulfilledCommands) await resolving;
        else assert.equal((await refuses(resolving)).ambiguous, true);
        await fault.fired;
        assert.equal((await state.get(made.id)).status, "resolved");
        client.disconnect();
      }
    });

    test("sentinelReconnectStrategy: when a sentinel is listened to again that was lost", async () => {
      const group = await withSentinels({ replicas: 0, sentinels: 1 });
      const [sentinel] = group.sentinels;
      const asked = [];
      const sentinelReconnectStrategy = (attempt) => {
        asked.push(attempt);
        return 5;
      };
      const options = { failoverDetector: true, sentinelReconnectStrategy, lazyConnect: true };
      await new IoredisState(group.client(options, Library), TABLE).get("a");
      const listener = async (before) => {
        const lines = (await group.visitors(sentinel)).filter((line) => / sub=1 /.test(line));
        const [id] = lines.map((line) => /id=(\d+)/.exec(line)[1]);
        return id !== before && id;
      };
      const first = await eventually("the sentinel is listened to", () => listener());
      await group.admin(sentinel).client("KILL", "ID", first);
      await eventually("it is listened to again", () => listener(first), 20_000);
      assert.equal(asked[0], 1);
    });

    test("reconnectOnError: asked about a refusal in the server's words, and obeyed", async () => {
      await new IoredisState(db, TABLE).ensureSchema();
      for (const reaction of [false, true, 1, 2]) {
        const user = unique(`reactions-${version.at(-1)}`);
        await db.acl("SETUSER", user, "on", ">secret", "~*", "&*", "+@all", "-@scripting");
        const asked = [];
        const reconnectOnError = (error) => {
          asked.push(`${error.name}: ${error.message}`);
          // What is made again must come to an end.
          if (reaction === 2) db.acl("SETUSER", user, "+@scripting");
          return reaction;
        };
        const client = waiting({ username: user, password: "secret", connectionName: user, reconnectOnError });
        const state = new IoredisState(client, TABLE);
        await state.get("a");
        const before = await ours(user);
        if (reaction === 2) await state.create(request());
        else await refuses(state.create(request()), "NOPERM");
        assert.match(asked[0], /^ReplyError: NOPERM /);
        await state.get("a");
        assert.equal((await ours(user)) !== before, reaction !== false, `reaction ${reaction}`);
      }
    });
  });
}
