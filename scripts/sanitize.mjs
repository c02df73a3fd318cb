// `npm run sanitize`: the tests of the Rust core where memory and threads are watched, with what nightly Rust has here.
//
//   npm run sanitize                   Miri, AddressSanitizer and ThreadSanitizer
//   npm run sanitize -- miri thread    these
//
// Miri interprets the pure parts; it starts no process and opens no socket, and tests which need one say so. The
// sanitizers watch the connection too, with real servers, at full speed or nearly. Nothing watches `src/binding`: it
// runs in Node's process, which is built without them.
//
// What a toolchain lacks is left out by name, with the way to get it. Exit code 0: whatever ran is clean.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { provideRedis } from "./redis.mjs";
import { main, outputOf, run, SetupError } from "./run.mjs";
import { requireNightly } from "./setup.mjs";

const NIGHTLY = "+nightly";

const ask = (...args) => outputOf("rustc", [NIGHTLY, ...args]);

/** What the toolchain at hand can do. */
function toolchain() {
  const library = join(ask("--print", "sysroot"), "lib/rustlib/src/rust/library/Cargo.lock");
  const target = JSON.parse(ask("-Zunstable-options", "--print", "target-spec-json"));
  return {
    host: /^host: (.*)$/m.exec(ask("-vV"))[1],
    miri: outputOf("cargo", [NIGHTLY, "miri", "--version"]) !== null,
    sanitizers: target["supported-sanitizers"] ?? [],
    sources: existsSync(library),
  };
}

const NO_SOURCES = "rust-src is not installed: rustup component add rust-src --toolchain nightly";

/** The core without Node. Each part has a folder of its own, since their flags would throw each other's work away. */
const core = (name, ...tests) => [
  "--locked",
  "--no-default-features",
  `--target-dir=target/sanitize/${name}`,
  ...tests,
];

/** Tests that Miri has done with in minutes: those of the store and of errors, but for one that counts days. */
const INTERPRETED = ["store::", "error::", "--skip", "eight_centuries"];

/** Why a part is left out, or `undefined`; and whether it found nothing. */
const miri = {
  lacks(has) {
    if (!has.miri) return "Miri is not installed: rustup component add miri --toolchain nightly";
    return has.sources ? undefined : NO_SOURCES;
  },
  isClean() {
    // The tests' own clock lies outside of what Miri isolates.
    const env = { MIRIFLAGS: `${process.env.MIRIFLAGS ?? ""} -Zmiri-disable-isolation`.trim() };
    return run("cargo", [NIGHTLY, "miri", "test", ...core("miri", "--lib"), "--", ...INTERPRETED], { env }) === 0;
  },
};

/** Tests of the core as a program with this sanitizer in it. */
function sanitizer(name, { rebuildsStd, tests }) {
  return {
    lacks(has) {
      if (!has.sanitizers.includes(name)) return `Rust has none for ${has.host}`;
      return rebuildsStd && !has.sources ? NO_SOURCES : undefined;
    },
    isClean(has) {
      provideRedis();
      // With a target, build scripts and procedural macros are spared the flags.
      const how = [`--target=${has.host}`, ...(rebuildsStd ? ["-Zbuild-std"] : [])];
      const env = { RUSTFLAGS: `${process.env.RUSTFLAGS ?? ""} -Zsanitizer=${name}`.trim() };
      return run("cargo", [NIGHTLY, "test", ...how, ...core(name, ...tests)], { env }) === 0;
    },
  };
}

const PARTS = {
  miri,
  address: sanitizer("address", { rebuildsStd: false, tests: ["--lib", "--test", "connection"] }),
  // The standard library's own locks have to be seen, or every one of them is a race. Only the connection has threads.
  thread: sanitizer("thread", { rebuildsStd: true, tests: ["--test", "connection"] }),
};

await main((args) => {
  const { positionals: words } = parseArgs({ args, allowPositionals: true });
  const unknown = words.find((word) => !Object.hasOwn(PARTS, word));
  if (unknown) throw new SetupError(`${unknown} is no part: there are ${Object.keys(PARTS).join(", ")}`);
  requireNightly("Miri and the sanitizers need");

  const has = toolchain();
  const lines = { ran: [], "left out": ["src/binding: it runs in Node's process"] };
  let isClean = true;
  for (const [name, part] of Object.entries(PARTS)) {
    const lacking = words.length > 0 && !words.includes(name) ? "not asked for" : part.lacks(has);
    if (lacking) {
      lines["left out"].push(`${name}: ${lacking}`);
      continue;
    }
    console.log(`\n== ${name}`);
    const start = Date.now();
    const holds = part.isClean(has);
    isClean &&= holds;
    const seconds = Math.round((Date.now() - start) / 1000);
    lines.ran.push(`${name}: ${holds ? "clean" : "NOT CLEAN, see above"}, ${seconds} s`);
  }
  for (const [title, list] of Object.entries(lines)) console.log(`\n${[title, ...list].join("\n  ")}`);
  if (lines.ran.length === 0) throw new SetupError("Nothing ran.");
  return isClean ? 0 : 1;
});
