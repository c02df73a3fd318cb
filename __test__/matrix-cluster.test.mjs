// Clients of a Cluster, whose nodes ask for a password.

import { withCluster } from "./support/cluster.mjs";
import { matrix, refusals } from "./support/matrix.mjs";

const cluster = await withCluster({ password: "secret" });
const [first, second, third] = cluster.nodes;
const place = ({ port }) => ({ host: "127.0.0.1", port });
const startup = [place(first)];

/** A Cluster client with a hash tag in its prefix, unless the options have another one. */
const clusterOf = (Redis, { nodes = startup, redisOptions, ...options } = {}) =>
  new Redis.Cluster(nodes, { keyPrefix: "{hitl}:", redisOptions: { password: "secret", ...redisOptions }, ...options });
const withOptions = (options) => (Redis) => clusterOf(Redis, options);
const ready = (client) => new Promise((resolve) => client.once("ready", () => resolve(client)));

/** Where nobody listens, the map leads to the nodes. */
const shifted = Object.fromEntries(cluster.nodes.map((node) => [`127.0.0.1:${node.port}`, place(node)]));
const toNode = (key) => shifted[key] ?? null;

matrix("Cluster", [
  ["one startup node", withOptions()],
  ["all startup nodes", withOptions({ nodes: cluster.nodes.map(place) })],
  ["a startup node that is not there", withOptions({ nodes: [{ host: "127.0.0.1", port: 1 }, place(second)] })],
  ["a startup node as a URL", withOptions({ nodes: [`redis://127.0.0.1:${third.port}`] })],
  ["a startup node as a URL with a password", (Redis) => withPasswordInUrl(Redis)],
  ["a startup node as a port", withOptions({ nodes: [second.port] })],
  ["a startup node by name", withOptions({ nodes: [{ host: "localhost", port: first.port }] })],
  ["a tag in the middle of the prefix", withOptions({ keyPrefix: "shop:{approvals}:eu:" })],
  ["a prefix of redisOptions", withOptions({ keyPrefix: undefined, redisOptions: { keyPrefix: "{inner}:" } })],
  ["a prefix that is a Buffer", withOptions({ keyPrefix: Buffer.from("{büro}:") })],
  ["a prefix with a second tag, which does not count", withOptions({ keyPrefix: "{a}{b}:" })],
  ["a slot of the first node", withOptions({ keyPrefix: "{b}:" })],
  ["a slot of the last node", withOptions({ keyPrefix: "{a}:" })],
  ["username and password in redisOptions", withOptions({ redisOptions: { username: "default" } })],
  ["a database, which a Cluster does not have", withOptions({ redisOptions: { db: 3 } })],
  ["a client that is ready", (Redis) => ready(clusterOf(Redis))],
  ["lazyConnect", withOptions({ lazyConnect: true })],
  ["enableOfflineQueue: false", (Redis) => ready(clusterOf(Redis, { enableOfflineQueue: false }))],
  ["enableReadyCheck: false", withOptions({ enableReadyCheck: false })],
  ["enableAutoPipelining", withOptions({ enableAutoPipelining: true })],
  ["scaleReads: slave", withOptions({ scaleReads: "slave" })],
  ["scaleReads: all", withOptions({ scaleReads: "all" })],
  ["natMap", withOptions({ natMap: shifted })],
  ["natMap as a function", withOptions({ natMap: toNode })],
  [
    "dnsLookup",
    withOptions({
      dnsLookup: (_host, done) => done(null, "127.0.0.1"),
      nodes: [{ ...place(first), host: "redis.invalid" }],
    }),
  ],
  ["slotsRefreshInterval", withOptions({ slotsRefreshInterval: 50 })],
  ["a connection name", withOptions({ redisOptions: { connectionName: "worker" } })],
]);

refusals("Cluster, refused", [
  [
    "a wrong password",
    withOptions({ redisOptions: { password: "canary-wrong" }, clusterRetryStrategy: null }),
    {
      code: "WRONGPASS",
      theirs: /^(Failed to refresh slots cache|Connection is closed|None of startup nodes)/,
      db: first.admin,
    },
  ],
]);

function withPasswordInUrl(Redis) {
  const url = `redis://:secret@127.0.0.1:${first.port}`;
  return new Redis.Cluster([url], { keyPrefix: "{hitl}:", redisOptions: { password: "secret" } });
}
