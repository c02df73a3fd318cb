// What we publish for, and what can be built of it on one Linux machine on x64.

import { fileURLToPath } from "node:url";

/** Largest addon, in bytes. */
export const BUDGET = 3_500_000;

/** Linux distributions since 2014 have it. cargo-zigbuild takes it as an ending of the target. */
export const GLIBC_FLOOR = "2.17";

const gnu = (target) => ({ target, zig: `${target}.${GLIBC_FLOOR}`, file: "libhitl_state_ioredis.so" });

const musl = (target) => ({
  target,
  zig: target,
  file: "libhitl_state_ioredis.so",
  buildsStd: true,
  // An addon uses the C library of the Node that loads it.
  flags: "-C target-feature=-crt-static",
});

/**
 * The platforms that are built here, by the names of their packages: the target of Rust, as cargo-zigbuild has it
 * (`zig`), and the `file` that cargo makes; `buildsStd` where Debian has no standard library for it; `flags` for all that
 * is compiled, and `linkArgs` for the linker; `standsIn` for what a release builds differently.
 */
export const BUILT = {
  "linux-x64-gnu": gnu("x86_64-unknown-linux-gnu"),
  "linux-arm64-gnu": gnu("aarch64-unknown-linux-gnu"),
  "linux-x64-musl": musl("x86_64-unknown-linux-musl"),
  "linux-arm64-musl": musl("aarch64-unknown-linux-musl"),
  "win32-x64-msvc": {
    target: "x86_64-pc-windows-gnullvm",
    zig: "x86_64-pc-windows-gnullvm",
    file: "hitl_state_ioredis.dll",
    buildsStd: true,
    linkArgs: [fileURLToPath(new URL("exports.def", import.meta.url))],
    standsIn: "built for gnullvm, which the official node.exe loads as well; a release builds it with MSVC",
  },
};

const APPLE = "needs Apple's linker and libraries, which only a Mac may have";

/** The platforms that the release workflow alone builds, and why. */
export const LEFT = {
  "darwin-arm64": APPLE,
  "darwin-x64": APPLE,
  "win32-arm64-msvc": "needs Microsoft's import libraries, and nothing here could run it",
};
