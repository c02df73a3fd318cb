// `node scripts/release/build.mjs <platform> <to>`: the addon of one platform on a machine of its system, for those that
// `npm run prebuild` leaves to a release: macOS and Windows.

import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseTriple } from "@napi-rs/cli";
import { targets } from "../crates.mjs";
import { main, run, SetupError } from "../run.mjs";
import { buildAddon } from "../setup.mjs";

/** What the compiler has to know for systems older than the one that it runs on. */
const ENVIRONMENT = {
  "darwin-arm64": { MACOSX_DEPLOYMENT_TARGET: "11.0" },
  "darwin-x64": { MACOSX_DEPLOYMENT_TARGET: "10.15" },
  // With the C runtime in it: not every Windows has that of Visual C++.
  "win32-arm64-msvc": { RUSTFLAGS: "-C target-feature=+crt-static" },
  "win32-x64-msvc": { RUSTFLAGS: "-C target-feature=+crt-static" },
};

await main(([platform, to]) => {
  const target = targets().find((triple) => parseTriple(triple).platformArchABI === platform);
  if (target === undefined || to === undefined) throw new SetupError("A platform and a folder are needed.");
  if (run("rustup", ["target", "add", target]) !== 0) throw new SetupError(`rustup has no ${target}.`);
  Object.assign(process.env, ENVIRONMENT[platform]);
  const folder = resolve(to);
  buildAddon(["--release", "--target", target, "--output-dir", folder]);
  // The loader is in git; this one is for an addon beside it.
  for (const file of ["binding.js", "binding.d.ts"]) rmSync(join(folder, file));
  console.log(`built: ${join(to, `state-ioredis.${platform}.node`)}`);
  return 0;
});
