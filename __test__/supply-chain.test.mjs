// What comes with the package and what it is made of: nothing runs at an installation, memory is touched by hand in one
// file, what runs inside of Redis never depends on data, and the policies say what the build says.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pack, platforms, stage } from "../scripts/packing.mjs";

const exec = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = createRequire(import.meta.url)("../package.json");

const read = (path) => readFile(join(root, path), "utf8");

/** The files below a folder of the repository whose names end so, as `[path, text]`. */
async function sources(folder, ending) {
  const names = (await readdir(join(root, folder), { recursive: true })).filter((name) => name.endsWith(ending));
  const paths = names.sort().map((name) => `${folder}/${name.replaceAll("\\", "/")}`);
  return Promise.all(paths.map(async (path) => [path, await read(path)]));
}

/** Rust without what its comments and texts say. */
const codeOf = (rust) => rust.replace(/\/\/.*$/gm, "").replace(/b?"(?:[^"\\]|\\.)*"/g, '""');

/** Lua without its comments. */
const luaOf = (lua) => lua.replace(/--.*$/gm, "");

/** How often each file has it, without the files that have it not. */
const countsOf = (files, pattern) =>
  Object.fromEntries(
    files.map(([path, text]) => [path, text.match(pattern)?.length ?? 0]).filter(([, count]) => count > 0),
  );

/** What stands between the bracket at `at` and the one that closes it. */
function bracketed(text, at) {
  for (let end = at, depth = 0; ; end++) {
    if (text[end] === "(") depth += 1;
    if (text[end] === ")") depth -= 1;
    if (depth === 0 || end === text.length) return text.slice(at + 1, end);
  }
}

const rust = (await Promise.all(["src", "tests"].map((folder) => sources(folder, ".rs")))).flat();
rust.push(["build.rs", await read("build.rs")]);
const code = rust.map(([path, text]) => [path, codeOf(text)]);
const lua = await sources("src", ".lua");

/** What npm runs when a package is installed or removed, and for a dependency that comes from git. */
const LIFECYCLE = ["preinstall", "install", "postinstall", "preuninstall", "uninstall", "postuninstall"].concat([
  "preprepare",
  "prepare",
  "postprepare",
  "prepack",
  "prepublish",
  "dependencies",
]);

test("no package of ours runs anything when it is installed, nor has a dependency that could", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "hitl-supply-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  // What the packages of platforms say of themselves is in git. Which addon they hold makes no difference here.
  const addons = platforms().map((name) => join(folder, `state-ioredis.${name}.node`));
  for (const addon of addons) await writeFile(addon, "");
  const homes = stage(join(folder, "stage"), addons);
  assert.equal(homes.length, 1 + manifest.napi.targets.length);
  for (const home of homes) {
    const { tarball, files } = pack(home, folder);
    const inside = await exec("tar", ["-xzOf", tarball, "package/package.json"]);
    const { scripts = {}, dependencies, bundleDependencies, gypfile } = JSON.parse(inside.stdout);
    assert.deepEqual(
      LIFECYCLE.filter((name) => name in scripts),
      [],
      home,
    );
    assert.deepEqual([dependencies, bundleDependencies, gypfile], [undefined, undefined, undefined], home);
    // npm compiles a package that has this file, without being asked to.
    assert.ok(!files.some((path) => path.endsWith(".gyp")), home);
  }
});

test("of the tools that we develop with, one has an install script, and it is known", async () => {
  const { packages } = JSON.parse(await read("package-lock.json"));
  const scripted = Object.keys(packages).filter((path) => packages[path].hasInstallScript);
  // A watcher of files, which the napi CLI asks for. It looks for its prebuilt binary, which is a package of its own.
  assert.deepEqual(scripted, ["node_modules/@parcel/watcher"]);
});

test("every package that may be installed everywhere has a checksum in the lock file", async () => {
  const { packages } = JSON.parse(await read("package-lock.json"));
  const without = Object.entries(packages).filter(([path, { integrity }]) => path !== "" && !integrity);
  // Binaries of other platforms that the registry lacked when the lock file was written: see scripts/lock.mjs.
  for (const [path, { dev, optional, os, cpu }] of without) assert.ok(dev && optional && (os || cpu), path);
});

test("the tools that are fetched into .cache are pinned by checksum, and run nothing when they are installed", async () => {
  for (const folder of ["scripts/linters", "scripts/release/registry"]) {
    const { packages } = JSON.parse(await read(`${folder}/package-lock.json`));
    const entries = Object.entries(packages).filter(([path]) => path !== "");
    assert.ok(entries.length > 10);
    for (const [path, { integrity, hasInstallScript }] of entries) {
      assert.match(integrity, /^sha512-/, path);
      assert.equal(hasInstallScript, undefined, path);
    }
  }
  const wheels = ["linters/workflows", "servers/redis-6.2", "servers/redis-8.2"].map((name) => `scripts/${name}.txt`);
  for (const path of wheels) {
    const pins = (await read(path)).replaceAll("\\\n", "").match(/^\w.*$/gm);
    for (const pin of pins) assert.match(pin, /^[\w-]+==[\d.]+( +--hash=sha256:[0-9a-f]{64})+$/, path);
  }
});

