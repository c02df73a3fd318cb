// The sides of the comparison: each opens a store on a port, in a process of its own.

import { Baseline } from "./baseline.mjs";

/** The prefix of every side's keys: they share one layout. */
export const PREFIX = "bench";

/** The baseline's commands over ioredis. */
function overIoredis(client) {
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mget(keys),
    zcard: (key) => client.zcard(key),
    zrange: (key) => client.zrange(key, 0, -1),
    zrevrange: (key, highest, offset, count) =>
      client.zrevrangebyscore(key, highest, "-inf", "WITHSCORES", "LIMIT", offset, count),
    smembers: (key) => client.smembers(key),
    eval: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
    async pipeline(commands) {
      const pipeline = client.pipeline();
      for (const [name, ...args] of commands) pipeline[name.toLowerCase()](...args);
      await pipeline.exec();
    },
  };
}

/** The same over node-redis, which sends in one piece what is called in one turn. */
function overNodeRedis(client) {
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mGet(keys),
    zcard: (key) => client.zCard(key),
    zrange: (key) => client.zRange(key, 0, -1),
    zrevrange: (key, highest, offset, count) =>
      client.sendCommand([
        ...["ZREVRANGEBYSCORE", key, highest, "-inf", "WITHSCORES", "LIMIT"],
        ...[String(offset), String(count)],
      ]),
    smembers: (key) => client.sMembers(key),
    eval: (script, keys, args) => client.eval(script, { keys, arguments: args }),
    pipeline: (commands) => Promise.all(commands.map((command) => client.sendCommand(command))),
  };
}

async function baselineOverIoredis(name, port, options) {
  const { Redis } = await import(name);
  const client = new Redis({ port, host: "127.0.0.1", ...options });
  return { store: new Baseline(overIoredis(client), PREFIX), close: () => client.quit() };
}

async function packageOverIoredis(name, module, port) {
  const { Redis } = await import(name);
  const { IoredisState } = await import(module);
  const client = new Redis({ port, host: "127.0.0.1" });
  return { store: new IoredisState(client, { tableName: PREFIX }), close: () => client.quit() };
}

const HERE = new URL("../index.js", import.meta.url).href;

/** By name. The first one is ours, the second one what it is measured against. */
export const RIVALS = {
  native: { title: "this package", open: (port) => packageOverIoredis("ioredis5", HERE, port) },
  js: { title: "JavaScript, ioredis 5", open: (port) => baselineOverIoredis("ioredis5", port) },
  js6: { title: "JavaScript, ioredis 6", open: (port) => baselineOverIoredis("ioredis6", port) },
  pipelining: {
    title: "JavaScript, ioredis 5, auto-pipelining",
    open: (port) => baselineOverIoredis("ioredis5", port, { enableAutoPipelining: true }),
  },
  "node-redis": {
    title: "JavaScript, node-redis",
    async open(port) {
      const { createClient } = await import("@redis/client");
      const client = await createClient({ RESP: 2, socket: { port, host: "127.0.0.1" } }).connect();
      return { store: new Baseline(overNodeRedis(client), PREFIX), close: () => client.close() };
    },
  },
};

/** A further side: the module that the caller names. */
export function published(module) {
  return { title: `${module}, ioredis 5`, open: (port) => packageOverIoredis("ioredis5", module, port) };
}
