// Real Redis Clusters for tests: several servers of support/redis.mjs that have met, with helpers to
// move slots, fail over, and take nodes away.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, Redis5, startRedis } from "./redis.mjs";

const SLOTS = 16_384;

/** The cluster bus listens this much above a node's port. */
const BUS = 10_000;

/** Longest wait for the nodes to agree about something. */
const PATIENCE_MS = 60_000;

async function isFree(port) {
  const listener = createServer();
  const free = await new Promise((resolve) => {
    listener.once("error", () => resolve(false));
    listener.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (free) {
    listener.close();
    await once(listener, "close");
  }
  return free;
}

/** A free port with a free bus port above it. */
async function clusterPort() {
  for (;;) {
    const port = await freePort();
    if (port + BUS < 65_536 && (await isFree(port + BUS))) return port;
  }
}

/** Polls until `condition` holds; `what` says what was waited for. A node that is loading data refuses: not yet. */
export async function until(what, condition) {
  const limit = Date.now() + PATIENCE_MS;
  for (;;) {
    const holds = await (async () => condition())().catch((error) => {
      if (Date.now() > limit) throw error;
    });
    if (holds) return holds;
    if (Date.now() > limit) throw new Error(`waited in vain until ${what}`);
    await pause(10);
  }
}

/** One node: its server, its id, and a client to command it with. */
class Node {
  constructor(server, { username, password }) {
    this.server = server;
    this.admin = server.adopt(new Redis5({ path: server.socket, username, password, retryStrategy: () => 20 }));
  }

  get port() {
    return this.server.port;
  }

  get key() {
    return `127.0.0.1:${this.port}`;
  }

  async meet(other) {
    await this.admin.cluster("MEET", "127.0.0.1", other.port);
  }

  /** The fields of CLUSTER INFO. */
  async info() {
    const lines = (await this.admin.cluster("INFO")).trim().split(/\r?\n/);
    return Object.fromEntries(lines.map((line) => line.split(/:(.*)/s)));
  }

  /** What this node knows of the others, as CLUSTER NODES tells it. */
  async view() {
    const lines = (await this.admin.cluster("NODES")).trim().split("\n");
    return lines.map((line) => {
      const [id, , flags, primary, , , , link, ...slots] = line.split(" ");
      return { id, flags: flags.split(","), primary, link, slots: slots.filter((text) => !text.startsWith("[")) };
    });
  }

  /** The connections of clients with this name. */
  async connections(name) {
    const lines = (await this.admin.client("LIST")).trim().split("\n");
    const fields = (line) => Object.fromEntries(line.split(" ").map((field) => field.split(/=(.*)/s).slice(0, 2)));
    return lines.map(fields).filter((connection) => connection.name === name);
  }
}

class RedisCluster {
  constructor(nodes, { username, password, tls }) {
    this.nodes = nodes;
    this.redisOptions = { username, password, tls };
  }

  get running() {
    return this.nodes.filter(({ server }) => server.isRunning);
  }

  /** Makes the nodes one cluster: the first `primaries` share the slots, the others replicate them in turn. */
  async form(primaries) {
    const { nodes } = this;
    for (const [i, node] of nodes.entries()) {
      node.id = await node.admin.cluster("MYID");
      await node.admin.cluster("SET-CONFIG-EPOCH", i + 1);
      if (i < primaries) {
        const first = Math.round((SLOTS * i) / primaries);
        const end = Math.round((SLOTS * (i + 1)) / primaries);
        await node.admin.cluster("ADDSLOTS", ...Array.from({ length: end - first }, (_, n) => first + n));
      }
    }
    for (const node of nodes) for (const other of nodes) if (node !== other) await node.meet(other);
    await until("all nodes have met", () =>
      this.everywhere((view) => view.filter(({ flags }) => !flags.includes("handshake")).length === nodes.length),
    );
    for (const [i, node] of nodes.slice(primaries).entries()) {
      await node.admin.cluster("REPLICATE", nodes[i % primaries].id);
    }
    await this.whole();
  }

  /** Whether `condition` holds for what each running node knows of the others. */
  async everywhere(condition) {
    const views = await Promise.all(this.running.map((node) => node.view()));
    return views.every(condition);
  }

  /** Waits until all running nodes say that the cluster works, and replicas are in step. */
  async whole() {
    const ids = this.running.map(({ id }) => id);
    const isWhole = async () => {
      const infos = await Promise.all(this.running.map((node) => node.info()));
      const works = infos.every((info) => info.cluster_state === "ok" && Number(info.cluster_slots_ok) === SLOTS);
      const roles = await Promise.all(this.running.map((node) => node.admin.role()));
      const inStep = roles.every(([role, , , state]) => role === "master" || state === "connected");
      const replicas = roles.filter(([role]) => role !== "master").length;
      const agree = await this.everywhere(
        (view) =>
          view.every(({ id, flags }) => !ids.includes(id) || !flags.some((flag) => /fail|handshake/.test(flag))) &&
          view.filter(({ id, primary }) => ids.includes(id) && primary !== "-").length === replicas,
      );
      return works && inStep && agree;
    };
    // A replica that takes over the data of its primary says that it is loading.
    const isNot = (error) => assert.match(error.message, /^LOADING /);
    await until("the cluster is whole", () => isWhole().catch(isNot));
  }

  node(id) {
    return this.nodes.find((node) => node.id === id);
  }

  /** The slot of a key, as the server computes it. */
  slotOf(key) {
    return this.running[0].admin.cluster("KEYSLOT", key);
  }

  /** The node that has a slot, in the eyes of `from`. */
  async ownerOf(slot, from = this.running[0]) {
    const covers = (range) => {
      const [first, last = first] = range.split("-").map(Number);
      return first <= slot && slot <= last;
    };
    const view = await from.view();
    return this.node(view.find(({ slots }) => slots.some(covers))?.id);
  }

  async replicasOf(primary) {
    const view = await this.running[0].view();
    return view.filter(({ primary: of }) => of === primary.id).map(({ id }) => this.node(id));
  }

  /** Waits until all running nodes take this node for the owner of the slot, for so long. Says whether they do. */
  async owned(slot, node, patience = PATIENCE_MS) {
    const limit = Date.now() + patience;
    for (;;) {
      const owners = await Promise.all(this.running.map((from) => this.ownerOf(slot, from)));
      if (owners.every((owner) => owner === node)) return true;
      if (Date.now() > limit) return false;
      await pause(5);
    }
  }

  /** Makes a replica the owner of the slot, without loss. Returns the new owner. */
  async failover(slot) {
    const [replica] = await this.replicasOf(await this.ownerOf(slot));
    await until("the replica takes over", async () => {
      await replica.admin.cluster("FAILOVER");
      // A node that has just lost an election, or won one, may believe for a moment that it has won this one.
      return this.owned(slot, replica, 6000);
    });
    return replica;
  }

  /** Begins to move a slot: keys that its owner does not have are asked for at `to`. */
  async beginMove(slot, to) {
    const from = await this.ownerOf(slot);
    await to.admin.cluster("SETSLOT", slot, "IMPORTING", from.id);
    await from.admin.cluster("SETSLOT", slot, "MIGRATING", to.id);
    return from;
  }

  /** Moves up to `count` keys of a slot that is being moved. Returns how many there were. */
  async moveKeys(slot, from, to, count = 100) {
    const keys = await from.admin.call("CLUSTER", "GETKEYSINSLOT", slot, count);
    if (keys.length > 0) {
      const { username, password } = this.redisOptions;
      const auth = password === undefined ? [] : username ? ["AUTH2", username, password] : ["AUTH", password];
      await from.admin.migrate("127.0.0.1", to.port, "", 0, 5000, "REPLACE", ...auth, "KEYS", ...keys);
    }
    return keys.length;
  }

  /** Ends the move of a slot whose keys have been moved. */
  async endMove(slot, to) {
    const primaries = [];
    for (const node of this.running) if ((await node.admin.role())[0] === "master") primaries.push(node);
    primaries.sort((a, b) => Number(b === to) - Number(a === to));
    for (const node of primaries) await node.admin.cluster("SETSLOT", slot, "NODE", to.id);
    assert.ok(await this.owned(slot, to), `slot ${slot} did not become that of ${to.key}`);
  }

  /** Moves a slot with all its keys. */
  async move(slot, to) {
    const from = await this.beginMove(slot, to);
    while ((await this.moveKeys(slot, from, to)) > 0);
    await this.endMove(slot, to);
  }

  /** A primary that does not own the slot. */
  async strangerTo(slot) {
    const view = await this.running[0].view();
    const owner = await this.ownerOf(slot);
    return this.node(view.find(({ id, slots }) => slots.length > 0 && id !== owner.id).id);
  }

  /** An ioredis Cluster client; closed with the cluster. `Library`: `Redis5` (default) or `Redis6`. */
  client(options = {}, Library = Redis5, startupNodes = this.nodes.slice(0, 1)) {
    const places = startupNodes.map((node) => (node instanceof Node ? { host: "127.0.0.1", port: node.port } : node));
    const redisOptions = { ...this.redisOptions, ...options.redisOptions };
    return this.adopt(new Library.Cluster(places, { ...options, redisOptions }));
  }

  /** Closes this client, too, when the cluster is stopped. */
  adopt(client) {
    return this.nodes[0].server.adopt(client);
  }

  async stop() {
    await Promise.all(this.nodes.map(({ server }) => server.stop()));
  }
}

/**
 * Starts a cluster and waits until it works.
 *
 * @param {{ primaries?: number, replicas?: number, nodeTimeout?: number, username?: string, password?: string,
 *   tls?: object, args?: (index: number) => (string | number)[] }} [options]
 *   `replicas` of each primary. `username` and `password` are those of the nodes' commander and of the clients; with
 *   `password` alone the servers require it. `tls`: `{ server, client }`, options of `tlsArgs` and of a client.
 */
export async function startCluster({
  primaries = 3,
  replicas = 0,
  nodeTimeout = 2000,
  username,
  password,
  tls,
  args = () => [],
} = {}) {
  const secrets = password === undefined ? [] : ["--requirepass", password, "--masterauth", password];
  const encrypted = tls === undefined ? [] : ["--tls-cluster", "yes", "--tls-replication", "yes"];
  const servers = await Promise.all(
    Array.from({ length: primaries * (1 + replicas) }, (_, index) =>
      startRedis({
        findPort: clusterPort,
        tls: tls?.server,
        args: [
          ...["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", nodeTimeout],
          // A replica that a busy machine kept waiting may take over all the same, and syncs at once.
          ...["--cluster-replica-validity-factor", 0, "--repl-diskless-sync-delay", 0],
          ...[...secrets, ...encrypted, ...args(index)],
        ],
      }),
    ),
  );
  const nodes = servers.map((server) => new Node(server, { username, password }));
  const cluster = new RedisCluster(nodes, { username, password, tls: tls?.client });
  try {
    await cluster.form(primaries);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

/** Starts a cluster for the tests of one file, and stops it after the last of them. */
export async function withCluster(options) {
  const cluster = await startCluster(options);
  after(() => cluster.stop());
  return cluster;
}
