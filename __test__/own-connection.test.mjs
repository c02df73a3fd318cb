// Without a client: a URL, or ioredis's options, lead to the server that ioredis would reach with them; the
// connection's life is ours.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect, promisify } from "node:util";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { connections, named, until } from "./support/connections.mjs";
import { request, unique } from "./support/records.mjs";
import { freePort, Redis5, Redis6, withRedis } from "./support/redis.mjs";
import { withSentinels } from "./support/sentinel.mjs";
import { identity, PASSPHRASE, TRUST, tlsPath } from "./support/tls.mjs";

const CLOSED = ["CONNECTION_CLOSED", "Connection is closed."];
const TABLE = { tableName: "own" };
const LIMIT = { timeout: 20_000 };
const LIBRARIES = Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 });

const server = await withRedis();
const db = server.client();
const { port } = server;
await db.acl("SETUSER", "approver", "on", ">p@ss/word", "~*", "&*", "+@all");
const login = `approver:${encodeURIComponent("p@ss/word")}`;

/** A state that is closed after the last test. */
function open(place) {
  const state = new IoredisState(place, TABLE);
  after(() => state.close());
  return state;
}

/** Options with a name of their own, and the name that the connection has on the server. */
function fresh(options = {}) {
  const connectionName = unique("own");
  return { options: { host: "127.0.0.1", port, connectionName, ...options }, ours: `${connectionName}:hitl` };
}

/** What a server can be described with: each as a URL or as options. */
const PLACES = {
  "redis://": `redis://127.0.0.1:${port}`,
  "redis:// with user, password, database and prefix": `redis://${login}@127.0.0.1:${port}/3?keyPrefix=tenant:`,
  "redis:// with a name and a family": `redis://localhost:${port}/?family=4&db=2&connectionName=shop`,
  "no scheme": `127.0.0.1:${port}?db=5`,
  "no host": `redis:///6?port=${port}`,
  "the path of a socket": `${server.socket}?db=4`,
  options: { port, host: "127.0.0.1", db: 7, keyPrefix: "tenant-7:" },
  "options with texts for numbers": { port: String(port), db: "8" },
  "options with a Buffer as prefix": { port, keyPrefix: Buffer.from("büro:") },
  "options with a socket and an ACL user": { path: server.socket, username: "approver", password: "p@ss/word" },
};

for (const [library, Library] of LIBRARIES) {
  describe(`lands where ${library} reads`, () => {
    for (const [name, place] of Object.entries(PLACES)) {
      test(name, LIMIT, async () => {
        const theirs = server.adopt(new Library(place));
        const state = open(place);
        const record = request();
        await state.create(record);
        const stored = JSON.parse(await theirs.get(`own:req:${record.id}`));
        assert.equal(stored.token, record.token);
      });
    }
  });
}

test("unix:// with a user, a password and a database", LIMIT, async () => {
  const state = open(`unix://${login}@${server.socket}?db=9&connectionName=by-socket`);
  const record = request();
  await state.create(record);
  assert.equal(await server.client({ db: 9 }).exists(`own:req:${record.id}`), 1);
  const [{ user }] = await named(db, "by-socket:hitl");
  assert.equal(user, "approver");
});

