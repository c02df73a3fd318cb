// Real Redis servers for tests: each on a free port, with its data in a temporary folder.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Redis as Redis5 } from "ioredis5";
import { Redis as Redis6 } from "ioredis6";
import { aclArgs, LEAST, refusalsAt } from "./acl.mjs";
import { tlsArgs } from "./tls.mjs";

export { Redis5, Redis6 };

/** The command-line arguments of each way to persist. */
const PERSISTENCE = {
  none: ["--save", "", "--appendonly", "no"],
  always: ["--save", "", "--appendonly", "yes", "--appendfsync", "always"],
  everysec: ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"],
};

/** Longest wait for a server to answer its first PING. */
const START_LIMIT_MS = 30_000;

const running = new Set();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** The server's program: `HITL_REDIS_SERVER`, else the first of the known names on the PATH. */
export function serverBinary() {
  if (process.env.HITL_REDIS_SERVER) return process.env.HITL_REDIS_SERVER;
  for (const name of ["redis-server", "valkey-server"]) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // not here
      }
    }
  }
  throw new Error("No redis-server or valkey-server on the PATH; set HITL_REDIS_SERVER to one");
}

/** A port that nothing listens on at the moment. */
export async function freePort() {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  listener.close();
  await once(listener, "close");
  return port;
}

/** Sends an inline PING over the server's Unix socket and returns the first line of the answer. */
function ping(path) {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write("PING\r\n"));
    let answer = "";
    socket.setEncoding("latin1");
    socket.setTimeout(1000, () => socket.destroy(new Error("no answer to PING")));
    socket.on("data", (chunk) => {
      answer += chunk;
      if (answer.includes("\r\n")) {
        socket.destroy();
        resolve(answer.slice(0, answer.indexOf("\r\n")));
      }
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed before PONG")));
  });
}

class RedisServer {
  #args;
  #tls;
  #child;
  #log = "";
  #clients = new Set();
  #config;
  #findPort;
  #isFrozen = false;

  constructor(dir, args, { tls, config, findPort }) {
    this.dir = dir;
    this.socket = join(dir, "redis.sock");
    this.#args = args;
    this.#tls = tls;
    this.#config = config;
    this.#findPort = findPort;
  }

