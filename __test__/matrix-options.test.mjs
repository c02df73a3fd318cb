// What the client says besides where and as whom: none of it comes between our keys and the client's.

import { matrix } from "./support/matrix.mjs";
import { withRedis } from "./support/redis.mjs";

const server = await withRedis();
const at = (options) => ({ host: "127.0.0.1", port: server.port, ...options });
const withOptions = (options) => (Redis) => new Redis(at(options));
const ready = (client) => new Promise((resolve) => client.once("ready", () => resolve(client)));

/** A second client with the same options, for clients that cannot read themselves. */
const twin = { reader: (client) => server.adopt(client.duplicate()) };

matrix("database", [
  ["db", withOptions({ db: 3 })],
  ["db as text", withOptions({ db: "4" })],
  ["db 0", withOptions({ db: 0 })],
  ["select() before the first connection", (Redis) => selected(new Redis(at({ lazyConnect: true })), 5)],
  ["select() on a client that connects", (Redis) => selected(new Redis(at({ db: 1 })), 6)],
  ["select() on a client that is ready", async (Redis) => selected(await ready(new Redis(at())), 7)],
  ["select(0) on a client of another database", async (Redis) => selected(await ready(new Redis(at({ db: 1 }))), 0)],
]);

matrix("keyPrefix", [
  ["text", withOptions({ keyPrefix: "tenant:" })],
  ["an empty text", withOptions({ keyPrefix: "" })],
  ["a Buffer", withOptions({ keyPrefix: Buffer.from("buffer:") })],
  ["a Buffer with letters of the world", withOptions({ keyPrefix: Buffer.from("büro-日本:") })],
  ["an empty Buffer", withOptions({ keyPrefix: Buffer.alloc(0) })],
  ["letters of the world", withOptions({ keyPrefix: "Büro-日本-👩‍👩‍👧:" })],
  ["characters of patterns", withOptions({ keyPrefix: "a*b?[c]\\^-:" })],
  ["a hash tag", withOptions({ keyPrefix: "{hitl}:" })],
  ["line ends", withOptions({ keyPrefix: "a\r\nb:" })],
  ["with a database", withOptions({ keyPrefix: "both:", db: 2 })],
]);

matrix("names", [
  ["connectionName", withOptions({ connectionName: "worker" })],
  ["a connectionName that the server refuses", withOptions({ connectionName: "two words" })],
  ["disableClientInfo", withOptions({ disableClientInfo: true })],
  ["clientInfoTag", withOptions({ clientInfoTag: "payments" })],
]);

matrix("socket", [
  ["noDelay: false", withOptions({ noDelay: false })],
  ["keepAlive", withOptions({ keepAlive: 1000 })],
  ["keepAlive below a second", withOptions({ keepAlive: 1 })],
  ["connectTimeout 0", withOptions({ connectTimeout: 0 })],
  ["connectTimeout undefined", withOptions({ connectTimeout: undefined })],
  ["socketTimeout", withOptions({ socketTimeout: 5000 })],
  ["disconnectTimeout", withOptions({ disconnectTimeout: 1 })],
]);

matrix("patience", [
  ["commandTimeout", withOptions({ commandTimeout: 5000 })],
  ["commandTimeout as text, which ioredis ignores", withOptions({ commandTimeout: "1" })],
  ["maxRetriesPerRequest null", withOptions({ maxRetriesPerRequest: null })],
  ["maxRetriesPerRequest 0", withOptions({ maxRetriesPerRequest: 0 })],
  ["retryStrategy null", withOptions({ retryStrategy: null })],
  ["reconnectOnError", withOptions({ reconnectOnError: () => true })],
  ["autoResendUnfulfilledCommands: false", withOptions({ autoResendUnfulfilledCommands: false })],
  ["enableReadyCheck: false", withOptions({ enableReadyCheck: false })],
  ["enableOfflineQueue: false", (Redis) => ready(new Redis(at({ enableOfflineQueue: false })))],
]);

matrix("protocol and replies", [
  ["protocol 2", withOptions({ protocol: 2 })],
  ["protocol 3", withOptions({ protocol: 3 })],
  ["replyMapping resp3", withOptions({ protocol: 3, replyMapping: "resp3" })],
  ["stringNumbers", withOptions({ stringNumbers: true })],
  ["enableAutoPipelining", withOptions({ enableAutoPipelining: true })],
  ["readOnly, which a server outside of a Cluster refuses", withOptions({ readOnly: true })],
  ["showFriendlyErrorStack", withOptions({ showFriendlyErrorStack: true })],
  ["scripts of the caller", withOptions({ scripts: { answer: { lua: "return 42", numberOfKeys: 0 } } })],
]);

matrix("life", [
  ["lazyConnect", withOptions({ lazyConnect: true })],
  ["lazyConnect and connect()", (Redis) => connected(new Redis(at({ lazyConnect: true })))],
  ["a client that is ready", (Redis) => ready(new Redis(at()))],
  ["connect() again after quit()", (Redis) => reopened(new Redis(at()))],
  ["a client that subscribes", (Redis) => subscribed(new Redis(at({ protocol: 2 }))), twin],
  ["a client in the middle of MULTI", (Redis) => inMulti(new Redis(at())), twin],
  ["a client that waits in a blocking command", (Redis) => blocked(new Redis(at())), twin],
  ["MONITOR", (Redis) => new Redis(at({ monitor: true })), { reader: () => server.client() }],
]);

function selected(client, db) {
  client.select(db);
  return client;
}

async function connected(client) {
  await client.connect();
  return client;
}

async function reopened(client) {
  await ready(client);
  client.quit();
  await new Promise((resolve) => client.once("end", resolve));
  await client.connect();
  return client;
}

async function subscribed(client) {
  await client.subscribe("channel");
  return client;
}

async function inMulti(client) {
  await client.multi({ pipeline: false });
  return client;
}

async function blocked(client) {
  await ready(client);
  client.blpop("nothing-there", 0).catch(() => {});
  return client;
}
