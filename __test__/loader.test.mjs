// Where no addon fits, `require` and `import` say which package is missing, for which platform, and what mends it. Each
// case is a project that has installed real tarballs, with something wrong in it.

import assert from "node:assert/strict";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { pack } from "../scripts/packing.mjs";
import {
  addon,
  emptyFolder,
  installed,
  manifest,
  platform,
  root,
  rootHome,
  runIn,
  tarballs,
} from "./support/packed.mjs";

const NAME = manifest.name;
const OURS = `${NAME}-${platform}`;

/** Loads the package in both ways: what was thrown, or nothing. Both must throw the same words. */
async function loads(home, env) {
  const words = [];
  for (const way of [`require("${NAME}")`, `await import("${NAME}")`]) {
    const told = "({ name, code, message, cause: cause?.message })";
    const text = `(async () => { try { ${way}; console.log("null"); } catch (error) {
      const tell = ({ name, code, message, cause }) => ${told};
      console.log(JSON.stringify(tell(error)));
    } })();`;
    await writeFile(join(home, "load.cjs"), text);
    // Nothing that the tests preload loads an addon before.
    const { stdout, stderr, code } = await runIn(home, ["load.cjs"], { NODE_OPTIONS: "", ...env });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    words.push(JSON.parse(stdout));
  }
  assert.deepEqual(words[0]?.code, words[1]?.code);
  assert.equal(words[0]?.message, words[1]?.message);
  return words[0];
}

const whole = await installed("whole", [tarballs.root, tarballs.platform]);

/** A copy of that project, of this name, whose platform package was changed by `spoil`, which gets its folder and addon. */
async function spoilt(name, spoil) {
  const home = await emptyFolder(name);
  await cp(whole, home, { recursive: true });
  const folder = join(home, "node_modules", OURS);
  await spoil(folder, join(folder, basename(addon)));
  return home;
}

/** What the message says of where it runs. */
function namesThisPlatform({ message }) {
  assert.match(message, new RegExp(`^${NAME} has no native addon for ${process.platform} ${process.arch} \\(`));
  assert.ok(message.includes(`Node ${process.version}`), message);
  if (process.platform === "linux") assert.match(message, /\((glibc [\d.]+|musl), /);
}

test("installed with its platform's package it loads", async () => {
  assert.equal(await loads(whole), null);
});

test("without the package of the platform it names that package and the ways to get it", async () => {
  // What npm itself makes of a package that it cannot have: it is optional, and so there is no complaint.
  const home = await installed("alone", [tarballs.root]);
  assert.deepEqual(await readdir(join(home, "node_modules/@hitl-sdk")), ["state-ioredis"]);
  const error = await loads(home);
  assert.equal(error.code, "NATIVE_ADDON_MISSING");
  namesThisPlatform(error);
  assert.ok(error.message.includes(`The package ${OURS}@${manifest.version} is not installed.`), error.message);
  for (const words of [
    "npm install --include=optional",
    "https://github.com/npm/cli/issues/4828",
    "rm -rf node_modules package-lock.json && npm install",
    `npm ci --os=${process.platform} --cpu=${process.arch}`,
    "external",
  ]) {
    assert.ok(error.message.includes(words), `${words} is not in: ${error.message}`);
  }
  assert.ok(error.cause, "what the loader said is the cause");
});

test("with the package of another platform it says that node_modules is from there", async () => {
  const other = platform.startsWith("darwin") ? "linux-arm64-musl" : "darwin-arm64";
  const home = await emptyFolder("from elsewhere");
  const folder = join(home, "stage");
  await cp(join(root, "npm", other), folder, { recursive: true });
  await writeFile(join(folder, `state-ioredis.${other}.node`), "for another machine");
  const { tarball } = pack(folder, home);
  // --force: npm itself would not put it there, but node_modules is copied from one machine to another.
  const project = await installed("copied", [tarballs.root, tarball], { flags: ["--force"] });
  const { code, message } = await loads(project);
  assert.equal(code, "NATIVE_ADDON_MISSING");
  const [, , , first] = message.split("\n");
  assert.match(first, new RegExp(`^- node_modules is from another platform \\(it has ${other}\\)`));
});

test("an addon that does not load is named, with the system's words", async () => {
  const text = await loads(
    await spoilt("no addon", (_, file) => writeFile(file, "version https://git-lfs.github.com/spec/v1")),
  );
  assert.equal(text.code, "NATIVE_ADDON_MISSING");
  namesThisPlatform(text);
  assert.match(text.message, new RegExp(`${OURS} is installed in .*${platform}, but does not load\\.\n.*\\.node`));
  const none = await loads(await spoilt("emptied", (_, file) => rm(file)));
  assert.equal(none.code, "NATIVE_ADDON_MISSING");
  assert.match(none.message, /is installed in .*, but does not load\./);
});

test("an addon of another version is refused", async () => {
  const [major] = manifest.version.split(".");
  const theirs = `state-ioredis@${Number(major) + 1}${manifest.version.slice(major.length)}`;
  const home = await spoilt("mixed", async (_, file) => {
    // The same addon, but for what it says of itself.
    const bytes = await readFile(file, "latin1");
    assert.equal(bytes.split(`state-ioredis@${manifest.version}`).length, 2);
    await writeFile(file, bytes.replace(`state-ioredis@${manifest.version}`, theirs), "latin1");
  });
  const { code, message } = await loads(home);
  assert.equal(code, "NATIVE_ADDON_MISMATCH");
  assert.match(
    message,
    new RegExp(`^${NAME}@${manifest.version} has loaded an addon of another version: ${theirs}\\.\n`),
  );
});

test("a platform for which there is nothing is told which ones there are", async () => {
  await writeFile(join(whole, "s390x.cjs"), `Object.defineProperty(process, "arch", { value: "s390x" });`);
  const { code, message } = await loads(whole, { NODE_OPTIONS: "--require ./s390x.cjs" });
  assert.equal(code, "NATIVE_ADDON_MISSING");
  assert.match(message, new RegExp(`for ${process.platform} s390x \\(`));
  assert.match(
    message,
    /There is no package for this platform\.\nSupported are macOS, Windows, and Linux with glibc 2\.17/,
  );
});

test("a path in the environment that leads nowhere is named", async () => {
  const { code, message } = await loads(whole, { NAPI_RS_NATIVE_LIBRARY_PATH: "/nowhere/addon.node" });
  assert.equal(code, "NATIVE_ADDON_MISSING");
  assert.match(message, /NAPI_RS_NATIVE_LIBRARY_PATH names \/nowhere\/addon\.node, which does not load\.\nUnset it\./);
});

test("the platforms that the message knows are those that there are packages for", async () => {
  const text = await readFile(join(rootHome, "js/no-addon.js"), "utf8");
  const [, list] = /const PLATFORMS = \[([^\]]*)\]/.exec(text);
  assert.deepEqual(JSON.parse(`[${list.replace(/,\s*$/, "")}]`), (await readdir(join(root, "npm"))).sort());
});
