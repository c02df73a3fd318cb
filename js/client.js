// What the constructor was given: which kind of client it is, or why it cannot be served.

const { Link } = require("./link.js");
const { Own } = require("./own.js");
const { needsCarrier } = require("./settings.js");
const { hashTagOf, slotOf } = require("./slot.js");
const { ClusterSource } = require("./sources/cluster.js");
const { MockSource } = require("./sources/mock.js");
const { OwnSource } = require("./sources/own.js");
const { RedisSource } = require("./sources/redis.js");

/**
 * The links of each client, shared by all instances on it: one, or in a Cluster one for each slot that
 * they are in.
 */
const links = new WeakMap();

/** The link for a store whose keys start with `prefix`, a Buffer. */
function linkOf(client, prefix) {
  const slot = client.isCluster ? slotOf(prefix) : 0;
  const ofClient = links.get(client) ?? new Map();
  links.set(client, ofClient);
  let link = ofClient.get(slot);
  if (link === undefined) {
    link = new Link(sourceOf(client, prefix));
    ofClient.set(slot, link);
  }
  return link;
}

function sourceOf(client, prefix) {
  if (client instanceof Own) {
    return new OwnSource(client);
  }
  if (isMock(client)) {
    return new MockSource(client);
  }
  return client.isCluster ? new ClusterSource(client, prefix) : new RedisSource(client);
}

/**
 * Says why a value cannot be served, or nothing.
 * Duck-typed: a server may have several copies of ioredis.
 */
function refusalOf(client, prefix) {
  if (!(client instanceof Own) && !isClient(client) && !isMock(client)) {
    return `IoredisState needs an ioredis client, a URL or ioredis's options, and was given ${nameOf(client)}`;
  }
  const { options } = client;
  if (client instanceof Own && options.sentinels && !options.Connector && needsCarrier(options)) {
    const option = ["natMap", "preferredSlaves"].find((name) => typeof options[name] === "function") ?? "tls";
    return `Without an ioredis client IoredisState cannot ask sentinels with this "${option}": write new IoredisState(new Redis(options))`;
  }
  if (client.isCluster && hashTagOf(prefix) === undefined) {
    return 'On a Cluster all keys of a store must share a slot: give the client a hash tag as its prefix, keyPrefix: "{hitl}:"';
  }
  return undefined;
}

function isClient(value) {
  return (
    value !== null &&
    typeof value === "object" &&
    typeof value.status === "string" &&
    typeof value.sendCommand === "function" &&
    value.options !== null &&
    typeof value.options === "object"
  );
}

/** Whether a value is a client of ioredis-mock, which has no connection but all its data at hand. */
function isMock(value) {
  return (
    value !== null &&
    typeof value === "object" &&
    typeof value.status !== "string" &&
    typeof value.eval === "function" &&
    ["options", "context", "data", "customCommands"].every((name) => typeof (value[name] ?? undefined) === "object")
  );
}

/** What a client puts in front of the keys that it is given, a Buffer. */
function keyPrefixOf(client) {
  // The mock does so itself with ours, too.
  const keyPrefix = (isMock(client) ? undefined : client?.options?.keyPrefix) ?? "";
  return Buffer.isBuffer(keyPrefix) ? keyPrefix : Buffer.from(String(keyPrefix));
}

/** What a value is that is no client, in words that show nothing of it, and what to pass instead. */
function nameOf(value) {
  if (value === undefined || value === null) {
    return `${value}: is the variable with the URL set?`;
  }
  if (Array.isArray(value)) {
    return 'an array: for the nodes of a Cluster write new IoredisState(new Cluster(nodes, { keyPrefix: "{hitl}:" }))';
  }
  if (typeof value === "function") {
    return "a function: for a class write new IoredisState(new Redis(url))";
  }
  if (typeof value !== "object") {
    return `a ${typeof value}: write new IoredisState("redis://…")`;
  }
  if (typeof value.then === "function") {
    return "a Promise: await it first";
  }
  if (typeof value.href === "string") {
    return "a URL object: pass its href";
  }
  if (typeof value.get === "function" || typeof value.eval === "function") {
    return "an object with some methods of a client: in place of a mock of your own write new IoredisState(new RedisMock()), of ioredis-mock";
  }
  if (typeof value.isOpen === "boolean" || typeof value.sendCommand === "function") {
    return "the client of another library: write new IoredisState(new Redis(url))";
  }
  return "an object that is none of them: write new IoredisState(new Redis(url))";
}

module.exports = { keyPrefixOf, linkOf, refusalOf };
