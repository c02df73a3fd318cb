// Where the server is: every way to say it to ioredis.

import { networkInterfaces } from "node:os";
import { matrix, refusals } from "./support/matrix.mjs";
import { freePort, withRedis } from "./support/redis.mjs";

const server = await withRedis({ args: ["--bind", "127.0.0.1", "-::1"] });
const db = server.client();
const onlyIPv4 = await withRedis();
const { port, socket } = server;

const host = "127.0.0.1";
const hasIPv6 = Object.values(networkInterfaces()).some((list) => list.some(({ address }) => address === "::1"));
const noIPv6 = hasIPv6 ? false : "this machine has no IPv6";

const TEXTS =
  "commandTimeout=1&keepAlive=1&maxRetriesPerRequest=0&enableReadyCheck=false&enableOfflineQueue=false" +
  "&lazyConnect=false&noDelay=false&socketTimeout=5000";

/** A client that gives up soon where it meets nobody. */
const hasty = (options) => ({ retryStrategy: () => 1, maxRetriesPerRequest: 2, ...options });

matrix("TCP", [
  ["a port", (Redis) => new Redis(port)],
  ["a port and a host", (Redis) => new Redis(port, host)],
  ["a port, a host and options", (Redis) => new Redis(port, host, { db: 1 })],
  ["a port and options", (Redis) => new Redis(port, { db: 1 })],
  ["a port as text", (Redis) => new Redis(String(port))],
  ["host:port", (Redis) => new Redis(`${host}:${port}`)],
  ["options", (Redis) => new Redis({ host, port })],
  ["options, the port as text", (Redis) => new Redis({ host, port: String(port) })],
  ["options without a host", (Redis) => new Redis({ port })],
  ["a host that is null", (Redis) => new Redis({ host: null, port })],
  ["a host name", (Redis) => new Redis({ host: "localhost", port })],
  ["a host name, family 4", (Redis) => new Redis({ host: "localhost", port, family: 4 })],
  ["an IPv4 address, family 4", (Redis) => new Redis({ host, port, family: 4 })],
  ["an IPv4 address, whatever the family", (Redis) => new Redis({ host, port, family: 6 })],
  ["an IPv6 address", (Redis) => new Redis({ host: "::1", port }), { skip: noIPv6 }],
  ["an IPv6 address, family 6", (Redis) => new Redis({ host: "::1", port, family: 6 }), { skip: noIPv6 }],
  ["an IPv6 address, whatever the family", (Redis) => new Redis({ host: "::1", port, family: 4 }), { skip: noIPv6 }],
  ["a duplicate of a client", (Redis) => duplicated(new Redis({ host, port, db: 2, lazyConnect: true }))],
  ["a subclass of Redis", (Redis) => new (class Ours extends Redis {})({ host, port })],
  ["an address that was changed before the first connection", (Redis) => moved(new Redis({ lazyConnect: true }))],
]);

matrix("URL", [
  ["redis://host:port", (Redis) => new Redis(`redis://${host}:${port}`)],
  ["redis://name:port", (Redis) => new Redis(`redis://localhost:${port}`)],
  ["redis://host:port/", (Redis) => new Redis(`redis://${host}:${port}/`)],
  ["redis://[IPv6]:port", (Redis) => new Redis(`redis://[::1]:${port}`), { skip: noIPv6 }],
  ["//host:port", (Redis) => new Redis(`//${host}:${port}`)],
  ["/db", (Redis) => new Redis(`redis://${host}:${port}/3`)],
  ["?db=", (Redis) => new Redis(`redis://${host}:${port}?db=4`)],
  ["/db and ?db=: the path wins", (Redis) => new Redis(`redis://${host}:${port}/5?db=6`)],
  ["?family=", (Redis) => new Redis(`redis://localhost:${port}?family=4`)],
  ["?keyPrefix=", (Redis) => new Redis(`redis://${host}:${port}?keyPrefix=tenant:`)],
  // ioredis judges some of them by their type and the others by their truth: none of these is what it says.
  // A connectTimeout is missing: as text it is too much for ioredis itself.
  ["options as text", (Redis) => new Redis(`redis://${host}:${port}?${TEXTS}`)],
  ["a URL and options: the URL wins", (Redis) => new Redis(`redis://${host}:${port}/3`, { port: 1, db: 9 })],
  [
    "a URL and options that it does not name",
    (Redis) => new Redis(`redis://${host}:${port}`, { db: 7, keyPrefix: "p:" }),
  ],
]);

matrix("Unix socket", [
  ["path", (Redis) => new Redis({ path: socket })],
  ["path beside a host and a port", (Redis) => new Redis({ path: socket, host, port: 1 })],
  ["path and db", (Redis) => new Redis({ path: socket, db: 3 })],
  ["a bare path", (Redis) => new Redis(socket)],
  ["a bare path with ?db=", (Redis) => new Redis(`${socket}?db=4`)],
  ["unix://", (Redis) => new Redis(`unix://${socket}`)],
]);

refusals("nobody there", [
  [
    "a port that is closed",
    async (Redis) => new Redis(hasty({ host, port: await freePort() })),
    { code: "MAX_RETRIES", cause: /^ECONNREFUSED$/, db },
  ],
  [
    "a name that does not exist",
    (Redis) => new Redis(hasty({ host: "no-such-host.invalid", port })),
    { code: "MAX_RETRIES", cause: /^(ENOTFOUND|EAI_AGAIN)$/, db },
  ],
  [
    "a socket that does not exist",
    (Redis) => new Redis(hasty({ path: `${socket}.none` })),
    { code: "MAX_RETRIES", cause: /^ENOENT$/, db },
  ],
  [
    "a family for which the name has no server",
    (Redis) => new Redis(hasty({ host: "localhost", port: onlyIPv4.port, family: 6 })),
    { code: "MAX_RETRIES", cause: /^(ENOTFOUND|EAI_\w+|ECONNREFUSED)$/, db: onlyIPv4.client() },
  ],
]);

function duplicated(client) {
  const duplicate = client.duplicate({ lazyConnect: false });
  client.disconnect();
  return duplicate;
}

function moved(client) {
  Object.assign(client.options, { host, port });
  return client;
}
