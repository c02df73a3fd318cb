// What options of ioredis mean for our connection: the `Settings` of src/connection/settings.rs.

const { version } = require("../package.json");
const { sentinelRouteOf } = require("./sentinel.js");
const { tlsOf } = require("./tls.js");

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
  // Whatever the client's own connector speaks is up to it.
  const tls = serverTlsOf(options);
  const isCarried = needsCarrier(options, tls);
  return {
    route: isCarried ? "carried" : routeOf(options),
    tls: isCarried ? null : tls,
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
    replica: Boolean(options.sentinels && options.role === "slave"),
    reconnectOnError: typeof options.reconnectOnError === "function",
  };
}

/** The `Route` to a server that we can reach ourselves. */
function routeOf(options) {
  if (options.sentinels) {
    return sentinelRouteOf(options);
  }
  const { family, host, path, port } = placeOf(options);
  if (path) {
    return { direct: { unix: { path: String(path) } } };
  }
  return {
    direct: {
      tcp: {
        host: String(host ?? "localhost"),
        port: Number(port ?? 6379),
        family: Number(family) || 0,
      },
    },
  };
}

/** Where the server is. As ioredis has it, `tls` may say so, too. */
function placeOf(options) {
  const { family, host, path, port } = options;
  const place = path ? { path } : { family, host, port };
  return options.tls ? Object.assign(place, options.tls) : place;
}

/**
 * TLS with the server: `null` for none, `undefined` where only Node's own can do what the options say.
 * With Sentinel, `tls` says only what it would be like.
 */
function serverTlsOf(options) {
  const { enableTLSForSentinelMode, sentinels, tls } = options;
  return tls && (!sentinels || enableTLSForSentinelMode) ? tlsOf(options) : null;
}

/** Whether only the client's own connector knows the way, or how to speak there. */
function needsCarrier(options, tls = serverTlsOf(options)) {
  const { Connector, natMap, preferredSlaves, sentinels, sentinelTLS } = options;
  if (Connector || tls === undefined) {
    return true;
  }
  if (sentinels) {
    const hasChooser = [natMap, preferredSlaves].some((chooser) => typeof chooser === "function");
    return hasChooser || Boolean(sentinelTLS && tlsOf({ sentinels, tls: sentinelTLS }) === undefined);
  }
  return Boolean(placeOf(options).path) && process.platform === "win32";
}

module.exports = { needsCarrier, settingsOf };