describe("its life", () => {
  test("the constructor opens nothing, the first call one connection, and close() ends it", LIMIT, async () => {
    const { options, ours } = fresh();
    const state = new IoredisState(options, TABLE);
    await db.ping();
    assert.equal((await named(db, ours)).length, 0);
    await Promise.all([state.get("a"), state.get("b")]);
    await state.get("c");
    assert.equal((await named(db, ours)).length, 1);
    const calls = Array.from({ length: 100 }, () => state.create(request()));
    await state.close();
    await Promise.all(calls);
    await until(async () => (await named(db, ours)).length === 0);
    await state.close();
    for (const call of [state.get("a"), state.create(request()), state.ensureSchema()]) await refuses(call, ...CLOSED);
  });

  test("a state that is closed before its first call opens nothing", LIMIT, async () => {
    const before = await connections(db);
    const state = new IoredisState(`redis://127.0.0.1:${port}`);
    await state[Symbol.asyncDispose]();
    await refuses(state.get("a"), ...CLOSED);
    assert.equal((await connections(db)).length, before.length);
  });

  test("each state of a URL has a connection of its own", LIMIT, async () => {
    const name = unique("own");
    const url = `redis://127.0.0.1:${port}?connectionName=${name}`;
    const [one, two] = [new IoredisState(url, TABLE), new IoredisState(url, TABLE)];
    await Promise.all([one.get("a"), two.get("a")]);
    assert.equal((await named(db, `${name}:hitl`)).length, 2);
    await one.close();
    assert.equal(await two.get("a"), null);
    await two.close();
  });

  test("states of the same options object share one, which the last of them ends", LIMIT, async () => {
    const { options, ours } = fresh();
    const states = Array.from({ length: 50 }, () => new IoredisState(options, TABLE));
    await Promise.all(states.map((state) => state.create(request())));
    assert.equal((await named(db, ours)).length, 1);
    const last = states.pop();
    await Promise.all(states.map((state) => state.close()));
    await last.create(request());
    await last.close();
    await until(async () => (await named(db, ours)).length === 0);
    const again = open(options);
    assert.equal(await again.get("a"), null);
    await refuses(last.get("a"), ...CLOSED);
  });

  test("a connection that was lost comes back with the next call, and calls on their way are made", LIMIT, async () => {
    const { options, ours } = fresh();
    const state = open(options);
    for (let round = 0; round < 20; round++) {
      await state.get("a");
      const [{ id }] = await named(db, ours);
      const calls = Array.from({ length: 10 }, () => state.create(request()));
      await db.client("KILL", "ID", id);
      await Promise.all(calls);
    }
  });

  test("close() settles within two seconds when the server does not answer", LIMIT, async () => {
    const state = new IoredisState(fresh().options, TABLE);
    await state.ensureSchema();
    server.signal("SIGSTOP");
    try {
      const call = refuses(state.create(request()), ...CLOSED);
      const started = Date.now();
      await state.close();
      assert.ok(Date.now() - started < 2000);
      assert.equal((await call).ambiguous, true);
    } finally {
      server.signal("SIGCONT");
    }
  });
});

describe("options", () => {
  test("are read anew for each connection: a password may rotate in the object", LIMIT, async () => {
    await db.acl("SETUSER", "rotating", "on", ">first", "~*", "&*", "+@all");
    const { options, ours } = fresh({ username: "rotating", password: "first" });
    const state = open(options);
    await state.get("a");
    await db.acl("SETUSER", "rotating", "resetpass", ">second");
    await db.client("KILL", "ID", (await named(db, ours))[0].id);
    await refuses(state.get("a"), "WRONGPASS");
    options.password = "second";
    assert.equal(await state.get("a"), null);
  });

  test("retryStrategy: asked with the number of the attempt, until it has had enough", LIMIT, async () => {
    const attempts = [];
    const retryStrategy = (attempt) => {
      attempts.push(attempt);
      return attempt < 4 ? 1 : null;
    };
    const nowhere = { port: await freePort(), host: "127.0.0.1", retryStrategy };
    const state = open(nowhere);
    await refuses(state.get("a"), ...CLOSED);
    assert.deepEqual(attempts, [1, 2, 3, 4]);
    // Whoever has no client to call connect() on calls again.
    Object.assign(nowhere, fresh().options);
    assert.equal(await state.get("a"), null);
  });

  test("reconnectOnError: told what the server refuses; what it answers decides on the connection", LIMIT, async () => {
    const told = [];
    let reaction = false;
    const reconnectOnError = (error) => {
      told.push(`${error.name} ${error.message.split(" ")[0]}`);
      return reaction;
    };
    const { options, ours } = fresh({ reconnectOnError });
    const state = open(options);
    await state.ensureSchema();
    await db.lpush("own:req:wrong", "x");
    const idOf = async () => (await named(db, ours))[0]?.id;
    const first = await idOf();
    await refuses(state.setExternalId("wrong", "x"), "WRONGTYPE");
    assert.equal(await idOf(), first);
    reaction = true;
    await refuses(state.setExternalId("wrong", "x"), "WRONGTYPE");
    assert.equal(await state.get("a"), null);
    assert.notEqual(await idOf(), first);
    assert.deepEqual(told, ["ReplyError WRONGTYPE", "ReplyError WRONGTYPE"]);
  });

  test("maxRetriesPerRequest", LIMIT, async () => {
    const state = open({ port: await freePort(), host: "127.0.0.1", maxRetriesPerRequest: 2, retryStrategy: () => 1 });
    const error = await refuses(state.get("a"), "MAX_RETRIES", /which is 2\)/);
    assert.equal(error.cause.code, "ECONNREFUSED");
  });

  test("commandTimeout", LIMIT, async () => {
    const state = open(fresh({ commandTimeout: 50 }).options);
    await state.ensureSchema();
    server.signal("SIGSTOP");
    try {
      await refuses(state.get("a"), "COMMAND_TIMEOUT", "Command timed out");
    } finally {
      server.signal("SIGCONT");
    }
  });

  test("a default that is null sticks: without a retryStrategy the first failure is the last", LIMIT, async () => {
    const state = open({ port: await freePort(), host: "127.0.0.1", retryStrategy: null });
    await refuses(state.get("a"), ...CLOSED);
  });

  test("may be inherited, and left undefined, as with ioredis", LIMIT, async () => {
    const { options, ours } = fresh();
    const state = open(Object.create(options, { db: { value: undefined, enumerable: true } }));
    await state.get("a");
    assert.equal((await named(db, ours))[0].db, "0");
  });
});

