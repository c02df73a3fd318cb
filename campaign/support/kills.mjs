// Ways to stop a migration in the middle: its replica dies at the boundary between two steps, its process is killed, or
// the server is, or the server has no memory left from a step on.

import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { verdict } from "../../__test__/support/assertions.mjs";
import { isScript, startProxy } from "../../__test__/support/proxy.mjs";

const program = fileURLToPath(new URL("migrator.mjs", import.meta.url));

/** What changes something in the JavaScript version's migrations, which have no scripts. */
const isWrite = ([name]) => /^(del|zadd|sadd)$/i.test(name);

/** A client that gives up when its connection breaks, as if its process had died. */
const MORTAL = { retryStrategy: () => null, maxRetriesPerRequest: 0 };

/**
 * Migrates the store `tableName` of `redis` and can be stopped there.
 *
 * @param {object} trial what the witness gives
 */
export async function migrations({ side, open, published, atEnd }, redis, tableName) {
  const proxy = await startProxy(redis);
  atEnd(() => proxy.stop());
  const isStep = side === "native" ? isScript : isWrite;
  // The proxy counts the connections of stores, which the JavaScript version has none of: it uses the caller's.
  const name = side === "native" ? {} : { connectionName: "hitl" };

  /** Migrates through the proxy by a replica that dies with its connection. */
  async function mortal() {
    const client = redis.client({ port: proxy.port, ...name, ...MORTAL });
    const seen = await verdict(open(client, tableName).ensureSchema());
    client.disconnect();
    return seen;
  }

  return {
    /** Migrates to the end; how many steps that takes, and how long, in ms. */
    async whole() {
      let steps = 0;
      const counter = proxy.loseReplies({ match: (words) => isStep(words) && ++steps < 0 });
      const client = redis.client({ port: proxy.port, ...name });
      const began = performance.now();
      await open(client, tableName).ensureSchema();
      client.disconnect();
      proxy.disarm(counter);
      return { steps, ms: performance.now() - began };
    },

    /** The replica dies when the server has executed its step `step`, counted from 0. */
    async atBoundary(step) {
      let seen = 0;
      const fault = proxy.loseReplies({ match: (words) => isStep(words) && seen++ === step });
      await mortal();
      const { happened } = fault;
      proxy.disarm(fault);
      return happened;
    },

    /** The server has no memory left behind its step `step`; how the run has ended then. Memory comes back with it. */
    async withoutMemory(step) {
      let seen = 0;
      const client = redis.client({ port: proxy.port, ...name, retryStrategy: () => 5, maxRetriesPerRequest: null });
      const admin = redis.client();
      const fault = proxy.loseReplies({ match: (words) => isStep(words) && seen++ === step });
      const migrated = verdict(open(client, tableName).ensureSchema());
      await Promise.race([fault.fired, migrated]);
      // The step is sent again, and meets the same server with other means.
      proxy.refuse();
      await admin.config("SET", "maxmemory", 1);
      proxy.accept();
      const { error } = await migrated;
      const { happened } = fault;
      proxy.disarm(fault);
      await admin.config("SET", "maxmemory", 0);
      for (const one of [client, admin]) one.disconnect();
      return { error, happened };
    },

    /** The replica's process is killed after so many ms; whether it was still at work. */
    async ofProcess(ms) {
      const args = [side, redis.port, tableName, ...(published === undefined ? [] : [published])];
      const child = fork(program, args.map(String), { execArgv: [] });
      await once(child, "message");
      let isDone = false;
      child.on("message", () => (isDone = true));
      const exited = once(child, "exit");
      child.send("go");
      await pause(ms);
      child.kill("SIGKILL");
      await exited;
      return !isDone;
    },

    /** The server is killed after so many ms and started again; whether the replica was still at work. */
    async ofServer(ms) {
      let isDone = false;
      const migrated = mortal().then(() => (isDone = true));
      await pause(ms);
      const happened = !isDone;
      await redis.kill();
      await redis.restart();
      await migrated;
      return happened;
    },
  };
}
