// The append-only file of a server, to be read, and a server that starts from a piece of one.

import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a server of `persistence: "always"` has written since it first started. */
export async function logOf(server) {
  const names = await readdir(server.dir, { recursive: true });
  // Since Redis 7 what comes in after the start has a file of its own; before, there is one for everything.
  const name = names.find((one) => one.endsWith(".incr.aof")) ?? "appendonly.aof";
  return readFile(join(server.dir, name));
}

/** Starts the server again with nothing but this log, of which the last command may be incomplete. */
export async function restartFrom(server, log) {
  await server.kill();
  await rm(join(server.dir, "appendonlydir"), { recursive: true, force: true });
  await writeFile(join(server.dir, "appendonly.aof"), log);
  await server.restart();
}
