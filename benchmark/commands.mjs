// The commands that the baseline needs, over each of the clients: as one writes them with that client.

/** Over ioredis, 5 or 6. */
export function overIoredis(client) {
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    del: (key) => client.del(key),
    type: (key) => client.type(key),
    mget: (keys) => client.mget(keys),
    zadd: (key, score, member) => client.zadd(key, score, member),
    zcard: (key) => client.zcard(key),
    zrange: (key) => client.zrange(key, 0, -1),
    zrevrange: (key, highest, offset, count) =>
      client.zrevrangebyscore(key, highest, "-inf", "WITHSCORES", "LIMIT", offset, count),
    sadd: (key, member) => client.sadd(key, member),
    smembers: (key) => client.smembers(key),
    eval: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
    async pipeline(commands) {
      const pipeline = client.pipeline();
      for (const [name, ...args] of commands) pipeline[name.toLowerCase()](...args);
      await pipeline.exec();
    },
  };
}

/** Over node-redis, which sends in one piece what is called in one turn. */
export function overNodeRedis(client) {
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    del: (key) => client.del(key),
    type: (key) => client.type(key),
    mget: (keys) => client.mGet(keys),
    zadd: (key, score, value) => client.zAdd(key, { score, value }),
    zcard: (key) => client.zCard(key),
    zrange: (key) => client.zRange(key, 0, -1),
    zrevrange: (key, highest, offset, count) =>
      client.sendCommand([
        ...["ZREVRANGEBYSCORE", key, highest, "-inf", "WITHSCORES", "LIMIT"],
        ...[String(offset), String(count)],
      ]),
    sadd: (key, member) => client.sAdd(key, member),
    smembers: (key) => client.sMembers(key),
    eval: (script, keys, args) => client.eval(script, { keys, arguments: args }),
    pipeline: (commands) => Promise.all(commands.map((command) => client.sendCommand(command))),
  };
}