describe("TLS", async () => {
  const secure = await withRedis({ tls: { clients: "optional" } });
  const strict = await withRedis({ tls: { clients: "yes" } });
  const trusted = (place) => ({ host: "localhost", ...place, tls: { ...TRUST, ...place.tls } });

  for (const [library, Library] of LIBRARIES) {
    for (const [name, place, path] of [
      ["ca", trusted({ port: secure.port }), secure.socket],
      ["cert and key", trusted({ port: strict.port, tls: identity("client") }), strict.socket],
      [
        "pfx, which only Node's TLS can read",
        trusted({ port: strict.port, tls: { pfx: readFileSync(tlsPath("client.pfx")), passphrase: PASSPHRASE } }),
        strict.socket,
      ],
      ["rejectUnauthorized: false", { port: secure.port, tls: { rejectUnauthorized: false } }, secure.socket],
    ]) {
      test(`${name}: lands where ${library} reads`, LIMIT, async () => {
        const record = request();
        await open(place).create(record);
        const theirs = server.adopt(new Library({ path }));
        assert.equal(await theirs.exists(`own:req:${record.id}`), 1);
        // The same options are good for a client, too.
        assert.equal(await server.adopt(new Library(place)).exists(`own:req:${record.id}`), 1);
      });
    }
  }

  test("rediss://: an authority that Node does not trust is refused, as by ioredis", LIMIT, async () => {
    const url = `rediss://localhost:${secure.port}`;
    const hasty = { port: secure.port, maxRetriesPerRequest: 0, retryStrategy: () => 1 };
    const error = await refuses(open({ ...hasty, host: "localhost", tls: true }).get("a"), "MAX_RETRIES");
    const theirs = new Redis6(url, { lazyConnect: true, retryStrategy: () => null });
    let reason;
    theirs.on("error", ({ code }) => (reason = code));
    await theirs.connect().catch(() => {});
    assert.equal(error.cause.code, reason);
  });

  test("rediss:// with an authority that Node trusts", LIMIT, async () => {
    const program = fileURLToPath(new URL("./fixtures/own-tls.mjs", import.meta.url));
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: tlsPath("ca.crt"), HITL_TEST_PORT: String(secure.port) };
    const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
    assert.equal(stdout.trim(), "redis:// CONNECTION_CLOSED rediss:// done rediss://?tls=true done");
  });

  test("the certificate to show is read anew for each connection", LIMIT, async () => {
    const place = trusted({ port: strict.port, maxRetriesPerRequest: 0, retryStrategy: () => 1 });
    const state = open(place);
    await refuses(state.get("a"), "MAX_RETRIES");
    place.tls = { ...TRUST, ...identity("client") };
    assert.equal(await state.get("a"), null);
  });
});

