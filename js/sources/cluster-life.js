// The life of an ioredis Cluster client, for all links on it: one set of listeners.

const { Listeners } = require("../listeners.js");

const lives = new WeakMap();

function lifeOf(client) {
  let life = lives.get(client);
  if (life === undefined) {
    life = new ClusterLife(client);
    lives.set(client, life);
  }
  return life;
}

class ClusterLife {
  constructor(client) {
    this.client = client;
    this.links = new Set();
    /** Whether the client has nodes. */
    this.isConnected = false;
    this.listeners = new Listeners(client, {
      connect: () => {
        this.isConnected = true;
      },
      close: () => {
        this.isConnected = false;
      },
      disconnecting: () => {
        if (this.hasEnded()) {
          this.close(!this.wasDisconnected());
        }
      },
      end: () => {
        if (this.hasEnded()) {
          this.close(true);
        }
      },
    });
  }

  /**
   * Whether the client takes no more commands. After `quit()` or `disconnect()` it may never come to
   * its end, or say that it is ready on the way there; `connect()` begins anew.
   */
  hasEnded() {
    const { manuallyClosing, status } = this.client;
    return status === "end" || Boolean(manuallyClosing && status !== "connecting");
  }

  /** Has a link follow the client's end: after `quit()` earlier calls finish, after `disconnect()` not. */
  add(link) {
    if (this.links.size === 0) {
      const { status } = this.client;
      this.isConnected = status === "connect" || status === "ready";
      this.listeners.putOn();
    }
    this.links.add(link);
  }

  /** The last instance on a link has been closed. */
  remove(link) {
    this.links.delete(link);
    if (this.links.size === 0) {
      this.listeners.takeOff();
    }
  }

  /**
   * `disconnect()` drops the nodes at once, and ends a client that waits; `quit()` leaves both for
   * later. Before a client has nodes there is no telling: its calls finish, unless one attempt fails.
   */
  wasDisconnected() {
    const { client } = this;
    return client.status === "end" || (this.isConnected && client.nodes().length === 0);
  }

  close(graceful) {
    for (const link of this.links) {
      link.close(graceful);
    }
  }
}

module.exports = { lifeOf };
