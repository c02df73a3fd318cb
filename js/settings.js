// What options of ioredis mean for our connection: the `Settings` of src/connection/settings.rs.

const { version } = require("../package.json");
const { sentinelRouteOf } = require("./sentinel.js");

/** ioredis judges some options by their type: a string from a URL counts as absent. */
const number = (value) => (typeof value === "number" && value >= 0 ? limited(value) : undefined);

/** An option that ioredis hands to a timer, which takes a string as well; 0 means none. */
const timer = (value) => (Number(value) > 0 ? limited(Number(value)) : undefined);

const limited = (value) => (Number.isFinite(value) ? Math.floor(value) : undefined);

/** How ioredis waits for a server that loads its data, unless the options say otherwise. */
const LOADING_PATIENCE = 10_000;

/** The settings of a connection to the server that `options` describe. */
function settingsOf(options, { db } = options) {
  // ioredis authenticates when either is there, and sends "" for a missing password.
  const authenticates = Boolean(options.username || options.password);
  return {
    route: routeOf(options),
    username: authenticates && options.username ? String(options.username) : undefined,
    password: authenticates ? String(options.password ?? "") : undefined,
    db: Number(db) || 0,
    // Named after the caller's connection, so that an operator sees whose it is.
    connectionName: `${options.connectionName || "ioredis"}:hitl`,
    libraryName: options.disableClientInfo
      ? undefined
      : `hitl-state-ioredis${options.clientInfoTag ? `(${options.clientInfoTag})` : ""}`,
    libraryVersion: version,
    noDelay: Boolean(options.noDelay),
    keepAlive: number(options.keepAlive) ?? 0,
    connectTimeout: timer(options.connectTimeout),
    commandTimeout: number(options.commandTimeout),
    socketTimeout: timer(options.socketTimeout),
    maxRetriesPerRequest: number(options.maxRetriesPerRequest),
    enableOfflineQueue: Boolean(options.enableOfflineQueue),
    autoResendUnfulfilledCommands: Boolean(options.autoResendUnfulfilledCommands),
    enableReadyCheck: Boolean(options.enableReadyCheck),
    maxLoadingRetryTime: number(options.maxLoadingRetryTime) ?? LOADING_PATIENCE,
    readOnly: Boolean(options.readOnly),
    reconnectOnError: typeof options.reconnectOnError === "function",
  };
}

/** The `Route` to the server. */
function routeOf(options) {
  if (options.sentinels) {
    return sentinelRouteOf(options);
  }
  if (options.path) {
    return { direct: { unix: { path: String(options.path) } } };
  }
  return {
    direct: {
      tcp: {
        host: String(options.host ?? "localhost"),
        port: Number(options.port ?? 6379),
        family: Number(options.family) || 0,
      },
    },
  };
}

module.exports = { settingsOf };
