// The options of a Cluster's nodes, as ioredis makes them: of the startup node, where it is one,
// of `redisOptions`, and of the defaults.

/** Those that users rotate. */
const CREDENTIALS = ["username", "password"];

class NodeOptions {
  constructor(client) {
    this.client = client;
    this.original = credentialsOf(client);
  }

  /** An ioredis client with the options of the node at `place`. It is not for use: it may be unconnected. */
  of(place, startupNodes) {
    const pool = this.client.connectionPool;
    const key = keyOf(place);
    const instance = pool.getInstanceByKey(key);
    if (instance !== undefined && !this.areRotated()) {
      return instance;
    }
    const own = pool.specifiedOptions[key] ?? startupNodes.find((node) => keyOf(node) === key);
    // ioredis makes one in a pool of its own, which never connects.
    const redisOptions = { ...this.client.options.redisOptions, lazyConnect: true };
    return new pool.constructor(redisOptions).findOrCreate({ ...place, ...own, lazyConnect: true });
  }

  /** Whether the credentials are not those any more with which the client has made its nodes. */
  areRotated() {
    const now = credentialsOf(this.client);
    return CREDENTIALS.some((name) => now[name] !== this.original[name]);
  }
}

function credentialsOf({ options: { redisOptions } }) {
  return Object.fromEntries(CREDENTIALS.map((name) => [name, redisOptions?.[name]]));
}

/** How ioredis names a node. */
function keyOf({ host, port }) {
  return `${host || "127.0.0.1"}:${port || 6379}`;
}

module.exports = { keyOf, NodeOptions };