test("unsafe code is in the bridge alone, each time with the reason why it is sound", async () => {
  assert.deepEqual(countsOf(code, /\bunsafe\b(?!_)/g), { "src/binding/bridge.rs": 8 });
  const bridge = await read("src/binding/bridge.rs");
  assert.equal(bridge.match(/\/\/ SAFETY: \S/g).length, 8, "one for each block, and one for the impl");
});

test("the compiler refuses unsafe code everywhere else, and in the core nothing can permit it", async () => {
  assert.match(await read("Cargo.toml"), /^unsafe_code = "deny"$/m);
  const front = await read("src/lib.rs");
  const modules = [...front.matchAll(/^pub mod (\w+);/gm)].map(([, name]) => name);
  assert.ok(modules.length > 0);
  for (const name of modules)
    assert.match(front, new RegExp(`^#\\[forbid\\(unsafe_code\\)\\]\\npub mod ${name};`, "m"));
  assert.deepEqual(countsOf(code, /\b(allow|expect)\(\s*unsafe_code/g), { "src/binding/mod.rs": 1 });
});

test("a panic unwinds in what we publish", async () => {
  const cargo = await read("Cargo.toml");
  const [, profile] = /^\[profile\.release\]\n([\s\S]*?)(?=^\[)/m.exec(cargo);
  assert.match(profile, /^panic = "unwind"$/m);
  assert.equal(cargo.match(/^panic = /gm).length, 1, "another profile says otherwise");
});

test("what we publish has no points of failure for tests", async () => {
  const [, features] = /^\[features\]\n([\s\S]*?)(?=^\[)/m.exec(await read("Cargo.toml"));
  assert.match(features, /^default = \["node"\]$/m);
  assert.doesNotMatch(await read("binding.d.ts"), /fault/i);
});

test("the text of every script is put together by the compiler, out of files alone", () => {
  const makers = rust.filter(([path, text]) => path.startsWith("src/") && /(?<!redis::)Script::new\(/.test(text));
  assert.ok(makers.length >= 3);
  for (const [path, text] of makers) {
    for (const { index } of text.matchAll(/Script::new\(/g)) {
      const argument = bracketed(text, text.indexOf("(", index));
      const rest = argument.replace(/concat!|include_str!|\$file|"[\w/.]*"|[\s$(),+]/g, "");
      assert.equal(rest, "", `${path}: ${argument}`);
      assert.match(argument, /include_str!/, path);
    }
  }
  // The one place that sends scripts takes no other text than that, and nothing makes a text look like a constant.
  assert.deepEqual(
    Object.keys(countsOf(rust, /b?"EVAL(SHA)?"/g)).filter((path) => path.startsWith("src/")),
    ["src/connection/command.rs"],
  );
  assert.match(rust.find(([path]) => path === "src/connection/command.rs")[1], /source: &'static str/);
  assert.deepEqual(countsOf(code, /\bleak\(|transmute/g), {});
});

test("no script has a key of its own: all come through KEYS, ARGV, or what is stored", () => {
  assert.ok(lua.length > 20);
  for (const [path, text] of lua) {
    // The name of a command, for BITOP which one, and behind it what would be its key.
    for (const [call, command] of luaOf(text).matchAll(/\(\s*'(BITOP'\s*,\s*'OR|[A-Z]+)'\s*,\s*['"]/g)) {
      if (command === "BITOP") continue;
      assert.fail(`${path}: ${command} has a constant key: ${call}`);
    }
    assert.doesNotMatch(luaOf(text), /\b(loadstring|load|dofile|require)\b\s*[('"]/, path);
  }
});

test("the policy for crates covers every platform that we publish for", async () => {
  const [, list] = /^targets = \[\n([\s\S]*?)^\]/m.exec(await read("deny.toml"));
  const targets = [...list.matchAll(/"(.+)"/g)].map(([, target]) => target);
  assert.deepEqual(targets.sort(), manifest.napi.targets.toSorted());
});

test("every file that SECURITY.md points to is there", async () => {
  const paths = (await read("SECURITY.md")).match(/\b(__test__|tests|docs)\/[\w./-]+\.(mjs|rs|md)/g);
  assert.ok(paths.length > 5);
  for (const path of paths) await read(path);
});
