// The compilers for other platforms: Debian's rustc, which has a standard library for arm64 and the sources to build it
// for others, and zig, which links for all of them. The cargo on the PATH drives both. It takes a minute to fetch, and
// 1.5 GB.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, provide } from "../cache.mjs";
import { installWheels } from "../pip.mjs";
import { demandOutput, root, SetupError } from "../run.mjs";
import { unpackDebian } from "./debian.mjs";

/** The libraries that Debian's rustc was linked with, so that any distribution's machine runs it. The C library is its own. */
const LIBRARIES = "libLLVM|libz3-|libedit|libtinfo|libffi|libxml2|libicu|liblzma|libzstd|zlib1g|libbsd|libmd0";

const RUST = {
  suite: "bookworm",
  architectures: ["amd64", "arm64"],
  packages: ["rustc-web", "libstd-rust-web-dev:amd64", "libstd-rust-web-dev:arm64", "rust-web-src", "rust-web-llvm"],
  keep: new RegExp(`^(rust|libstd-rust|llvm-\\d+(?=:)|${LIBRARIES}).*:(amd64|all)$|^libstd-rust-web-dev:arm64$`, "i"),
};

const ZIG = "scripts/platforms/zig.txt";

/** napi-build insists on a Node to link with, though the addon looks its functions up when it is loaded. */
function provideNoNode() {
  const folder = join(CACHE, "no-node");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "libnode.dll"), "");
  writeFileSync(join(folder, "libnode.a"), "!<arch>\n");
  return folder;
}

function requireMachine() {
  const { glibcVersionRuntime } = process.report.getReport().header;
  if (process.platform === "linux" && process.arch === "x64" && glibcVersionRuntime) return;
  throw new SetupError(
    "Other platforms are built on Linux with glibc on x64; `npm run build` builds for this machine.",
  );
}

/**
 * Fetches what is missing of it. `env` is what cargo and its children need, `zigbuild` the program that takes the place
 * of `cargo build`, `zig` the compiler of C, and `llvm(tool, ...args)` what one of LLVM's tools prints.
 */
export async function provideToolchain() {
  requireMachine();
  const rust = await provide("rust", RUST, (folder) => unpackDebian(folder, RUST));
  const zig = await provide("zig", readFileSync(join(root, ZIG), "utf8"), (folder) => {
    if (!installWheels(ZIG, folder)) throw new SetupError(`${ZIG} could not be installed; pip's words are above.`);
  });
  const programs = readdirSync(join(rust, "usr/bin"));
  const env = {
    RUSTC: join(rust, "usr/bin/rustc"),
    LD_LIBRARY_PATH: join(rust, "usr/lib/x86_64-linux-gnu"),
    CARGO_ZIGBUILD_ZIG_PATH: join(zig, "ziglang/zig"),
    CARGO_ZIGBUILD_CACHE_DIR: join(CACHE, "zigbuild"),
    ZIG_GLOBAL_CACHE_DIR: join(CACHE, "zig-global"),
    LIBNODE_PATH: provideNoNode(),
  };
  const print = (program, args) => demandOutput(program, args, `${program} ${args.join(" ")} failed`, { env });
  console.log(`Toolchain: ${print(env.RUSTC, ["--version"]).trim()}`);
  const pathOf = (tool) =>
    join(
      rust,
      "usr/bin",
      programs.find((name) => name.startsWith(`llvm-${tool}-`)),
    );
  return {
    env,
    zigbuild: join(zig, "bin/cargo-zigbuild"),
    zig: env.CARGO_ZIGBUILD_ZIG_PATH,
    llvm: (tool, ...args) => print(pathOf(tool), args),
  };
}
