// What npm would publish, and what a user gets from it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withRedis } from "./support/redis.mjs";

const exec = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = createRequire(import.meta.url)("../package.json");

const server = await withRedis();
const folder = await mkdtemp(join(tmpdir(), "hitl-package-"));
after(() => rm(folder, { recursive: true, force: true }));

const readJson = async (path) => JSON.parse(await readFile(path, "utf8"));

/** Packs a package folder: the path of the tarball and the files in it. */
async function pack(home) {
  const args = ["pack", "--json", "--ignore-scripts", "--loglevel=error", "--pack-destination", folder];
  const [packed] = Object.values(JSON.parse((await exec("npm", args, { cwd: home })).stdout));
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }) => path).sort() };
}

test("only what a user needs is published", async () => {
  const { files } = await pack(root);
  const names = await readdir(join(root, "js"), { recursive: true });
  const modules = names.filter((name) => name.endsWith(".js")).map((name) => `js/${name.replaceAll("\\", "/")}`);
  const pages = ["connections", "operations", "upgrade", "watching"].map((name) => `docs/${name}.md`);
  const expected = [
    "LICENSE",
    "README.md",
    ...pages,
    "binding.js",
    "index.d.ts",
    "index.js",
    ...modules,
    "package.json",
  ];
  assert.deepEqual(files, expected.sort());
});

test("each platform has a package of the same version that names its one file", async () => {
  const names = await readdir(join(root, "npm"));
  assert.equal(names.length, manifest.napi.targets.length);
  for (const name of names) {
    const platform = await readJson(join(root, "npm", name, "package.json"));
    const [os, cpu, abi] = name.split("-");
    const file = `${manifest.napi.binaryName}.${name}.node`;
    const { version, license, engines } = manifest;
    assert.deepEqual(
      { ...platform, description: undefined, keywords: undefined },
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

test("installed from its tarballs, it works with import and with require", async () => {
  const home = join(folder, "server");
  const platform = join(folder, "platform");

  // The platform's package gets the addon as a release puts it there.
  const addon = (await readdir(root)).find((name) => name.endsWith(".node"));
  assert.ok(addon, "npm run build makes the addon");
  await cp(join(root, "npm", addon.split(".")[1]), platform, { recursive: true });
  await cp(join(root, addon), join(platform, addon));

  await mkdir(home);
  await writeFile(join(home, "package.json"), JSON.stringify({ name: "server", private: true }));
  const tarballs = [(await pack(root)).tarball, (await pack(platform)).tarball];
  const flags = ["--offline", "--no-audit", "--no-fund", "--loglevel=error"];
  await exec("npm", ["install", ...flags, ...tarballs], { cwd: home });
  await symlink(join(root, "node_modules/ioredis5"), join(home, "node_modules/ioredis"), "dir");

  for (const [file, text] of Object.entries(SERVERS)) {
    await writeFile(join(home, file), text);
    const env = { ...process.env, REDIS_PORT: String(server.port), KEY_PREFIX: `${file}:` };
    const { stdout, stderr } = await exec(process.execPath, [file], { cwd: home, env });
    assert.equal(stdout + stderr, "3 1 TIMED_OUT\n", file);
  }
});
