// Why there is no addon here, and the command that mends it. Whoever reads this has just deployed.

const { existsSync } = require("node:fs");
const { createRequire } = require("node:module");
const { dirname } = require("node:path");
const { name: ROOT, version } = require("../package.json");
const { coded } = require("./errors.js");

/** What there is a package for; a test compares it with package.json. */
const PLATFORMS = [
  "darwin-arm64",
  "darwin-x64",
  "linux-arm64-gnu",
  "linux-arm64-musl",
  "linux-x64-gnu",
  "linux-x64-musl",
  "win32-arm64-msvc",
  "win32-x64-msvc",
];

const SUPPORTED =
  "Supported are macOS, Windows, and Linux with glibc 2.17 or newer or with musl, each on x64 and arm64.";

/** Names that no bundler shall look at: a request that it cannot evaluate would make it complain. */
const { resolve } = createRequire(__filename);

/** Where a package is, or nothing. */
function folderOf(packageName) {
  try {
    return dirname(resolve(`${packageName}/package.json`));
  } catch {
    return undefined;
  }
}

/** What the platform's package must fit: `{ words, name, flags }`; no name where there is no such package. */
function thisPlatform() {
  const { platform: os, arch: cpu } = process;
  const libc = os === "linux" ? libcOf() : undefined;
  const suffix = { linux: libc?.package, win32: "-msvc" }[os] ?? "";
  const platform = `${os}-${cpu}${suffix}`;
  const words = `${os} ${cpu} (${libc ? `${libc.words}, ` : ""}Node ${process.version})`;
  const flags = `--os=${os} --cpu=${cpu}${libc ? ` --libc=${libc.flag}` : ""}`;
  return { words, flags, name: PLATFORMS.includes(platform) ? `${ROOT}-${platform}` : undefined };
}

/** The C library that this Node was linked with, as Node itself tells it. */
function libcOf() {
  // Otherwise the report looks up the name of every peer.
  const { excludeNetwork } = process.report;
  process.report.excludeNetwork = true;
  const { glibcVersionRuntime } = process.report.getReport().header;
  process.report.excludeNetwork = excludeNetwork;
  return glibcVersionRuntime
    ? { words: `glibc ${glibcVersionRuntime}`, package: "-gnu", flag: "glibc" }
    : { words: "musl", package: "-musl", flag: "musl" };
}

/** What the attempts of binding.js came to, beyond that there was no such file: one line each. */
function refusalsIn(error) {
  const lines = [];
  for (let cause = error.cause; cause; cause = cause.cause) {
    const [line] = String(cause.message).split("\n");
    if (!/^(Cannot find module|Unsupported )/.test(line)) {
      lines.unshift(line);
    }
  }
  return lines;
}

const AGAIN = "rm -rf node_modules package-lock.json && npm install";

/** What may have kept the platform's package away, the likeliest first. */
function waysToMend({ name, flags }) {
  const others = PLATFORMS.filter((platform) => `${ROOT}-${platform}` !== name && folderOf(`${ROOT}-${platform}`));
  const copied =
    others.length > 0 ? `is from another platform (it has ${others.join(", ")})` : "may be from another platform";
  const there =
    `- node_modules ${copied}, such as an earlier stage of a Docker build: install where the program runs, or for that ` +
    `platform with: npm ci ${flags}`;
  const omitted =
    "- optional dependencies were left out (--omit=optional, --no-optional, omit=optional in an .npmrc), and the " +
    "addon is one: npm install --include=optional";
  const locked =
    "- package-lock.json was written on another platform, which npm may take for all there is " +
    `(https://github.com/npm/cli/issues/4828): ${AGAIN}`;
  const bundled = `- a bundler took in this package: declare ${ROOT} external, and deploy it in node_modules`;
  const lines = others.length > 0 ? [there, omitted, locked, bundled] : [omitted, locked, there, bundled];
  return ["What may be the reason, and what mends it:", ...lines];
}

/** `error` is what binding.js threw. */
function missing(error) {
  const platform = thisPlatform();
  const override = process.env.NAPI_RS_NATIVE_LIBRARY_PATH;
  const folder = platform.name && folderOf(platform.name);
  const refusals = refusalsIn(error);
  const lines = [];
  if (override) {
    lines.push(`NAPI_RS_NATIVE_LIBRARY_PATH names ${override}, which does not load.`, ...refusals, "Unset it.");
  } else if (platform.name === undefined) {
    lines.push("There is no package for this platform.", SUPPORTED);
  } else if (folder !== undefined) {
    lines.push(`${platform.name} is installed in ${folder}, but does not load.`, ...refusals);
    lines.push(`What mends it: ${AGAIN}`);
  } else {
    lines.push(`The package ${platform.name}@${version} is not installed.`, ...refusals, ...waysToMend(platform));
  }
  const message = [`${ROOT} has no native addon for ${platform.words}.`, ...lines].join("\n");
  return coded(new Error(message, { cause: error }), "NATIVE_ADDON_MISSING");
}

/** `identity` is what the addon that was loaded says of itself. */
function mismatched(identity) {
  const lines = [
    `${ROOT}@${version} has loaded an addon of another version: ${identity ?? "one that does not say which"}.`,
    existsSync(`${__dirname}/../Cargo.toml`)
      ? "What mends it: npm run build"
      : `The package of the platform must have the same version. What mends it: ${AGAIN}`,
  ];
  return coded(new Error(lines.join("\n")), "NATIVE_ADDON_MISMATCH");
}

module.exports = { PLATFORMS, mismatched, missing };
