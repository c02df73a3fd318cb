// The way to a server, for clients that go by a Unix socket: it can be shut while the server is looked at by others,
// and lead to another server. Costs nothing, unlike a proxy.

import { mkdtemp, rename, rm, symlink, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

class Door {
  constructor(folder) {
    this.folder = folder;
    /** Where clients connect to: `new Redis({ path })`. */
    this.path = join(folder, "door.sock");
  }

  /** Leads to this server from now on. Connections that are open stay where they are. */
  async open(server) {
    const next = join(this.folder, "next");
    await symlink(server.socket, next);
    await rename(next, this.path);
  }

  /** Nobody comes in any more. */
  async shut() {
    await unlink(this.path);
  }

  async remove() {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A door to the server, open. */
export async function makeDoor(server) {
  const door = new Door(await mkdtemp(join(tmpdir(), "hitl-door-")));
  await door.open(server);
  return door;
}
