// Where, and of what, something was measured.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { outputOf, root } from "../scripts/run.mjs";

const versionOf = (name) => JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;

/** The start of the addon's SHA-256: what was measured may be newer than the commit. */
function fingerprint() {
  const addon = readdirSync(root).find((name) => name.endsWith(".node"));
  return (
    addon &&
    createHash("sha256")
      .update(readFileSync(join(root, addon)))
      .digest("hex")
      .slice(0, 12)
  );
}

/** `redis`: a client of the server. */
export async function machineOf(redis) {
  const info = await redis.info("server");
  // Valkey says both: it counts as the Redis that it was forked from.
  const [, name, version] = /^(valkey)_version:(\S+)/m.exec(info) ?? /^(redis)_version:(\S+)/m.exec(info);
  const changed = outputOf("git", ["status", "--porcelain", "--", "src", "js", "index.js", "Cargo.toml"]) ? "+" : "";
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cpus().length} × ${cpus()[0].model.trim()}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    server: `${name} ${version}`,
    ioredis5: versionOf("ioredis5"),
    ioredis6: versionOf("ioredis6"),
    "@redis/client": versionOf("@redis/client"),
    commit: `${outputOf("git", ["rev-parse", "--short", "HEAD"]) ?? "unknown"}${changed}`,
    addon: fingerprint(),
  };
}
