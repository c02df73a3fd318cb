// `npm run lock`: writes package-lock.json and completes it; the same for what `npm run test:runtimes` fetches.
//
// A registry mirror may lack the binaries of platforms that nobody there uses. npm then leaves those optional
// packages out of the lock file, and every later `npm ci` calls it out of sync. Their versions are pinned by the
// package that asks for them, and their names say where they belong, so the entries can be written without them.
// What is missing is the checksum; npm adds it when the file is next written against a full registry.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";
import { RUNTIMES } from "./runtimes.mjs";

const registry = /"resolved": "(?!https:\/\/registry\.npmjs\.org\/)([^"]*)"/;

const systems = new Set(["android", "darwin", "freebsd", "linux", "openharmony", "win32"]);
const processors = new Set(["arm", "arm64", "ia32", "loong64", "ppc64", "riscv64", "s390x", "wasm32", "x64"]);

/** `@scope/name-linux-arm64-musl` → what npm needs to know in order to skip it elsewhere. */
function platform(name) {
  const words = name.split("/").at(-1).split("-");
  const os = words.filter((word) => systems.has(word));
  const cpu = words.filter((word) => processors.has(word));
  if (cpu.length !== 1 || os.length > 1) throw new Error(`${name} does not say which platform it is for`);
  const libc = os[0] === "linux" ? [words.at(-1).startsWith("musl") ? "musl" : "glibc"] : undefined;
  return { cpu, libc, os: os.length === 1 ? os : undefined };
}

function complete(lock) {
  const added = [];
  for (const [path, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const here = `node_modules/${name}`;
      if (lock.packages[here] || lock.packages[`${path}/${here}`]) continue;
      if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name}@${version} is not pinned`);
      const { cpu, libc, os } = platform(name);
      const { dev, license, engines } = parent;
      lock.packages[here] = { version, cpu, dev, libc, license, optional: true, os, engines };
      added.push(name);
    }
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(sorted);
  return added;
}

function write(folder) {
  const npm = spawnSync("npm", ["install", "--package-lock-only", "--omit-lockfile-registry-resolved"], {
    cwd: folder,
    stdio: "inherit",
  });
  if (npm.status !== 0) process.exit(npm.status ?? 1);

  const file = join(folder, "package-lock.json");
  const lock = JSON.parse(readFileSync(file, "utf8"));
  const added = complete(lock);
  const text = `${JSON.stringify(lock, null, 2)}\n`;
  const elsewhere = registry.exec(text);
  if (elsewhere) throw new Error(`${file} names a registry that is not the public one: ${elsewhere[1]}`);
  writeFileSync(file, text);
  console.log(`${file}: ${Object.keys(lock.packages).length} packages, ${added.length} completed by name`);
}

for (const folder of [root, RUNTIMES]) write(folder);
