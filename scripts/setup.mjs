// What a fresh machine lacks: dependencies, the addon, a Redis server. Each part looks first and does nothing if
// nothing is missing. Uses Node's own modules only, because it runs before any other is installed.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { provideRedis } from "./redis.mjs";
import { outputOf, root, run, SetupError } from "./run.mjs";

/** What goes into the addon. */
const SOURCES = ["src", "Cargo.toml", "Cargo.lock", "build.rs"];

const packagesOf = (file) => JSON.parse(readFileSync(join(root, file), "utf8")).packages;

/** Whether node_modules holds what the lock file says. What npm may leave out on this platform is not looked at. */
function dependenciesAreCurrent() {
  if (!existsSync(join(root, "node_modules/.package-lock.json"))) return false;
  const installed = packagesOf("node_modules/.package-lock.json");
  return Object.entries(packagesOf("package-lock.json")).every(
    ([path, { version, optional }]) => path === "" || optional || installed[path]?.version === version,
  );
}

export function provideDependencies() {
  if (dependenciesAreCurrent()) return;
  console.log("Dependencies: npm ci");
  if (run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]) !== 0) {
    throw new SetupError("npm ci failed; its words are above.");
  }
}

export function requireCargo() {
  const version = outputOf("cargo", ["--version"]);
  if (version === null) {
    throw new SetupError(
      "Rust is needed to build the addon, and there is no cargo on the PATH.\n" +
        "Get it from https://rustup.rs, or from the system's package manager; Cargo.toml says which version.",
    );
  }
  console.log(`Rust: ${version}`);
}

/** Ends where there is no nightly Rust, in the name of those who need it. */
export function requireNightly(whoNeeds) {
  if (outputOf("cargo", ["+nightly", "--version"]) === null) {
    throw new SetupError(`${whoNeeds} nightly Rust: rustup toolchain install nightly --profile minimal`);
  }
}

/** The youngest change among files and folders, in ms; 0 where there is none. */
function youngest(paths) {
  return Math.max(
    0,
    ...paths.map((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
      return Math.max(found.mtimeMs, youngest(readdirSync(path).map((name) => join(path, name))));
    }),
  );
}

/** The addons in a folder, the one that was built last before the others. */
function addonsIn(folder) {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const addons = names.filter((name) => /^state-ioredis\..+\.node$/.test(name)).map((name) => join(folder, name));
  return addons.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
}

/** The addon that was built last. */
export const addonPath = () => addonsIn(root)[0];

function addonIsCurrent(folder = root) {
  const built = youngest(addonsIn(folder));
  return existsSync(join(folder, "binding.js")) && built > youngest(SOURCES.map((name) => join(root, name)));
}

/** The addon with the feature `faults`, which tests load in place of the real one; builds it if it must. */
export function faultyAddon() {
  const folder = join(root, ".cache", "faults");
  if (!addonIsCurrent(folder)) buildAddon(["--features", "faults", "--output-dir", folder]);
  return addonsIn(folder)[0];
}

/** Builds the addon and its loader, `binding.js`: `how` says in which form, and where if not here. */
export function buildAddon(how = ["--release"]) {
  requireCargo();
  console.log(`Addon: napi build ${how.join(" ")}`);
  const napi = join(root, "node_modules/@napi-rs/cli/dist/cli.js");
  const args = ["build", "--platform", ...how, "--js", "binding.js", "--dts", "binding.d.ts"];
  if (run(process.execPath, [napi, ...args]) !== 0) {
    throw new SetupError("The addon does not build; the compiler's words are above.");
  }
}

/** Builds programs of tests in Rust, and returns their paths by name. */
export function corePrograms(names) {
  requireCargo();
  const args = ["test", "--locked", "--no-default-features", "--no-run", ...names.flatMap((name) => ["--test", name])];
  const said = outputOf("cargo", [...args, "--message-format=json"]);
  if (said === null) throw new SetupError("The tests of the core do not build: cargo test says why.");
  const built = said.split("\n").map((line) => JSON.parse(line));
  const pathOf = (name) => built.find(({ target, executable }) => executable && target.name === name).executable;
  return Object.fromEntries(names.map((name) => [name, pathOf(name)]));
}

/** What tests and demo need; `redis: false` where a server is given. */
export function setup({ redis = true } = {}) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 17)) {
    throw new SetupError(`Node 20.17 or newer is needed for development; this is ${process.version}.`);
  }
  provideDependencies();
  if (!addonIsCurrent()) buildAddon();
  if (redis) provideRedis();
}
