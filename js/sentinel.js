// What ioredis's options for Sentinel mean: the `SentinelRoute` of src/connection/settings.rs.

const { SettingsError } = require("./answers.js");
const { delayOf } = require("./strategies.js");
const { tlsOf } = require("./tls.js");

/** Where sentinels listen unless the options say otherwise. */
const SENTINEL_PORT = 26_379;

/** The `Route` to the server that the sentinels of `options` name. */
function sentinelRouteOf(options) {
  const { name, role, sentinels, sentinelCommandTimeout } = options;
  if (!Array.isArray(sentinels) || sentinels.length === 0) {
    throw new SettingsError("Requires at least one sentinel to connect to.");
  }
  if (!name) {
    throw new SettingsError("Requires the name of master.");
  }
  // ioredis hands its clients of sentinels null for what is empty.
  const { sentinelUsername: username, sentinelPassword: password } = options;
  return {
    sentinel: {
      sentinels: sentinels.map((sentinel) => placeOf(sentinel, options)),
      name: String(name),
      role: String(role),
      username: username || password ? String(username || "") : undefined,
      password: username || password ? String(password || "") : undefined,
      tls: options.sentinelTLS ? tlsOf({ sentinels, tls: options.sentinelTLS }) : undefined,
      commandTimeout: typeof sentinelCommandTimeout === "number" ? Math.max(0, sentinelCommandTimeout) : undefined,
      updateSentinels: Boolean(options.updateSentinels),
      natMap: natMapOf(options),
      preferredReplicas: preferredOf(options.preferredSlaves),
      detector: options.failoverDetector ? detectorOf(options) : undefined,
    },
  };
}

/** How sentinels are listened to. One that is lost: ioredis's strategy says the same each time. */
function detectorOf({ sentinelMaxConnections, sentinelReconnectStrategy }) {
  const reconnect = delayOf(sentinelReconnectStrategy, 1);
  return {
    sentinels: Math.max(0, Math.ceil(Number(sentinelMaxConnections) || 0)),
    reconnect: reconnect === undefined ? undefined : Math.floor(reconnect),
  };
}

/** The `Address` of a sentinel. */
function placeOf({ host, port, family }, options) {
  return tcp(host || "localhost", port || SENTINEL_PORT, family || (options.path ? 0 : options.family));
}

/** Where servers and sentinels are that other sentinels name by `host:port`. */
function natMapOf({ natMap }) {
  if (natMap === null || typeof natMap !== "object") {
    return {};
  }
  const mapped = Object.entries(natMap).filter(([, place]) => place);
  return Object.fromEntries(
    mapped.map(([key, { host, port, family }]) => [key, tcp(host ?? "localhost", port, family)]),
  );
}

function tcp(host, port, family) {
  return { tcp: { host: String(host), port: Number(port), family: Number(family) || 0 } };
}

/**
 * The replicas that the user prefers, the most wanted first. As with ioredis, a port that is not text
 * is that of no replica: sentinels name them so.
 */
function preferredOf(preferred) {
  if (preferred === null || typeof preferred !== "object") {
    return [];
  }
  return [preferred]
    .flat()
    .sort((one, other) => (one.prio ?? 1) - (other.prio ?? 1))
    .filter(({ ip, port }) => typeof ip === "string" && typeof port === "string")
    .map(({ ip, port }) => ({ ip, port }));
}

module.exports = { sentinelRouteOf };
