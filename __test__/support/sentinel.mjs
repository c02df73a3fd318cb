// A primary, its replicas and the sentinels that watch them: real processes, which know each other
// before a test begins.

import assert from "node:assert/strict";
import { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Redis5, startRedis } from "./redis.mjs";

/** Longest wait for the servers to agree on something. */
const LIMIT_MS = 60_000;

/** A replica asks for everything at once instead of waiting for others. */
const DATA_ARGS = ["--repl-diskless-sync-delay", 0, "--repl-ping-replica-period", 1];

/** Waits until `condition` gives something truthy, and returns that. What it throws means "not yet". */
export async function eventually(what, condition, limit = LIMIT_MS) {
  const end = Date.now() + limit;
  let last;
  for (;;) {
    try {
      const found = await condition();
      if (found) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    assert.ok(Date.now() < end, `waited in vain: ${what} (${last})`);
    await pause(10);
  }
}

/** `["name", "value", …]` as an object. */
const pairs = (list) => Object.fromEntries(list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]]] : [])));

/** The state's connections to this server of the group, as CLIENT LIST has them. */
export async function ours(group, server) {
  const list = await group.admin(server).client("LIST");
  return list.split("\n").filter((line) => /name=\S*:hitl /.test(line));
}

class SentinelGroup {
  /** Connections of the tests themselves, by server. */
  #admins = new Map();

  constructor({ name, password, sentinelPassword }) {
    this.name = name;
    this.password = password;
    this.sentinelPassword = sentinelPassword;
    /** All data servers; the first one begins as the primary. */
    this.servers = [];
    this.sentinels = [];
  }

  async start({ replicas, sentinels, args, sentinelConfig, downAfter, failoverTimeout, tls, sentinelTls }) {
    const secrets = this.password ? ["--requirepass", this.password, "--masterauth", this.password] : [];
    const among = tls === undefined ? [] : ["--tls-replication", "yes"];
    const dataArgs = [...DATA_ARGS, ...secrets, ...among, ...args];
    const first = await startRedis({ args: dataArgs, tls });
    this.servers.push(first);
    for (let count = 0; count < replicas; count++) {
      this.servers.push(await startRedis({ args: [...dataArgs, "--replicaof", "127.0.0.1", first.port], tls }));
    }
    // A sentinel asks its primary for replicas only now and then: they have to be there before.
    await this.#replicated(first, replicas);
    for (let index = 0; index < sentinels; index++) {
      const lines = [
        `sentinel monitor ${this.name} 127.0.0.1 ${first.port} ${Math.floor(sentinels / 2) + 1}`,
        `sentinel down-after-milliseconds ${this.name} ${downAfter}`,
        `sentinel failover-timeout ${this.name} ${failoverTimeout}`,
        ...(this.password ? [`sentinel auth-pass ${this.name} ${this.password}`] : []),
        ...(this.sentinelPassword ? [`requirepass ${this.sentinelPassword}`] : []),
        ...sentinelConfig(index),
      ];
      const config = `${lines.join("\n")}\n`;
      const sentinel = await startRedis({ config, args: ["--sentinel", ...among], tls: sentinelTls });
      this.sentinels.push(sentinel);
      // Seconds become fractions of one. Servers before 7.0 do not know this, and take their time.
      const hurry = ["info-period", 300, "publish-period", 200, "ping-period", 150];
      await this.admin(sentinel)
        .call("SENTINEL", "DEBUG", ...hurry)
        .catch(() => {});
    }
    await this.settled({ replicas });
    return this;
  }

  /** A connection of the tests to one of the servers or sentinels. */
  admin(server) {
    let admin = this.#admins.get(server);
    if (admin === undefined) {
      const password = this.sentinels.includes(server) ? this.sentinelPassword : this.password;
      const options = { path: server.socket, password, connectionName: "test-admin", retryStrategy: () => 20 };
      admin = server.client({ ...options, maxRetriesPerRequest: 0, enableReadyCheck: false }, Redis5);
      this.#admins.set(server, admin);
    }
    return admin;
  }

