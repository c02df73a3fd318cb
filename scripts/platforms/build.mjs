// Builds the addon for one platform, and for any but Linux with glibc the standard library with it: five minutes of one
// core the first time, a minute once only our own sources have changed.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root, run, SetupError } from "../run.mjs";
import { BUILT } from "./targets.mjs";

const HOME = join(root, ".cache/prebuild");

const ADDONS = join(HOME, "addons");

/** Builds the addon for a platform and returns its path, with the name that `napi build --platform` would give it. */
export function buildFor(platform, { env, zigbuild }) {
  const { target, zig, file, flags = "", linkArgs = [], buildsStd } = BUILT[platform];
  const std = buildsStd ? ["-Zbuild-std=std,panic_unwind"] : [];
  const crate = ["--quiet", "--locked", "--release", "--lib", "--target", zig];
  const linker = linkArgs.flatMap((arg) => ["-C", `link-arg=${arg}`]);
  // The builds that RUSTC_BOOTSTRAP is for would make cargo do the others anew, and these them.
  const folder = join(HOME, buildsStd ? "target-std" : "target");
  const status = run(zigbuild, ["rustc", ...crate, ...std, "--", ...linker], {
    env: {
      ...env,
      CARGO_TARGET_DIR: folder,
      RUSTFLAGS: flags,
      // A released compiler builds its own standard library only if told so.
      ...(buildsStd && { RUSTC_BOOTSTRAP: "1" }),
    },
  });
  if (status !== 0) throw new SetupError(`The addon for ${platform} does not build; the compiler's words are above.`);
  mkdirSync(ADDONS, { recursive: true });
  const addon = join(ADDONS, `state-ioredis.${platform}.node`);
  copyFileSync(join(folder, target, "release", file), addon);
  return addon;
}
