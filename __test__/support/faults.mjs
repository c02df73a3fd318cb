// What goes wrong between us and a server, and how it ends: for the tests of recovery, and for the campaign that
// measures it (trial C3).

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { startCluster } from "./cluster.mjs";
import { startProxy } from "./proxy.mjs";
import { startRedis } from "./redis.mjs";
import { eventually, startSentinels } from "./sentinel.mjs";

/**
 * Each fault: `bounds`, the promise for the median and for the worst recovery in ms, counted from the moment its cause
 * ends; and `stage`, which starts what it takes and returns
 *   `connect(options, Library)`   an ioredis client of the caller
 *   `reader()`                    a client that sees what the store holds when all is over
 *   `strike()`                    the cause begins; resolves when it has
 *   `heal()`                      the cause ends; resolves at that moment
 *   `stop()`                      everything is gone
 *   `mend()`                      before the next round, where something is left to be put right
 * `dwell`: how long the cause lasts, in ms. `refuses`: calls are refused meanwhile. `loses`: Redis itself may lose
 * what it has acknowledged.
 */
export const FAULTS = [
  {
    name: "CLIENT KILL",
    bounds: [250, 2000],
    stage: () =>
      onServer({}, (_, admin) => ({
        strike: () => admin.client("KILL", "TYPE", "normal", "SKIPME", "yes"),
        heal: nothing,
      })),
  },
  {
    name: "the server crashes and starts again",
    bounds: [250, 2000],
    stage: () =>
      onServer({ persistence: "always" }, (server) => ({
        strike: () => server.kill(),
        heal: () => server.restart(),
      })),
  },
  {
    name: "the server loads its data",
    bounds: [250, 2000],
    stage: () =>
      onServer({ persistence: "always" }, (server) => ({
        async strike() {
          await server.kill();
          const slowly = ["--key-load-delay", 500, "--loading-process-events-interval-bytes", 1024];
          // Answers its first PING when it has loaded everything.
          this.loaded = server.restart({ args: ["--appendonly", "yes", "--appendfsync", "always", ...slowly] });
          await untilLoading(server);
        },
        heal() {
          return this.loaded;
        },
      })),
  },
  {
    name: "the server is frozen",
    bounds: [250, 2000],
    dwell: 10_000,
    stage: () =>
      onServer({}, (server) => ({
        strike: () => server.signal("SIGSTOP"),
        heal: () => server.signal("SIGCONT"),
      })),
  },
  {
    name: "the network swallows everything, and a new connection works",
    bounds: [5000, 5250],
    stage: () =>
      behindProxy((proxy) => ({
        strike: nothing,
        // The cause lasts: what counts is how soon we stop waiting for it to end.
        heal: () => proxy.swallow(),
      })),
  },
  {
    name: "the server is a replica for a while",
    bounds: [250, 2000],
    dwell: 300,
    stage: () =>
      onServer({}, (_, admin) => ({
        strike: () => admin.replicaof("127.0.0.1", 1),
        heal: () => admin.replicaof("NO", "ONE"),
      })),
  },
  {
    name: "the address leads to a new primary, the old one is read-only",
    bounds: [250, 2000],
    stage: switched,
  },
  {
    name: "the ACL user is disabled, and enabled",
    bounds: [250, 2000],
    dwell: 300,
    refuses: true,
    stage: () =>
      onServer({ user: "app" }, (_, admin) => ({
        async strike() {
          await admin.acl("SETUSER", "app", "off");
          await admin.client("KILL", "USER", "app");
        },
        heal: () => admin.acl("SETUSER", "app", "on"),
      })),
  },
  {
    name: "the server takes no more clients",
    bounds: [250, 2000],
    dwell: 300,
    refuses: true,
    stage: () =>
      onServer({}, (_, admin) => ({
        async strike() {
          await admin.config("SET", "maxclients", 1);
          await admin.client("KILL", "TYPE", "normal", "SKIPME", "yes");
        },
        heal: () => admin.config("SET", "maxclients", 1000),
      })),
  },
  {
    name: "sentinels make a replica the primary",
    bounds: [250, 2000],
    loses: true,
    stage: withSentinels,
  },
  {
    name: "a replica takes over in a cluster",
    bounds: [250, 2000],
    stage: () =>
      inCluster({ primaries: 3, replicas: 1, nodeTimeout: NODE_TIMEOUT_MS }, (cluster, slot) => ({
        strike: nothing,
        heal: () => cluster.failover(slot),
        async mend() {
          await cluster.whole();
          // Nodes vote for a new owner of the same slots once in that time.
          await pause(2 * NODE_TIMEOUT_MS);
        },
      })),
  },
  {
    name: "a slot moves to another node of a cluster, key by key",
    bounds: [250, 2000],
    stage: () =>
      inCluster({ primaries: 3, nodeTimeout: NODE_TIMEOUT_MS }, (cluster, slot) => ({
        async strike() {
          this.to = await cluster.strangerTo(slot);
          this.from = await cluster.beginMove(slot, this.to);
          await cluster.moveKeys(slot, this.from, this.to, 100);
        },
        async heal() {
          while ((await cluster.moveKeys(slot, this.from, this.to)) > 0);
          await cluster.endMove(slot, this.to);
        },
      })),
  },
];

