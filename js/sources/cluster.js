// An ioredis Cluster client: which node has the slot of a store, and the client's life, which ours follows.
//
// The client is asked first: it knows the owners of the slots, and has ioredis make the options of a
// node. We look for the owner ourselves where it is not connected, or where its answer has failed:
// then any node will do, since each of them names the owner.

const { Opening } = require("../opening.js");
const { settingsOf } = require("../settings.js");
const { keyBeside, slotOf } = require("../slot.js");
const { lifeOf } = require("./cluster-life.js");
const { NodeOptions, keyOf } = require("./cluster-nodes.js");
const { delayOf, reactionOf } = require("../strategies.js");

class ClusterSource {
  /** A source for the slot of the keys that start with `prefix`, a Buffer. */
  constructor(client, prefix) {
    this.client = client;
    this.life = lifeOf(client);
    this.slot = slotOf(prefix);
    this.key = keyBeside(prefix);
    this.nodeOptions = new NodeOptions(client);
    /** The client's startup nodes, as it resolved them last. */
    this.startupNodes = [];
    /** The node that the last settings were about: an ioredis client, if only for its options. */
    this.node = undefined;
    /** Failures in a row that were not yet the cluster's. */
    this.failovers = 0;
  }

  attach(link) {
    this.link = link;
  }

  /** Whether the client takes no more commands. */
  hasEnded() {
    return this.life.hasEnded();
  }

  /** Nothing: `quit()` of a Cluster needs no place in its queue. */
  expectCall() {}

  watch() {
    this.life.add(this.link);
  }

  unwatch() {
    this.life.remove(this.link);
  }

  /** Never: a Cluster that is just connecting quits at once. */
  isEarly() {
    return false;
  }

  /** The settings for a connection to the slot's owner, or to a node that knows it. */
  async settings({ failures, redirect }) {
    const place = redirect ? this.placeOf(redirect) : await this.candidate(failures);
    this.node = this.nodeOptions.of(place, this.startupNodes);
    const { enableOfflineQueue, redisOptions, retryDelayOnFailover } = this.client.options;
    const { autoResendUnfulfilledCommands, ...options } = this.node.options;
    return {
      ...settingsOf({
        ...options,
        // Our scripts write: what a store says is read where it is written.
        readOnly: false,
        // A Cluster has but this one, and keeps commands while it is not connected.
        db: 0,
        enableOfflineQueue,
        // Without a delay ioredis does not send a command again whose node is lost.
        autoResendUnfulfilledCommands: autoResendUnfulfilledCommands && retryDelayOnFailover > 0,
        // The default is a client's of one server. A Cluster keeps commands as long as it tries to connect.
        maxRetriesPerRequest: redisOptions?.maxRetriesPerRequest,
      }),
      clusterKey: this.key,
    };
  }

  /** A socket that the connector of the node's client is to open. */
  opening() {
    const { connector, options } = this.node;
    return new Opening(connector.constructor, options);
  }

  /** Where a node is that another one has named. */
  placeOf({ host, port }) {
    // Without a host it is where the one that named it is.
    return this.client.natMapper(`${host || this.node?.options.host}:${port}`);
  }

  /** Where to try after so many failures: the owner, its replicas, the other nodes, the startup nodes. */
  async candidate(failures) {
    const known = this.knownNodes();
    if (failures < known.length) {
      return known[failures];
    }
    this.startupNodes = await this.client.resolveStartupNodeHostnames();
    const keys = new Set(known.map(keyOf));
    const all = [...known, ...this.startupNodes.filter((node) => !keys.has(keyOf(node)))];
    return all[failures % all.length];
  }

  /** The nodes that a connected client knows, those of the slot first. */
  knownNodes() {
    const { client } = this;
    if (client.status !== "ready" && client.status !== "connect") {
      return [];
    }
    const pool = client.connectionPool;
    // After MOVED the client has the owner under the name that the cluster gave it.
    const named = (key) => pool.getInstanceByKey(key) ?? pool.getInstanceByKey(keyOf(client.natMapper(key)));
    const ofSlot = (client.slots[this.slot] ?? []).map(named).filter(Boolean);
    return [...new Set([...ofSlot, ...client.nodes()])].map(({ options: { host, port } }) => ({ host, port }));
  }

  /**
   * How long to wait before an attempt. While the client is connected a node is lost, not the
   * cluster: that is up to `retryDelayOnFailover`, as often as `maxRedirections` says.
   */
  retryDelay(attempt) {
    if (this.hasEnded()) {
      return undefined;
    }
    const { client } = this;
    const { clusterRetryStrategy, maxRedirections, retryDelayOnFailover } = client.options;
    if (attempt === 1) {
      this.failovers = 0;
    }
    if (client.status === "ready" && retryDelayOnFailover > 0 && this.failovers < maxRedirections) {
      this.failovers += 1;
      return Number(retryDelayOnFailover);
    }
    return delayOf(clusterRetryStrategy?.bind(client), attempt - this.failovers);
  }

  /** What the `reconnectOnError` of the nodes says of a refusal. */
  reaction(refusal) {
    return reactionOf(this.node?.options.reconnectOnError, refusal);
  }
}

module.exports = { ClusterSource };
