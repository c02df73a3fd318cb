// What the package is tried with besides Node, and bundled by: pinned, with checksums, in .cache. No dependency of the
// repository, because it is much (580 MB) and few changes need it.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root, run, SetupError } from "./run.mjs";

/** The folder that says in which versions. */
export const RUNTIMES = join(root, "__test__/drop-in/runtimes");

const cache = join(root, ".cache/runtimes");
const LOCK = "package-lock.json";

/** Fetches what is missing. None of these packages runs a script of its own. */
export function provideRuntimes() {
  const wanted = readFileSync(join(RUNTIMES, LOCK), "utf8");
  const isCurrent = existsSync(join(cache, "complete")) && readFileSync(join(cache, "complete"), "utf8") === wanted;
  if (isCurrent) return;
  console.log("Runtimes and bundlers: npm ci in .cache/runtimes");
  mkdirSync(cache, { recursive: true });
  for (const name of ["package.json", LOCK]) copyFileSync(join(RUNTIMES, name), join(cache, name));
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  if (run("npm", ["ci", "--prefix", cache, ...flags]) !== 0) {
    throw new SetupError("npm ci failed in .cache/runtimes; its words are above.");
  }
  copyFileSync(join(RUNTIMES, LOCK), join(cache, "complete"));
}

/** What was fetched: the folder of an npm package. */
export const packageHome = (name) => join(cache, "node_modules", name);

/** The program in the one package of this scope that fits this platform. */
function programOf(scope, path) {
  const [platform] = readdirSync(packageHome(scope));
  const suffix = process.platform === "win32" ? ".exe" : "";
  return join(packageHome(scope), platform, path + suffix);
}

export const bun = () => programOf("@oven", "bin/bun");
export const deno = () => programOf("@deno", "deno");
