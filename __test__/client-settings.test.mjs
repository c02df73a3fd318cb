// What the caller's client says about its connection holds for ours: where, as whom, under which name.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { keysUnder } from "./support/layout.mjs";
import { Redis5, Redis6, withRedis } from "./support/redis.mjs";
import { numbered, WRITES } from "./support/writes.mjs";

const server = await withRedis();
const db = server.client();

/** Uses every writing method once. */
async function useAll(state, keys) {
  for (const [n, write] of WRITES.filter(({ several }) => !several).entries()) {
    await write.prepare(state, numbered(n), db, keys);
    await write.call(state, numbered(n));
    assert.equal(await write.took(state, numbered(n)), true, write.name);
  }
  assert.ok((await state.list()).items.length > 0);
  assert.ok((await state.count({ status: "resolved", namespace: "global" })) > 0);
}

/** The fields of our own connection in CLIENT LIST. */
async function ourConnection(name) {
  const line = (await db.client("LIST")).split("\n").find((text) => text.includes(` name=${name}:hitl `));
  assert.ok(line, `no connection is named ${name}:hitl`);
  return Object.fromEntries(line.split(" ").map((field) => field.split(/=(.*)/s).slice(0, 2)));
}

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  describe(library, () => {
    const table = (name) => `${name}_${library.at(-1)}`;
    const clientOf = (options) => server.client(options, Library);

    test("db: every key is in that database and in no other", async () => {
      const tableName = table("db");
      await useAll(new IoredisState(clientOf({ db: 3, connectionName: tableName }), { tableName }));
      assert.deepEqual(await keysUnder(db, tableName), []);
      sound(await violations(server.client({ db: 3 }), tableName));
      assert.equal((await ourConnection(tableName)).db, "3");
    });

    test("db: still that database after the connection was lost", async () => {
      const tableName = table("again");
      const state = new IoredisState(clientOf({ db: 4, connectionName: tableName }), { tableName });
      await state.ensureSchema();
      await db.client("KILL", "ID", (await ourConnection(tableName)).id);
      await useAll(state);
      assert.deepEqual(await keysUnder(db, tableName), []);
      assert.equal((await ourConnection(tableName)).db, "4");
    });

    for (const [kind, keyPrefix] of [
      ["text", `tenant-${library.at(-1)}:`],
      ["a Buffer", Buffer.from(`büro-${library.at(-1)}:`)],
    ]) {
      test(`keyPrefix (${kind}): every key starts with it, and the store is sound below it`, async () => {
        const tableName = table("prefixed");
        const before = await keysUnder(db);
        await useAll(new IoredisState(clientOf({ keyPrefix }), { tableName }));
        const added = (await keysUnder(db)).filter((key) => !before.includes(key));
        assert.ok(added.length > 0);
        for (const key of added) assert.ok(key.startsWith(`${keyPrefix}${tableName}:`), key);
        sound(await violations(db, `${keyPrefix}${tableName}`));
      });
    }

    test("username and password: our connection is that ACL user's, with that user's rights", async () => {
      const tableName = table("user");
      await db.acl("SETUSER", tableName, "on", ">secret", `~${tableName}:*`, "resetchannels", "+@all", "-@dangerous");
      const options = { username: tableName, password: "secret", connectionName: tableName, enableReadyCheck: false };
      const client = clientOf(options);
      await useAll(new IoredisState(client, { tableName }));
      assert.equal((await ourConnection(tableName)).user, tableName);
      await refuses(new IoredisState(client, { tableName: table("other") }).get("a"), "NOPERM");
    });

    test("path: a Unix socket", async () => {
      const tableName = table("unix");
      const client = server.adopt(new Library({ path: server.socket, connectionName: tableName }));
      await useAll(new IoredisState(client, { tableName }));
      assert.match((await ourConnection(tableName)).addr, /redis\.sock/);
    });

    test("a URL with everything in it", async () => {
      const tableName = table("url");
      await db.acl("SETUSER", tableName, "on", ">p@ss/word", "~*", "&*", "+@all");
      const user = `${tableName}:${encodeURIComponent("p@ss/word")}`;
      const url = `redis://${user}@127.0.0.1:${server.port}/5?connectionName=${tableName}`;
      await useAll(new IoredisState(server.adopt(new Library(url)), { tableName }));
      const { user: as, db: where } = await ourConnection(tableName);
      assert.deepEqual({ as, where }, { as: tableName, where: "5" });
    });

    test("an option whose value cannot be used is named, without any value", async () => {
      for (const [option, value] of Object.entries({ port: 99_999, db: 1.5, family: 300 })) {
        // A password that looks like the JSON in which settings travel.
        const password = 'canary","port":{"db":"';
        const client = server.adopt(new Library({ host: "127.0.0.1", password, lazyConnect: true, [option]: value }));
        await refuses(
          new IoredisState(client, { tableName: table("unusable") }).get("a"),
          "INVALID_SETTINGS",
          `The option "${option}" of the ioredis client has a value that cannot be used`,
        );
      }
    });

    test("a connection of ours tells the server which library it is, unless the client disables that", async () => {
      for (const disableClientInfo of [false, true]) {
        const connectionName = `${table("info")}_${disableClientInfo}`;
        await new IoredisState(clientOf({ connectionName, disableClientInfo })).get("a");
        const ours = await ourConnection(connectionName);
        // Redis 7.2 and later list it; on older servers it is refused, and that does no harm.
        if ("lib-name" in ours) assert.equal(ours["lib-name"] !== "", !disableClientInfo);
      }
    });
  });
}