  get #isSentinel() {
    return this.#args.includes("--sentinel");
  }

  async #launch() {
    this.#log = "";
    const port = this.#tls === undefined ? ["--port", this.port] : tlsArgs(this.port, this.#tls);
    const child = spawn(
      serverBinary(),
      [
        ...this.#config,
        ...port,
        ...["--bind", "127.0.0.1", "--unixsocket", this.socket, "--dir", this.dir],
        // A Sentinel knows few of these commands.
        ...(this.#isSentinel ? [] : aclArgs(serverBinary())),
        ...this.#args,
      ].map(String),
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => (this.#log = (this.#log + chunk).slice(-20_000)));
      stream.unref();
    }
    child.unref();
    child.exited = once(child, "exit").then(() => running.delete(child));
    this.#child = child;
    const limit = Date.now() + START_LIMIT_MS;
    for (;;) {
      const answer = await ping(this.socket).catch((error) => error.message);
      // A server with a password or a restricted default user refuses, and so is up as well.
      if (/^(\+PONG|-NOAUTH|-NOPERM)/.test(answer)) return;
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > limit) {
        child.kill("SIGKILL");
        const advice = /tls-port.*\n.*Bad directive/.test(this.#log) ? "It was built without TLS. " : "";
        throw new Error(`redis-server did not start (${answer}). ${advice}It said:\n${this.#log}`);
      }
      await pause(5);
    }
  }

  async start() {
    for (let attempt = 1; ; attempt++) {
      this.port = await this.#findPort();
      try {
        await this.#launch();
        return this;
      } catch (error) {
        // Somebody else took the free port in between.
        if (attempt === 5 || !/Address already in use/.test(error.message)) throw error;
      }
    }
  }

  /** What the server has printed since it was last started. */
  get log() {
    return this.#log;
  }

  get pid() {
    return this.#child.pid;
  }

  /** Whether its process lives. */
  get isRunning() {
    return running.has(this.#child);
  }

  /** An ioredis client of this server; closed with it. `Library`: `Redis5` (default) or `Redis6`. */
  client(options = {}, Library = Redis5) {
    const client = new Library({ port: this.port, host: "127.0.0.1", ...options });
    return this.adopt(client);
  }

  /** Closes this client, too, when the server is stopped. */
  adopt(client) {
    // Tests look at what commands answer; without a listener ioredis would print every lost connection.
    client.on("error", () => {});
    // ioredis hears one error of a socket. Where TLS is refused on both sides there may be a second one, the server's
    // alert, which would end the process.
    const hearAll = () => setImmediate(() => client.stream?.on("error", () => {}));
    hearAll();
    client.on("connecting", hearAll);
    this.#clients.add(client);
    return client;
  }

  /** Sends the process a signal: "SIGSTOP" freezes the server, "SIGCONT" lets it go on. */
  signal(name) {
    this.#isFrozen = name === "SIGSTOP" || (this.#isFrozen && name !== "SIGCONT");
    this.#child.kill(name);
  }

  /** Under the published permissions: what the server has refused the state, as an error to be thrown, if anything. */
  async #refusals() {
    if (!this.isRunning || this.#isFrozen || this.#isSentinel) return undefined;
    // A test may have taken the server's folder away.
    const refusals = await refusalsAt(existsSync(this.socket) ? { path: this.socket } : { port: this.port });
    return refusals.length === 0 ? undefined : new Error(`Not permitted to the state:\n${refusals.join("\n")}`);
  }

  /** Waits for the end of the process, which on its own keeps no test alive. */
  async #exit() {
    this.#child.ref();
    await this.#child.exited;
  }

  /** Ends the server at once, as a crash would. */
  async kill() {
    const refusals = LEAST && (await this.#refusals());
    this.#isFrozen = false;
    this.#child.kill("SIGKILL");
    await this.#exit();
    if (refusals) throw refusals;
  }

  /** Starts the server again on the same port and data; `args` replace the arguments of the first start. */
  async restart({ args = this.#args } = {}) {
    if (running.has(this.#child)) {
      const refusals = LEAST && (await this.#refusals());
      this.signal("SIGTERM");
      await this.#exit();
      if (refusals) throw refusals;
    }
    this.#args = args;
    await this.#launch();
  }

  /** Closes the clients, ends the server and removes its data. */
  async stop() {
    for (const client of this.#clients) client.disconnect();
    this.#clients.clear();
    try {
      await this.kill();
    } finally {
      await rm(this.dir, { recursive: true, force: true });
    }
  }
}

/**
 * Starts a server and waits until it answers.
 *
 * @param {{
 *   args?: (string | number)[], config?: string,
 *   persistence?: "none" | "always" | "everysec", tls?: object, findPort?: () => Promise<number>,
 * }} [options]
 *   `args` are further arguments of `redis-server`, and `config` is the text of its configuration file; with `tls`,
 *   the options of `tlsArgs`, the port speaks TLS and nothing else, and `client({ path: server.socket })` still comes
 *   in without. `findPort` chooses the port.
 */
export async function startRedis({ args = [], config, persistence = "none", tls, findPort = freePort } = {}) {
  const dir = await mkdtemp(join(tmpdir(), "hitl-redis-"));
  const file = join(dir, "redis.conf");
  if (config !== undefined) await writeFile(file, config);
  const files = config === undefined ? [] : [file];
  return new RedisServer(dir, [...PERSISTENCE[persistence], ...args], { tls, config: files, findPort }).start();
}

/** Starts a server for the tests of one file, and stops it after the last of them. */
export async function withRedis(options) {
  const server = await startRedis(options);
  after(() => server.stop());
  return server;
}
