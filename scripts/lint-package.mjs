// `npm run lint:package`: whether the packages, as they will be published, hold together: publint looks at each, and
// attw (Are the types wrong?) at what TypeScript makes of the root package in each way to resolve it.
//
// Both bring a compiler along, which nothing else here needs. So they are not among the dependencies of the repository:
// scripts/linters has a lock file of its own, and .cache what it says.

import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pack, stage } from "./packing.mjs";
import { listen, main, root, run, SetupError } from "./run.mjs";
import { addonPath, provideDependencies } from "./setup.mjs";

const pinned = join(root, "scripts/linters");
const home = join(root, ".cache/linters/npm");
const packages = join(root, ".cache/linters/packages");

function provideLinters() {
  const lock = "package-lock.json";
  const isSame = (file) => existsSync(join(home, file)) && readFileSync(join(home, file), "utf8");
  if (isSame(lock) === readFileSync(join(pinned, lock), "utf8") && isSame(`node_modules/.${lock}`)) return;
  mkdirSync(home, { recursive: true });
  for (const file of ["package.json", lock]) cpSync(join(pinned, file), join(home, file));
  const args = ["ci", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  if (run("npm", args) !== 0) throw new SetupError("The linters could not be installed; npm's words are above.");
}

/** Shows what a linter says, unless it has nothing to say. */
function isClean(program, args, contented) {
  const { status, stdout, stderr } = listen(process.execPath, [join(home, "node_modules", program), ...args]);
  const clean = status === 0 && contented.test(stdout);
  if (!clean) console.log(stdout + stderr);
  return clean;
}

await main(() => {
  provideDependencies();
  const addon = addonPath();
  if (addon === undefined) throw new SetupError("There is no addon to pack yet: npm run build makes one.");
  provideLinters();
  const folders = stage(join(packages, "stage"), [addon]);
  const tarballs = folders.map((folder) => pack(folder, packages).tarball);
  const verdicts = tarballs.map((tarball) => isClean("publint/src/cli.js", ["run", tarball, "--strict"], /All good!/));
  verdicts.push(isClean("@arethetypeswrong/cli/dist/index.js", [tarballs.at(-1)], /No problems found/));
  if (verdicts.includes(false)) return 1;
  console.log(`Clean: ${tarballs.length} packages`);
  return 0;
});
