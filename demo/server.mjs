// The Redis of the demo: the one that REDIS_URL names, under a prefix of its own that is removed at the end;
// else a private server that lives as long as the demo.

import { randomBytes } from "node:crypto";
import { Redis as Redis5 } from "ioredis5";
import { Redis as Redis6 } from "ioredis6";
import { startRedis } from "../__test__/support/redis.mjs";
import { SetupError } from "../scripts/run.mjs";

/** The keys that begin with `prefix`, sorted. */
async function keysUnder(client, prefix) {
  const found = new Set();
  for await (const keys of client.scanStream({ match: `${prefix}*`, count: 500 })) {
    for (const key of keys) found.add(key);
  }
  return [...found].sort();
}

class Place {
  #clients = [];
  #server;
  #url;
  #keyPrefix;

  constructor(url, keyPrefix, server) {
    this.#url = url;
    this.#keyPrefix = keyPrefix;
    this.#server = server;
    // Looks at the keys as they are: a client with a keyPrefix would hide it.
    this.inspector = this.#adopt(new Redis6(url, { maxRetriesPerRequest: 1 }));
  }

  #adopt(client) {
    // What goes wrong rejects the calls; ioredis would print it once more.
    client.on("error", () => {});
    this.#clients.push(client);
    return client;
  }

  /** A client as one replica of a Hitl server has it; replicas may be of different ages. */
  client(major, connectionName) {
    const Redis = major === 5 ? Redis5 : Redis6;
    return this.#adopt(new Redis(this.#url, { keyPrefix: this.#keyPrefix, connectionName, maxRetriesPerRequest: 2 }));
  }

  get keyPrefix() {
    return this.#keyPrefix;
  }

  /** What kind of server it is, and where. */
  async describe() {
    const info = await this.inspector.info("server");
    const [, valkey] = /^valkey_version:(\S+)/m.exec(info) ?? [];
    const [, redis] = /^redis_version:(\S+)/m.exec(info) ?? [];
    const name = valkey ? `Valkey ${valkey}` : `Redis ${redis}`;
    const where = this.#server ? `a private server on port ${this.#server.port}` : "the server of REDIS_URL";
    return `${name}, ${where}`;
  }

  /** Every key that the demo has made, with its prefix. */
  keys(prefix = "") {
    return keysUnder(this.inspector, this.#keyPrefix + prefix);
  }

  /** Leaves nothing behind. Returns how many keys it had to remove. */
  async close() {
    let removed = 0;
    if (!this.#server && this.inspector.status === "ready") {
      const keys = await this.keys();
      while (keys.length > 0) removed += await this.inspector.unlink(...keys.splice(0, 500));
    }
    for (const client of this.#clients) client.disconnect();
    await this.#server?.stop();
    return removed;
  }
}

export async function openPlace() {
  const url = process.env.REDIS_URL;
  if (url) {
    const place = new Place(url, `hitl-demo-${randomBytes(4).toString("hex")}:`);
    let obstacle = null;
    place.inspector.on("error", (error) => {
      obstacle = error;
    });
    await place.inspector.ping().catch(async (error) => {
      await place.close();
      throw new SetupError(`The Redis of REDIS_URL does not answer: ${(obstacle ?? error).message}`);
    });
    return place;
  }
  const server = await startRedis();
  return new Place(`redis://127.0.0.1:${server.port}`, "", server);
}
