// From sources to tarballs: the platforms are built, checked, and packed beside the root package.

import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { pack, platformOf, stage } from "../packing.mjs";
import { root, SetupError } from "../run.mjs";
import { requireCargo } from "../setup.mjs";
import { buildFor } from "./build.mjs";
import { inspect } from "./inspect.mjs";
import { BUILT, LEFT } from "./targets.mjs";
import { provideToolchain } from "./toolchain.mjs";

const TARBALLS = join(root, ".cache/tarballs");

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;

/** The platforms that words on a command line name; all that can be built here where there are none. */
export function chosen(words) {
  for (const word of words) {
    if (Object.hasOwn(LEFT, word)) throw new SetupError(`${word} is built by the release workflow: it ${LEFT[word]}`);
    if (!Object.hasOwn(BUILT, word))
      throw new SetupError(`${word} is no platform: there are ${Object.keys(BUILT).join(", ")}`);
  }
  return words.length > 0 ? words : Object.keys(BUILT);
}

/** Builds and checks one platform's addon, tells how that went, and returns its path. */
function build(platform, toolchain) {
  console.log(`Building ${platform}`);
  const begun = performance.now();
  const addon = buildFor(platform, toolchain);
  const { size, glibc, faults } = inspect(addon, platform, toolchain);
  if (faults.length > 0) throw new SetupError(`${basename(addon)}\n  ${faults.join("\n  ")}`);
  const floor = glibc === undefined ? "" : `, glibc ${glibc} or newer`;
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`built: ${platform}, ${megabytes(size)}${floor}, ${seconds} s`);
  return addon;
}

/**
 * Builds platforms and packs them and the root package into .cache/tarballs, which holds nothing else then.
 *
 * @returns {{ root: string, platforms: Record<string, string> }} the paths of the tarballs
 */
export async function makeTarballs(platforms) {
  requireCargo();
  const toolchain = await provideToolchain();
  const addons = platforms.map((platform) => build(platform, toolchain));

  rmSync(TARBALLS, { recursive: true, force: true });
  const tarballs = { platforms: {} };
  const homes = stage(join(root, ".cache/prebuild/packages"), addons);
  for (const [at, home] of homes.entries()) {
    const { tarball, size, unpackedSize } = pack(home, TARBALLS);
    console.log(`packed: ${basename(tarball)}, ${megabytes(size)}, ${megabytes(unpackedSize)} installed`);
    if (at < addons.length) tarballs.platforms[platformOf(addons[at])] = tarball;
    else tarballs.root = tarball;
  }
  return tarballs;
}
