// Tools from npm that few commands need: not among the dependencies of the repository, but pinned by lock files of their
// own, and kept in .cache.

import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root, run, SetupError } from "./run.mjs";

const LOCK = "package-lock.json";

const textOf = (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

/** Where the packages of a set of tools are, once they have been provided. */
export const packagesOf = (name) => join(root, ".cache", name, "node_modules");

/** Installs what a folder of the repository pins as the tools of this name, unless that is there. Returns where. */
export function provideTools(name, folder) {
  const pinned = join(root, folder);
  const home = join(root, ".cache", name);
  const packages = packagesOf(name);
  // npm writes the hidden one when all is there.
  const isThere = existsSync(join(packages, `.${LOCK}`)) && textOf(join(home, LOCK)) === textOf(join(pinned, LOCK));
  if (isThere) return packages;

  console.log(`${name}: npm ci in .cache/${name}`);
  mkdirSync(home, { recursive: true });
  for (const file of ["package.json", LOCK]) cpSync(join(pinned, file), join(home, file));
  const args = ["ci", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  if (run("npm", args) !== 0)
    throw new SetupError(`What ${folder} pins could not be installed; npm's words are above.`);
  return packages;
}
