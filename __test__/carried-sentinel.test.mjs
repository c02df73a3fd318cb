// Sentinel with functions of the caller's among its options: the client's own connector asks the sentinels for us, and
// calls them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { request } from "./support/records.mjs";
import { Redis5, Redis6 } from "./support/redis.mjs";
import { eventually, withSentinels } from "./support/sentinel.mjs";

const LIMIT = { timeout: 60_000 };

const group = await withSentinels({ sentinels: 1, replicas: 1 });

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  describe(library, LIMIT, () => {
    const table = (name) => `${name}_${library.at(-1)}`;

    test("Sentinel with functions for natMap or preferredSlaves: the client's own connector asks them", async () => {
      const asked = [];
      const natMap = (place) => {
        asked.push(place);
        return null;
      };
      for (const options of [{ natMap }, { preferredSlaves: (replicas) => replicas[0], role: "slave" }]) {
        const client = group.client({ lazyConnect: true, ...options }, Library);
        const state = new IoredisState(client, { tableName: table("sentinel") });
        if (options.natMap) {
          await state.create(request());
          assert.ok(asked.includes(`127.0.0.1:${(await group.primary()).port}`), "natMap was not asked");
        } else {
          await refuses(state.create(request()), "READONLY");
        }
        client.disconnect();
      }
    });

    test("Sentinel with a function: a failover is followed", async () => {
      const client = group.client({ natMap: () => null, retryStrategy: () => 20, maxRetriesPerRequest: null }, Library);
      const state = new IoredisState(client, { tableName: table("failover") });
      const made = request();
      await state.create(made);
      const before = await group.primary();
      // What a replica does not have yet is lost with its primary.
      const key = `${table("failover")}:req:${made.id}`;
      const replica = group.servers.find((server) => server !== before);
      await eventually("the replica has it", () => group.admin(replica).get(key));
      await group.failover();
      await group.demoted(before);
      const primary = await group.primary();
      assert.notEqual(primary, before);
      await state.resolve(made.id, { type: "TIMED_OUT", id: made.id, externalRef: "x" });
      await eventually("the new primary has it", async () => {
        const text = await group.admin(primary).get(key);
        return JSON.parse(text).status === "resolved";
      });
      client.disconnect();
    });
  });
}