  async #replicated(primary, count) {
    await eventually("replicas in sync", async () => {
      const [role, , replicas] = await this.admin(primary).role();
      return role === "master" && replicas.length >= count && replicas.every(([, , offset]) => Number(offset) > 0);
    });
  }

  /** The options by which ioredis finds the servers. */
  options(more = {}) {
    return {
      sentinels: this.sentinels.map(({ port }) => ({ host: "127.0.0.1", port })),
      name: this.name,
      password: this.password,
      sentinelPassword: this.sentinelPassword,
      ...more,
    };
  }

  /** An ioredis client that asks the sentinels; closed with the group. */
  client(options = {}, Library = Redis5) {
    return this.servers[0].adopt(new Library(this.options(options)));
  }

  /** The server that the sentinel takes for the primary. */
  async primaryOf(sentinel) {
    const [, port] = await this.admin(sentinel).call("SENTINEL", "get-master-addr-by-name", this.name);
    return this.#serverAt(port);
  }

  /** The present primary, in the eyes of the first sentinel that lives. */
  async primary() {
    for (const sentinel of this.sentinels) {
      if (sentinel.isRunning) return this.primaryOf(sentinel);
    }
    return assert.fail("no sentinel lives");
  }

  #serverAt(port) {
    const found = this.servers.find((server) => server.port === Number(port));
    assert.ok(found, `an unknown server at ${port}`);
    return found;
  }

  /** Whether this sentinel knows of a working primary, `replicas` working replicas and all other sentinels. */
  async #knowsAll(sentinel, replicas) {
    const admin = this.admin(sentinel);
    const master = pairs(await admin.call("SENTINEL", "master", this.name));
    if (master.flags !== "master" || Number(master["num-other-sentinels"]) !== this.sentinels.length - 1) return false;
    const known = (await admin.call("SENTINEL", "slaves", this.name)).map(pairs);
    const working = known.filter((each) => each.flags === "slave" && each["master-link-status"] === "ok");
    if (working.length !== replicas) return false;
    const others = (await admin.call("SENTINEL", "sentinels", this.name)).map(pairs);
    return others.every((other) => other.flags === "sentinel");
  }

  /** Waits until all running sentinels and data servers agree on who is what. */
  async settled({ replicas = this.servers.filter((server) => server.isRunning).length - 1 } = {}) {
    const sentinels = this.sentinels.filter((sentinel) => sentinel.isRunning);
    for (const sentinel of sentinels) {
      await eventually("a sentinel that knows all", () => this.#knowsAll(sentinel, replicas));
    }
    await this.#replicated(await this.primary(), replicas);
  }

  /** Has the sentinels name another primary; resolves when all of them do and it says so itself. */
  async failover() {
    const before = await this.primary();
    const [sentinel] = this.sentinels.filter(({ isRunning }) => isRunning);
    await eventually("a failover that can begin", () =>
      this.admin(sentinel).call("SENTINEL", "FAILOVER", this.name).catch(this.#underWay),
    );
    return this.switched(before);
  }

  /** A failover that was asked for twice. */
  #underWay = (error) => {
    if (/INPROG/.test(error.message)) return true;
    throw error;
  };

  /** Kills the primary as a crash would; resolves when another one has its place. */
  async killPrimary() {
    const before = await this.primary();
    await before.kill();
    return this.switched(before);
  }

  /** Waits until this server, which has been replaced, takes no more writes: sentinels leave it time. */
  async demoted(server) {
    await eventually("a demotion", async () => (await this.admin(server).role())[0] === "slave");
  }

  /** Waits until all running sentinels name another primary than `before`, and that one says so. Returns it. */
  async switched(before) {
    for (const sentinel of this.sentinels.filter(({ isRunning }) => isRunning)) {
      await eventually("a new primary", async () => (await this.primaryOf(sentinel)) !== before);
    }
    const now = await this.primary();
    await eventually("the new primary's role", async () => (await this.admin(now).role())[0] === "master");
    return now;
  }

  /** What CLIENT LIST of this server or sentinel says of connections that are neither ours nor another sentinel's. */
  async visitors(server) {
    const list = await this.admin(server).client("LIST");
    const clients = list.trim().split("\n");
    const known = /^(test-admin|sentinel-[0-9a-f]+-(cmd|pubsub))$/;
    return clients.filter((line) => !known.test(/ name=(\S*)/.exec(line)[1]) && !/ flags=\S*[SM]/.test(line));
  }

  async stop() {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }
}

/**
 * Starts a primary with `replicas` and `sentinels`, and waits until everything knows everything.
 *
 * @param {{
 *   name?: string, replicas?: number, sentinels?: number,
 *   password?: string, sentinelPassword?: string,
 *   args?: (string | number)[], sentinelConfig?: (index: number) => string[],
 *   downAfter?: number, failoverTimeout?: number, tls?: object, sentinelTls?: object,
 * }} [options] `args` are further arguments of the data servers, `sentinelConfig` further lines of each
 *   sentinel's configuration file; `tls` and `sentinelTls` are options of `tlsArgs`, and go together.
 */
export async function startSentinels({
  name = "approvals",
  replicas = 1,
  sentinels = 3,
  password,
  sentinelPassword,
  args = [],
  sentinelConfig = () => [],
  downAfter = 1000,
  failoverTimeout = 1000,
  tls,
  sentinelTls,
} = {}) {
  const group = new SentinelGroup({ name, password, sentinelPassword });
  const patience = { downAfter, failoverTimeout };
  const started = group.start({ replicas, sentinels, args, sentinelConfig, ...patience, tls, sentinelTls });
  return started.catch(async (error) => {
    await group.stop();
    throw error;
  });
}

/** Starts a group for the tests of one file, and stops it after the last of them. */
export async function withSentinels(options) {
  const group = await startSentinels(options);
  after(() => group.stop());
  return group;
}