describe("Sentinel and Connector", async () => {
  const group = await withSentinels({ replicas: 1, sentinels: 1 });
  const sentinels = group.sentinels.map((sentinel) => ({ host: "127.0.0.1", port: sentinel.port }));

  test("sentinels name the server", LIMIT, async () => {
    const record = request();
    await open({ sentinels, name: "approvals" }).create(record);
    const theirs = server.adopt(new Redis6({ sentinels, name: "approvals" }));
    assert.equal(await theirs.exists(`own:req:${record.id}`), 1);
  });

  test("natMap moves the server", LIMIT, async () => {
    const [primary] = group.servers;
    const place = {
      sentinels,
      name: "approvals",
      natMap: { [`127.0.0.1:${primary.port}`]: { host: "127.0.0.1", port } },
    };
    const record = request();
    await open(place).create(record);
    assert.equal(await db.exists(`own:req:${record.id}`), 1);
  });

  test("a Connector of the caller's opens the socket, with the options", LIMIT, async () => {
    const seen = [];
    class Connector {
      constructor({ db: number }) {
        this.db = number;
      }
      async connect() {
        seen.push(this.db);
        return connect(server.socket);
      }
    }
    const state = open({ Connector, db: 3 });
    const record = request();
    await state.create(record);
    assert.equal(await server.client({ db: 3 }).exists(`own:req:${record.id}`), 1);
    assert.deepEqual(seen, [3]);
  });
});

describe("what is neither client nor URL nor options is refused, with what to do instead", () => {
  const secret = { password: "pass-canary", username: "user-canary" };
  const cases = {
    undefined: [undefined, /was given undefined: is the variable with the URL set/],
    null: [null, /was given null: is the variable/],
    "a port": [6379, /was given a number: write new IoredisState\("redis:/],
    "an array of nodes": [
      [{ host: "h", ...secret }],
      /an array: for the nodes of a Cluster write new IoredisState\(new Cl/,
    ],
    "a Promise": [Promise.resolve(), /a Promise: await it first/],
    "a URL object": [new URL("redis://user-canary:pass-canary@h"), /a URL object: pass its href/],
    "the class itself": [Redis6, /a function: for a class write new IoredisState\(new Redis/],
    "nothing in it": [{}, /an object that is none of them/],
    "nothing of ioredis in it": [{ hots: "h", pasword: "pass-canary" }, /an object that is none of them/],
    "a client of node-redis": [
      { isOpen: true, isReady: true, options: secret, sendCommand: async () => {}, on() {} },
      /the client of another library/,
    ],
    "options of node-redis": [{ url: "redis://user-canary:pass-canary@h" }, /"url" is none of them: write new Ioredis/],
    "a socket of node-redis": [{ socket: { host: "h" }, ...secret }, /"socket" is none of them: write host and port/],
    "options of a Cluster": [
      { startupNodes: [], redisOptions: secret },
      /"startupNodes" is none of them: .*new Cluster/,
    ],
    "a port that is none": [{ port: "pass-canary" }, /"port" must be a number from 1 to 65535/],
    "a port out of range": [{ port: 70_000, ...secret }, /"port" must be/],
    "a database that is none": [{ db: "pass-canary" }, /"db" must be the number/],
    "a host that is none": [{ host: { canary: 1 } }, /"host" must be a string/],
    "a path that is none": [{ path: true, ...secret }, /"path" must be a string/],
    "a function for a password": [
      { ...secret, password: () => "pass-canary" },
      /"password" must be a string; it is read/,
    ],
    "a Promise of a password": [{ ...secret, password: Promise.resolve("x") }, /"password" must be a string/],
    "a Connector that is none": [{ Connector: "pass-canary" }, /"Connector" must be a class/],
    "a profile of ioredis's": [{ tls: "RedisCloudFixed", ...secret }, /"tls" must be what Node takes: .*pass a ca/],
    "no sentinel": [{ sentinels: [], name: "x", ...secret }, /"sentinels" must be a list of at least one/],
    "sentinels without a name": [{ sentinels: [{ port: 1 }], ...secret }, /"name" must be the name/],
    "sentinels with a natMap that is called": [
      { sentinels: [{ port: 1 }], name: "x", natMap: () => {}, ...secret },
      /this "natMap": write new IoredisState\(new Redis\(options\)\)/,
    ],
    "sentinels with a TLS that only Node has": [
      { sentinels: [{ port: 1 }], name: "x", sentinelTLS: { ciphers: "x" }, ...secret },
      /this "tls": write new IoredisState/,
    ],
    "a getter that throws": [
      {
        get host() {
          throw new Error("pass-canary");
        },
      },
      /cannot be read: a getter throws/,
    ],
  };
  for (const [name, [value, message]] of Object.entries(cases)) {
    test(name, () => {
      assert.throws(
        () => new IoredisState(value),
        (error) =>
          error instanceof TypeError &&
          error.code === "INVALID_ARGUMENT" &&
          message.test(error.message) &&
          !/(pass|user)-canary/.test(inspect(error, { showHidden: true, depth: 12 })),
      );
    });
  }
});
