// What the package is tried with besides Node, and bundled by: pinned, with checksums, in .cache. No dependency of the
// repository, because it is much (580 MB) and few changes need it.

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./run.mjs";
import { packagesOf, provideTools } from "./tools.mjs";

const NAME = "runtimes";

/** The folder that says in which versions. */
export const RUNTIMES = join(root, "__test__/drop-in/runtimes");

/** Fetches what is missing. */
export const provideRuntimes = () => provideTools(NAME, "__test__/drop-in/runtimes");

/** What was fetched: the folder of an npm package. */
export const packageHome = (name) => join(packagesOf(NAME), name);

/** A folder of which all that was fetched is in `node_modules`. */
export const runtimesHome = dirname(packagesOf(NAME));

/** The program in the one package of this scope that fits this platform. */
function programOf(scope, path) {
  const [platform] = readdirSync(packageHome(scope));
  const suffix = process.platform === "win32" ? ".exe" : "";
  return join(packageHome(scope), platform, path + suffix);
}

export const bun = () => programOf("@oven", "bin/bun");
export const deno = () => programOf("@deno", "deno");
