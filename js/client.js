// The caller's ioredis client: what it says about the server, and its life, which ours follows.

const native = require("../binding.js");
const { version } = require("../package.json");
const { forgetLink, openLink } = require("./bridge.js");
const { connectionClosed } = require("./errors.js");

/** How long `close()` waits for calls before it gives them up, in milliseconds. */
const CLOSE_PATIENCE = 1000;

/** What makes keys share a slot of a Cluster. */
const HASH_TAG = /\{[^}]+\}/;

/** One link for each client, shared by all instances on it. */
const links = new WeakMap();

function linkOf(client) {
  let link = links.get(client);
  if (link === undefined) {
    link = new Link(client);
    links.set(client, link);
  }
  return link;
}

/** Our connection beside the caller's: opened by the first call, closed when theirs ends. */
class Link {
  constructor(client) {
    this.client = client;
    this.handle = null;
    this.number = 0;
    /** Calls that have not been settled. */
    this.pending = 0;
    /** Counts openings: what belongs to an earlier one is opened anew. */
    this.epoch = 0;
    /** Instances that have not been closed. */
    this.users = 0;
    this.isWatching = false;
    /** A place in the client's queue is taken for us. */
    this.isQueued = false;
    /** Answers that came before the client was ready. */
    this.early = [];
    /** How often the client had connected at the last call. */
    this.clientEpoch = 0;
    this.waiters = [];
  }

  /** Makes sure that there is a native connection. Throws once the caller's client has ended. */
  open() {
    const { client } = this;
    if (client.status === "end" || client.manuallyClosing || isQuitting(client)) {
      throw connectionClosed();
    }
    this.clientEpoch = client.connectionEpoch;
    this.queueUp();
    if (this.handle === null) {
      const { number, handle } = openLink(this);
      this.handle = handle;
      this.number = number;
      this.epoch += 1;
      this.watch();
    }
  }

  /** Follows the client's end: after `quit()` earlier calls finish, after `disconnect()` not. */
  watch() {
    if (!this.isWatching) {
      this.isWatching = true;
      this.client.on("ready", () => this.settleEarly());
      this.client.on("close", () => this.settleEarly());
      this.client.on("end", () => this.close(!this.wasDisconnected()));
    }
  }

  /**
   * Both `quit()` and `disconnect()` end a client; only the latter stops its connector, unless
   * the client had not begun to connect.
   */
  wasDisconnected() {
    const { connector, connectionEpoch } = this.client;
    const quitBeforeConnecting = this.clientEpoch === 0 && connectionEpoch > 0;
    return connector?.connecting === false && !quitBeforeConnecting;
  }

  /**
   * Takes a place in the queue of a client that is not ready, as the JavaScript version's
   * commands do: with an empty queue `quit()` is the same as `disconnect()`.
   */
  queueUp() {
    const { client } = this;
    if (client.status !== "ready" && client.status !== "wait" && !this.isQueued) {
      this.isQueued = true;
      const leave = () => {
        this.isQueued = false;
      };
      // What becomes of it does not matter: our calls have their own fate.
      client.ping().then(leave, leave);
    }
  }

  /**
   * Whether an answer has to wait for the caller's client. With the JavaScript version none comes
   * before it is ready, and ioredis takes two seconds to quit a client that is just connecting.
   */
  isEarly() {
    const { status } = this.client;
    return status === "connecting" || status === "connect";
  }

  settleEarly() {
    const early = this.early;
    this.early = [];
    for (const settle of early) {
      settle();
    }
  }

  close(graceful) {
    if (this.handle !== null) {
      native.closeLink(this.handle, graceful);
      this.handle = null;
      if (this.pending === 0) {
        forgetLink(this.number);
      } else {
        const { number } = this;
        this.waiters.push(() => forgetLink(number));
      }
    }
  }

  /** Resolves when the calls made so far are settled; gives them up after a second. */
  async closeGently() {
    const { handle } = this;
    this.close(true);
    if (handle !== null && this.pending > 0) {
      const giveUp = setTimeout(() => native.closeLink(handle, false), CLOSE_PATIENCE);
      await new Promise((resolve) => this.waiters.push(resolve));
      clearTimeout(giveUp);
    }
  }

  /** The last pending call has been settled. */
  drained() {
    if (this.waiters.length > 0) {
      const waiters = this.waiters;
      this.waiters = [];
      for (const waiter of waiters) {
        waiter();
      }
    }
  }

  /** The settings for a connection that is about to be opened: users change them any time. */
  settings() {
    return settingsOf(this.client);
  }

  /** What the client's own `retryStrategy` says: milliseconds, or nothing to give up. */
  retryDelay(attempt) {
    const { manuallyClosing, options, status } = this.client;
    if (manuallyClosing && (status === "reconnecting" || status === "close")) {
      // disconnect() between two connections: ioredis tells nobody about it.
      this.close(false);
      return undefined;
    }
    const { retryStrategy } = options;
    if (typeof retryStrategy !== "function") {
      return undefined;
    }
    try {
      const delay = retryStrategy(attempt);
      return typeof delay === "number" ? Math.max(0, delay) || 0 : undefined;
    } catch {
      return undefined; // ioredis would end the process here
    }
  }
}

/** Whether a `quit()` waits in the queue of a client that is not ready. */
function isQuitting({ status, offlineQueue }) {
  return (
    status !== "ready" &&
    offlineQueue?.length > 0 &&
    offlineQueue.toArray().some((item) => item.command.name === "quit")
  );
}

/** ioredis judges some options by their type: a string from a URL counts as absent. */
const number = (value) => (typeof value === "number" && value >= 0 ? limited(value) : undefined);

/** An option that ioredis hands to a timer, which takes a string as well; 0 means none. */
const timer = (value) => (Number(value) > 0 ? limited(Number(value)) : undefined);

const limited = (value) => (Number.isFinite(value) ? Math.floor(value) : undefined);

function settingsOf({ options, condition }) {
  // ioredis authenticates when either is there, and sends "" for a missing password.
  const authenticates = Boolean(options.username || options.password);
  return {
    address: options.path
      ? { unix: { path: String(options.path) } }
      : {
          tcp: {
            host: String(options.host ?? "localhost"),
            port: Number(options.port ?? 6379),
            family: Number(options.family) || 0,
          },
        },
    username: authenticates && options.username ? String(options.username) : undefined,
    password: authenticates ? String(options.password ?? "") : undefined,
    db: Number(condition?.select ?? options.db) || 0,
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
    maxRetriesPerRequest: number(options.maxRetriesPerRequest),
    enableOfflineQueue: Boolean(options.enableOfflineQueue),
    autoResendUnfulfilledCommands: Boolean(options.autoResendUnfulfilledCommands),
  };
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
