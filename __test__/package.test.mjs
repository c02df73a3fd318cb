// What npm would publish, and what a user gets from it.

import assert from "node:assert/strict";
import { lstat, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { INSTALLED_BUDGET, platforms } from "../scripts/packing.mjs";
import { sizeOf } from "../scripts/platforms/installation.mjs";
import {
  addon,
  contents,
  installed,
  link,
  manifest,
  platform,
  platformHome,
  root,
  rootHome,
  runIn,
  tarballs,
} from "./support/packed.mjs";
import { withRedis } from "./support/redis.mjs";

const server = await withRedis();
const readJson = async (path) => JSON.parse(await readFile(path, "utf8"));

test("only what a user needs is published", async () => {
  const names = await readdir(join(root, "js"), { recursive: true });
  const modules = names.filter((name) => name.endsWith(".js")).map((name) => `js/${name.replaceAll("\\", "/")}`);
  const pages = ["connections", "operations", "upgrade", "watching"].map((name) => `docs/${name}.md`);
  const documents = ["LICENSE", "LICENSE-THIRD-PARTY.md", "README.md", ...pages];
  const expected = [...documents, "binding.js", "index.d.ts", "index.js", ...modules, "package.json"];
  assert.deepEqual(contents.root.files, expected.sort());
  const addonName = `state-ioredis.${platform}.node`;
  assert.deepEqual(
    contents.platform.files,
    ["LICENSE", "LICENSE-THIRD-PARTY.md", "README.md", addonName, "package.json"].sort(),
  );
});

test("every package of a platform is an optional dependency, of exactly this version", async () => {
  const published = await readJson(join(rootHome, "package.json"));
  const expected = platforms().map((name) => [`${manifest.name}-${name}`, manifest.version]);
  assert.deepEqual(published.optionalDependencies, Object.fromEntries(expected));
  for (const name of ["dependencies", "devDependencies", "scripts", "napi"]) assert.equal(published[name], undefined);
});

test("the crate, the addon and the package have one version", async () => {
  const [, version] = /^version = "(.*)"$/m.exec(await readFile(join(root, "Cargo.toml"), "utf8"));
  assert.equal(version, manifest.version);
  assert.equal(createRequire(import.meta.url)(addon).IDENTITY, `state-ioredis@${version}`);
});

test("each platform has a package of the same version that names its one file", async () => {
  const names = await readdir(join(root, "npm"));
  assert.equal(names.length, manifest.napi.targets.length);
  for (const name of names) {
    const stated = await readJson(join(root, "npm", name, "package.json"));
    const [os, cpu, abi] = name.split("-");
    const file = `${manifest.napi.binaryName}.${name}.node`;
    const { version, license, engines } = manifest;
    assert.deepEqual(
      { ...stated, description: undefined, keywords: undefined },
      {
        name: `${manifest.name}-${name}`,
        description: undefined,
        keywords: undefined,
        ...{ version, license, engines, main: file, files: [file], os: [os], cpu: [cpu] },
        ...(os === "linux" && { libc: [abi === "gnu" ? "glibc" : "musl"] }),
        publishConfig: manifest.publishConfig,
      },
    );
  }
});

test("the package of a platform has the licences of what is in its addon", async () => {
  const notices = await readFile(join(platformHome, "LICENSE-THIRD-PARTY.md"), "utf8");
  for (const crate of ["redis", "rustls", "ring", "tokio", "napi", "icu_normalizer_data"]) {
    assert.match(notices, new RegExp(`^\\| ${crate} \\| \\d`, "m"));
    assert.match(notices, new RegExp(`^###.* ${crate} \\d.*\\n\\n~~~~text\\n.*\\S`, "m"));
  }
});

test("the lock file names no other registry than npm's", async () => {
  const lock = await readFile(join(root, "package-lock.json"), "utf8");
  const elsewhere = [...lock.matchAll(/"resolved": "(.*)"/g)].filter(
    ([, url]) => !url.startsWith("https://registry.npmjs.org/"),
  );
  assert.deepEqual(elsewhere, []);
});

const APPROVAL = `
  const redis = new Redis({ port: Number(process.env.REDIS_PORT), keyPrefix: process.env.KEY_PREFIX });
  const state = new IoredisState(redis);
  const request = { id: "apr-1", token: "wf:1", channel: "slack", namespace: "finance", message: "Pay?", actions: [] };
  const approve = async () => {
    await state.create(request);
    await state.resolve("apr-1", { type: "TIMED_OUT", id: "apr-1", externalRef: "wf:1" });
    const { items } = await state.list({ status: "resolved" });
    console.log(SCHEMA_VERSION, items.length, items[0].result.type);
    await redis.quit();
  };
`;

const SERVERS = {
  "server.mjs": `
    import { IoredisState, SCHEMA_VERSION } from "@hitl-sdk/state-ioredis";
    import { Redis } from "ioredis";
    ${APPROVAL}
    await approve();`,
  "server.cjs": `
    const { IoredisState, SCHEMA_VERSION } = require("@hitl-sdk/state-ioredis");
    const { Redis } = require("ioredis");
    ${APPROVAL}
    approve();`,
};

test("installed from its tarballs, it works with import and with require", async (t) => {
  const home = await installed("server", [tarballs.root, tarballs.platform]);
  const size = sizeOf(join(home, "node_modules"));
  t.diagnostic(`installed: ${size} bytes`);
  // A development build has what debuggers want.
  if ((await lstat(addon)).size < 2 * INSTALLED_BUDGET) assert.ok(size <= INSTALLED_BUDGET, `${size} bytes`);

  await link(home, "ioredis", "node_modules/ioredis5");
  for (const [file, text] of Object.entries(SERVERS)) {
    await writeFile(join(home, file), text);
    const { stdout, stderr } = await runIn(home, [file], { REDIS_PORT: String(server.port), KEY_PREFIX: `${file}:` });
    assert.equal(stdout + stderr, "3 1 TIMED_OUT\n", file);
  }
});
