// Stores in a cluster: which node they are on, and who is connected to it.

import assert from "node:assert/strict";
import { IoredisState } from "../../index.js";
import { sound } from "./assertions.mjs";
import { until } from "./cluster.mjs";
import { violations } from "./invariants.mjs";
import { request, unique } from "./records.mjs";
import { Redis5, Redis6 } from "./redis.mjs";
import { numbered, WRITES } from "./writes.mjs";

/** Both major versions of ioredis, by name. */
export const LIBRARIES = Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 });

export const TABLE = "store";

/** A `keyPrefix` that nobody has used, in a slot of this node. */
export async function prefixOn(cluster, node) {
  for (;;) {
    const prefix = `{${unique("tag")}}:`;
    if ((await cluster.ownerOf(await cluster.slotOf(prefix))) === node) return prefix;
  }
}

/** A store with a prefix of its own, on `node`: `{ state, client, prefix, slot, name }`. */
export async function storeOn(cluster, node, { Library, startupNodes, redisOptions, ...options } = {}) {
  const keyPrefix = await prefixOn(cluster, node);
  const name = unique("cluster");
  const named = { keyPrefix, ...options, redisOptions: { connectionName: name, ...redisOptions } };
  const client = cluster.client(named, Library, startupNodes);
  return {
    state: new IoredisState(client, { tableName: TABLE }),
    client,
    prefix: `${keyPrefix}${TABLE}`,
    slot: await cluster.slotOf(keyPrefix),
    name,
  };
}

/** The nodes to which our connections of this name lead, one for each connection. */
export async function ours(cluster, name) {
  const found = await Promise.all(cluster.running.map((node) => node.connections(`${name}:hitl`)));
  return cluster.running.flatMap((node, i) => found[i].map(() => node));
}

/** Waits until no connection of ours with this name is left. */
export const gone = (cluster, name) =>
  until("our connections are gone", async () => (await ours(cluster, name)).length === 0);

let counter = 0;

/**
 * Uses every writing method once. All of it lands on `node` and is sound; the caller's own client sees it, and our one
 * connection leads there.
 */
export async function works(cluster, node, { state, client, prefix, name }) {
  for (const write of WRITES.filter(({ several }) => !several)) {
    counter += 1;
    await write.prepare(state, numbered(counter));
    await write.call(state, numbered(counter));
    assert.equal(await write.took(state, numbered(counter)), true, write.name);
  }
  const record = request();
  await state.create(record);
  assert.ok((await state.list()).items.length > 0);
  assert.ok((await state.count({ status: "resolved", namespace: "global" })) > 0);
  sound(await violations(node.admin, prefix));
  assert.equal(await client.exists(`${TABLE}:req:${record.id}`), 1, "the caller's client does not see the request");
  assert.deepEqual(await ours(cluster, name), [node]);
}
