// The life of an ioredis Cluster client, for all links on it: one set of listeners.

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
  }

  /** Whether the client takes no more commands. After `quit()` or `disconnect()` it may never come to its end. */
  hasEnded() {
    const { manuallyClosing, status } = this.client;
    return status === "end" || Boolean(manuallyClosing && (status === "disconnecting" || status === "close"));
  }

  /** Has a link follow the client's end: after `quit()` earlier calls finish, after `disconnect()` not. */
  add(link) {
    if (this.links.size === 0) {
      this.watch();
    }
    this.links.add(link);
  }

  watch() {
    const { client } = this;
    this.isConnected = client.status === "connect" || client.status === "ready";
    client.on("connect", () => {
      this.isConnected = true;
    });
    client.on("close", () => {
      this.isConnected = false;
    });
    client.on("disconnecting", () => {
      if (this.hasEnded()) {
        this.close(!this.wasDisconnected());
      }
    });
    client.on("end", () => {
      if (this.hasEnded()) {
        this.close(true);
      }
    });
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
