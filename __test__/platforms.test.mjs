// What `npm run prebuild` and `npm run test:platforms` know of the platforms that we publish for. They themselves fetch
// compilers, and take too long for `npm test`.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";
import { promisify } from "node:util";
import { platforms } from "../scripts/packing.mjs";
import { SYSTEMS } from "../scripts/platforms/systems.mjs";
import { chosen } from "../scripts/platforms/tarballs.mjs";
import { BUILT, LEFT } from "../scripts/platforms/targets.mjs";
import { root, SetupError } from "../scripts/run.mjs";

const exec = promisify(execFile);
const { napi } = createRequire(import.meta.url)("../package.json");

test("every platform is built on one machine, or named as left to the release workflow", () => {
  assert.deepEqual([...Object.keys(BUILT), ...Object.keys(LEFT)].sort(), platforms());
});

test("what is built here is built for the target that is published, or says that it only stands in", () => {
  for (const [platform, { target, standsIn }] of Object.entries(BUILT)) {
    assert.equal(napi.targets.includes(target), standsIn === undefined, platform);
  }
});

test("every platform that is built here is tried in a system of its own", () => {
  assert.deepEqual(new Set(SYSTEMS.map(({ platform }) => platform)), new Set(Object.keys(BUILT)));
});

test("a platform that is left to the release workflow, or unknown, is refused by name", () => {
  assert.deepEqual(chosen([]), Object.keys(BUILT));
  assert.deepEqual(chosen(["linux-x64-musl"]), ["linux-x64-musl"]);
  for (const name of [...Object.keys(LEFT), "linux-x64", "toString"]) {
    assert.throws(
      () => chosen([name]),
      (error) => error instanceof SetupError && error.message.includes(name),
    );
  }
});

// npm runs `prebuild` before `build` unless it is told otherwise.
test("npm run build builds this machine's addon alone", async () => {
  const { stdout } = await exec("npm", ["config", "get", "ignore-scripts"], { cwd: root });
  assert.equal(stdout.trim(), "true");
});
