// An ioredis client: what it says about the server, and its life, which ours follows.

const { databaseOf } = require("../database.js");
const { Listeners } = require("../listeners.js");
const { Opening } = require("../opening.js");
const { settingsOf } = require("../settings.js");
const { delayOf, reactionOf } = require("../strategies.js");

class RedisSource {
  constructor(client) {
    this.client = client;
    this.listeners = new Listeners(client, {
      connect: () => this.connected(),
      ready: () => this.link.settleEarly(),
      close: () => this.link.settleEarly(),
      end: () => this.ended(),
    });
    /** A place in the client's queue is taken for us. */
    this.isQueued = false;
    /** The client's database at the last call. */
    this.db = undefined;
    /** How often the client had connected at the last call. */
    this.clientEpoch = 0;
    /** The connection of the client that began with an end still remembered. */
    this.revivedEpoch = 0;
  }

  attach(link) {
    this.link = link;
  }

  /** Whether the client takes no more commands. */
  hasEnded() {
    const { client } = this;
    if (isAbandoned(client)) {
      this.link.close(false);
      return true;
    }
    if (client.status === "end" || isQuitting(client)) {
      return true;
    }
    return client.manuallyClosing && !this.isRevived();
  }

  /**
   * Whether the end that the client remembers is one that `connect()` has made undone: ioredis forgets
   * it only when it loses a connection.
   */
  isRevived() {
    const { connectionEpoch, connector, commandQueue } = this.client;
    if (hasQuit(commandQueue)) {
      this.revivedEpoch = 0;
    }
    return this.revivedEpoch === connectionEpoch && connector.connecting;
  }

  connected() {
    const { client } = this;
    if (client.manuallyClosing && client.connector.connecting) {
      this.revivedEpoch = client.connectionEpoch;
    }
  }

  /** Prepares the client for a call. */
  expectCall() {
    this.clientEpoch = this.client.connectionEpoch;
    this.followSelect();
    this.queueUp();
  }

  /** Opens a new connection for the calls after a `select()`; those before it end where they began. */
  followSelect() {
    const db = Number(databaseOf(this.client)) || 0;
    if (db !== this.db) {
      this.link.close(true);
      this.db = db;
    }
  }

  /** Follows the client's end: after `quit()` earlier calls finish, after `disconnect()` not. */
  watch() {
    this.listeners.putOn();
  }

  ended() {
    // Where sentinels lead nowhere the client ends without having been closed.
    this.link.settleEarly();
    this.link.close(!this.wasDisconnected());
  }

  /** The last instance on the client has been closed. */
  unwatch() {
    this.listeners.takeOff();
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
   * Whether an answer has to wait for the client. With the JavaScript version none comes before it
   * is ready, and ioredis takes two seconds to quit a client that is just connecting. Once it has been
   * connected, or has failed to, it may take as long as it likes: we have a connection of our own.
   */
  isEarly() {
    const { retryAttempts, status } = this.client;
    return retryAttempts === 0 && (status === "connecting" || status === "connect");
  }

  /** The settings for a connection that is about to be opened: users change them any time. */
  settings() {
    return settingsOf(this.client.options, { db: databaseOf(this.client) });
  }

  /** A socket that the client's own connector is to open. */
  opening() {
    const { connector, options } = this.client;
    return new Opening(connector.constructor, options);
  }

  /** What the client's own `retryStrategy` says: milliseconds, or nothing to give up. */
  retryDelay(attempt) {
    if (isAbandoned(this.client)) {
      this.link.close(false);
      return undefined;
    }
    return delayOf(this.client.options.retryStrategy, attempt);
  }

  /** What the client's `sentinelRetryStrategy` says when no sentinel names a server. */
  sentinelRetryDelay(rounds) {
    const { manuallyClosing, options, status } = this.client;
    if (manuallyClosing || status === "end") {
      // disconnect() while sentinels are asked: ioredis tells nobody before one of them answers.
      this.link.close(false);
      return undefined;
    }
    return delayOf(options.sentinelRetryStrategy, rounds);
  }

  /** What the client's `reconnectOnError` says of a refusal: 0 nothing, 1 reconnect, 2 and resend. */
  reaction(refusal) {
    return reactionOf(this.client.options.reconnectOnError, refusal);
  }
}

/** Whether the client was ended between two connections: ioredis tells nobody about it. */
function isAbandoned({ manuallyClosing, status }) {
  return manuallyClosing && (status === "reconnecting" || status === "close");
}

/** Whether a `quit()` waits in the queue of a client that is not ready. */
function isQuitting({ status, offlineQueue }) {
  return status !== "ready" && hasQuit(offlineQueue);
}

function hasQuit(queue) {
  return queue?.length > 0 && queue.toArray().some((item) => item.command.name === "quit");
}

module.exports = { RedisSource };