async function nothing() {}

/** How long a node of a cluster may be silent before the others take it for dead. */
const NODE_TIMEOUT_MS = 3000;

/** A server, and what happens to it. */
async function onServer({ persistence, user }, fault) {
  const server = await startRedis({ persistence });
  const admin = server.adopt(server.client({ path: server.socket, retryStrategy: () => 5 }));
  if (user) await admin.acl("SETUSER", user, "on", ">secret", "~*", "&*", "+@all");
  const credentials = user ? { username: user, password: "secret" } : {};
  return {
    connect: (options, Library) => server.client({ ...credentials, ...options }, Library),
    reader: () => server.client(),
    stop: () => server.stop(),
    ...fault(server, admin),
  };
}

/** A server behind a proxy, through which we go. */
async function behindProxy(fault) {
  const server = await startRedis();
  const proxy = await startProxy(server);
  return {
    connect: (options, Library) => server.client({ port: proxy.port, ...options }, Library),
    reader: () => server.client(),
    async stop() {
      await proxy.stop();
      await server.stop();
    },
    ...fault(proxy),
  };
}

/** Two servers, one of which is the primary, behind an address that leads to either. */
async function switched() {
  const servers = [await startRedis(), await startRedis()];
  const admins = servers.map((server) => server.client());
  const proxy = await startProxy(servers[0]);
  let primary = 0;
  const follow = async (replica) => {
    await admins[replica].replicaof("127.0.0.1", servers[1 - replica].port);
    await eventually("in step", async () => (await admins[replica].info("replication")).includes("link_status:up"));
  };
  await follow(1);
  return {
    connect: (options, Library) => servers[0].client({ port: proxy.port, ...options }, Library),
    reader: () => servers[primary].client(),
    async strike() {
      // No write is under way when the roles change, so that none is lost.
      await admins[primary].client("PAUSE", 10_000, "WRITE");
      await eventually("the replica has everything", async () => {
        const offsets = await Promise.all(admins.map((admin) => admin.info("replication")));
        return new Set(offsets.map((info) => /master_repl_offset:(\d+)/.exec(info)[1])).size === 1;
      });
      await admins[1 - primary].replicaof("NO", "ONE");
      await follow(primary);
      await admins[primary].client("UNPAUSE");
    },
    async heal() {
      primary = 1 - primary;
      proxy.target = { host: "127.0.0.1", port: servers[primary].port };
    },
    async stop() {
      await proxy.stop();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

async function withSentinels() {
  // A primary that comes back without its data would empty its replicas, and sentinels that take a busy primary for
  // a dead one put a replica in its place that has not caught up.
  const group = await startSentinels({ replicas: 2, args: ["--appendonly", "yes"], downAfter: 2000 });
  let dead;
  return {
    connect: (options, Library) => group.client(options, Library),
    reader: () => group.client(),
    async strike() {
      dead = await group.primary();
      await dead.kill();
    },
    heal: () => group.switched(dead),
    /** Between two rounds: the old primary comes back as a replica. */
    async mend() {
      await dead.restart();
      await group.settled();
    },
    stop: () => group.stop(),
  };
}

/** A store in one slot of a cluster, and what happens to that. */
async function inCluster(options, fault) {
  const cluster = await startCluster(options);
  const connect = (redisOptions, Library) => cluster.client({ keyPrefix: "{hitl}:", redisOptions }, Library);
  return {
    connect,
    reader: () => connect({}),
    stop: () => cluster.stop(),
    ...fault(cluster, await cluster.slotOf("{hitl}:")),
  };
}

/** Waits until the server answers LOADING to a client that asks for data. */
export async function untilLoading(server) {
  for (;;) {
    const socket = connect(server.port, "127.0.0.1", () => socket.write("GET a\r\n"));
    // `once` rejects on the socket's error: the server does not listen yet.
    const event = await once(socket, "data").then(String, () => "refused");
    socket.destroy();
    if (event.startsWith("-LOADING")) return;
    assert.doesNotMatch(event, /^\$/, "the server has loaded its data before the test could look");
  }
}
