// What the constructor was given: which kind of client it is, or why it cannot be served.

const { Link } = require("./link.js");
const { RedisSource } = require("./sources/redis.js");

/** What makes keys share a slot of a Cluster. */
const HASH_TAG = /\{[^}]+\}/;

/** One link for each client, shared by all instances on it. */
const links = new WeakMap();

function linkOf(client) {
  let link = links.get(client);
  if (link === undefined) {
    link = new Link(new RedisSource(client));
    links.set(client, link);
  }
  return link;
}

/**
 * Says why a value cannot be served, or nothing.
 * Duck-typed: a server may have several copies of ioredis.
 */
function refusalOf(client, prefix) {
  const isClient =
    client !== null &&
    typeof client === "object" &&
    typeof client.status === "string" &&
    typeof client.sendCommand === "function" &&
    client.options !== null &&
    typeof client.options === "object";
  if (!isClient) {
    return "IoredisState needs an ioredis client: new IoredisState(new Redis(url))";
  }
  const { options } = client;
  if (client.isCluster && !HASH_TAG.test(prefix)) {
    return 'On a Cluster all keys of a store must share a slot: give the client a hash tag as its prefix, keyPrefix: "{hitl}:"';
  }
  const unsupported = [
    ["Cluster", client.isCluster],
    ["tls", options.tls],
    ["sentinels", options.sentinels],
    ["Connector", options.Connector],
  ].find(([, given]) => given);
  if (unsupported !== undefined) {
    return `IoredisState cannot serve an ioredis client with "${unsupported[0]}" yet: give it one that connects by TCP or by a Unix socket`;
  }
  return undefined;
}

module.exports = { linkOf, refusalOf };
