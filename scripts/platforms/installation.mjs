// The packages in a project of somebody's, as npm puts them there.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INSTALLED_BUDGET } from "../packing.mjs";
import { listen, root } from "../run.mjs";

const { name: PACKAGE, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const [SCOPE, ROOT] = PACKAGE.split("/");

/** What npm needs to know to install for another platform than this one: `linux-arm64-musl` → --os, --cpu, --libc. */
function flagsFor(platform) {
  const [os, cpu, abi] = platform.split("-");
  const libc = { gnu: ["--libc=glibc"], musl: ["--libc=musl"] }[abi] ?? [];
  return [`--os=${os}`, `--cpu=${cpu}`, ...libc];
}

/** What the files below a folder take, in bytes. */
export function sizeOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}

/**
 * Installs the tarballs for one platform into an empty folder, with ioredis, and with all the other platforms' packages
 * on offer.
 *
 * @returns {{ size: number, faults: string[] }} the bytes that our packages take there, and what is wrong
 */
export function install(tarballs, platform, folder) {
  const offers = Object.entries(tarballs.platforms).map(([name, path]) => [`${PACKAGE}-${name}`, `file:${path}`]);
  const project = {
    name: "somebodys-server",
    private: true,
    dependencies: { [PACKAGE]: `file:${tarballs.root}`, ioredis: devDependencies.ioredis },
    optionalDependencies: Object.fromEntries(offers),
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(project));
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stderr } = listen("npm", ["install", ...quiet, ...flagsFor(platform)], { cwd: folder });
  if (status !== 0) return { size: 0, faults: [`npm does not install it:\n${stderr}`] };

  const faults = [];
  const { packages } = JSON.parse(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"));
  const scripted = Object.keys(packages).filter((path) => packages[path].hasInstallScript);
  if (scripted.length > 0) faults.push(`something ran when it was installed: ${scripted.join(", ")}`);
  const ours = readdirSync(join(folder, "node_modules", SCOPE)).sort();
  const expected = [ROOT, `${ROOT}-${platform}`];
  if (ours.join() !== expected.join())
    faults.push(`installed are ${ours.join(", ")} in place of ${expected.join(", ")}`);
  const size = sizeOf(join(folder, "node_modules", SCOPE));
  if (size > INSTALLED_BUDGET) faults.push(`${size} bytes are installed, more than ${INSTALLED_BUDGET}`);
  return { size, faults };
}
