// A Redis server's program for tests and demo: the one that is there, else the one that the system installs unasked.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { outputOf, run, SetupError } from "./run.mjs";

const NAMES = ["redis-server", "valkey-server"];

/** The oldest server that the package supports. Valkey counts on from Redis 7.2, so one limit serves both. */
const OLDEST = [6, 2];

/** How each system's package manager installs a server without a question, the first that works. */
const INSTALL = {
  "apt-get": [["install", "--yes", "redis-server"]],
  apk: [
    ["add", "--no-cache", "redis"],
    ["add", "--no-cache", "valkey"],
  ],
  dnf: [
    ["install", "--assumeyes", "redis"],
    ["install", "--assumeyes", "valkey"],
  ],
};

const HELP = `A Redis server is needed: Redis ${OLDEST.join(".")} or newer, or Valkey. Get one with

  Debian, Ubuntu   sudo apt-get install redis-server
  Fedora, RHEL     sudo dnf install redis        (or valkey)
  Alpine           sudo apk add redis            (or valkey)
  Arch             sudo pacman -S valkey
  macOS            brew install redis
  Windows          use WSL, and in it the line for its Linux

or set HITL_REDIS_SERVER to the program of one.`;

/** Where a program is on the PATH, or `null`. */
function which(name) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

const onPath = () => NAMES.map(which).find(Boolean) ?? null;

/** Installs a server where that takes neither rights that we lack nor an answer. Returns whether one is there now. */
function install() {
  if (process.getuid?.() !== 0) return false;
  const manager = Object.keys(INSTALL).find(which);
  if (!manager) return false;

  console.log(`Redis: none on the PATH, installing one with ${manager}`);
  // RUNLEVEL keeps Debian from starting a service: what is wanted is the program.
  const env = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  if (manager === "apt-get") run(manager, ["update", "--quiet"], { env });
  return INSTALL[manager].some((args) => run(manager, args, { env }) === 0);
}

/** Ends where the server is too old, and returns what it says of itself. */
function versionOf(path) {
  const words = outputOf(path, ["--version"]);
  if (words === null) throw new SetupError(`${path} does not run.\n\n${HELP}`);
  const [, version = "0.0"] = /\bv=(\d+\.\d+\S*)/.exec(words) ?? [];
  const [major, minor] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new SetupError(`${path} is version ${version}, which is too old.\n\n${HELP}`);
  }
  return version;
}

/** Finds a server, or installs one, and hands its path to every process that we start, as HITL_REDIS_SERVER. */
export function provideRedis() {
  const given = process.env.HITL_REDIS_SERVER;
  const path = given || (onPath() ?? (install() ? onPath() : null));
  if (!path) throw new SetupError(HELP);
  console.log(`Redis: ${path} ${versionOf(path)}`);
  process.env.HITL_REDIS_SERVER = path;
  return path;
}
