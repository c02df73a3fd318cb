// A server with a proxy in front of it, which breaks the connections of the stores under test.

import { startProxy } from "../../__test__/support/proxy.mjs";

/**
 * `redis` and its `proxy`; `db`, a client that goes past the proxy; and `connect(options)`, which makes one that goes
 * through it, and gives no call up.
 *
 * @param {object} trial of which `side`, `server` and `atEnd` are used
 */
export async function behindProxy({ side, server, atEnd }) {
  const redis = await server();
  const proxy = await startProxy(redis);
  atEnd(() => proxy.stop());
  const usual = {
    port: proxy.port,
    // The proxy tells connections of stores by their name; the JavaScript version works on the caller's.
    connectionName: side === "javascript" ? "hitl" : undefined,
    maxRetriesPerRequest: null,
    retryStrategy: () => 0,
  };
  return { redis, proxy, db: redis.client(), connect: (options) => redis.client({ ...usual, ...options }) };
}
