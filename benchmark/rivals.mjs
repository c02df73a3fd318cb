// The sides of the comparison: each opens stores on a server, all with the same layout and each under a prefix of its
// own.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Baseline } from "./baseline.mjs";
import { overIoredis, overNodeRedis } from "./commands.mjs";

const HERE = new URL("../index.js", import.meta.url).href;

const host = "127.0.0.1";

/**
 * The baseline over an ioredis. What each side opens: `store`, which has a client of its own; `another()`, a new store
 * on that client; `close()`.
 */
const baseline =
  (library, options) =>
  async ({ port, db }, prefix) => {
    const { Redis } = await import(library);
    const client = new Redis({ host, port, db, ...options });
    const another = () => new Baseline(overIoredis(client), prefix);
    return { store: another(), another, close: () => client.quit() };
  };

/** A package with `IoredisState` over an ioredis with its defaults. */
const packaged =
  (library, module) =>
  async ({ port, db }, prefix) => {
    const { Redis } = await import(library);
    const { IoredisState } = await import(module);
    const client = new Redis({ host, port, db });
    const another = () => new IoredisState(client, { tableName: prefix });
    return { store: another(), another, close: () => client.quit() };
  };

/**
 * Without the five seconds that it gives a command: no other side has a limit, a timer for each command costs it time,
 * and of 64 long lists some wait longer.
 */
async function baselineOverNodeRedis({ port, db }, prefix) {
  const { createClient } = await import("@redis/client");
  const commandOptions = { timeout: undefined };
  const client = await createClient({ RESP: 2, database: db, socket: { host, port }, commandOptions }).connect();
  const another = () => new Baseline(overNodeRedis(client), prefix);
  return { store: another(), another, close: () => client.close() };
}

/** By name. The first one is ours, the second one what it is measured against. */
export const RIVALS = {
  native: { title: "this package", open: packaged("ioredis5", HERE) },
  js: { title: "JavaScript, ioredis 5", open: baseline("ioredis5") },
  js6: { title: "JavaScript, ioredis 6", open: baseline("ioredis6") },
  pipelining: {
    title: "JavaScript, ioredis 5, auto-pipelining",
    open: baseline("ioredis5", { enableAutoPipelining: true }),
  },
  "node-redis": { title: "JavaScript, node-redis", open: baselineOverNodeRedis },
};

/** The name of a further side: a module that the caller names. */
export const PUBLISHED = "published";

/** The side of that name. `module`: the caller's, a package's name or a file's path. */
export function rivalOf(name, module) {
  if (name !== PUBLISHED) return RIVALS[name];
  const specifier = /^[./]/.test(module) ? pathToFileURL(resolve(module)).href : module;
  return { title: `${module}, ioredis 5`, open: packaged("ioredis5", specifier) };
}

export const titleOf = (name) => RIVALS[name]?.title ?? "published package, ioredis 5";
