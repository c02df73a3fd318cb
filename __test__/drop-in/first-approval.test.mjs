// The first ten minutes of a user: an empty folder, `npm install`, ten lines of TypeScript, and an approval.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { pack } from "../../scripts/packing.mjs";
import { emptyFolder, install, link, runIn, tarballs } from "../support/packed.mjs";
import { withRedis } from "../support/redis.mjs";
import { compile } from "./project.mjs";

const PROGRAM = `
import { IoredisState } from "@hitl-sdk/state-ioredis";
import { Redis } from "ioredis";
const redis = new Redis(process.env.REDIS_URL ?? "");
const state = new IoredisState(redis);
await state.create({ id: "a1", token: "wf:1", channel: "slack", namespace: "finance", message: "Pay?", actions: [] });
const { items } = await state.list({ status: "pending", namespace: "finance" });
await state.resolve("a1", { type: "RESOLVED", actionId: "ok", id: "a1", externalRef: "wf:1", feedbacks: {} });
const decided = await state.get("a1");
console.log(items[0]?.status, decided?.status, decided?.result?.type);
await redis.quit();
`.trim();

/** What installs that compile call for, each replaced by a trap that notes the call and fails. */
const COMPILERS = ["cc", "gcc", "g++", "c++", "clang", "make", "cmake", "python", "python3", "cargo", "rustc"];

const redis = await withRedis();
const traps = await emptyFolder("traps");
const calls = join(traps, "calls");
for (const name of COMPILERS) {
  await writeFile(join(traps, name), `#!/bin/sh\necho ${name} >> ${JSON.stringify(calls)}\nexit 1\n`);
  await chmod(join(traps, name), 0o755);
}

/** Installs packages in an empty folder, and says which scripts npm ran and which compilers were called meanwhile. */
async function watchedInstall(name, packages) {
  const home = await emptyFolder(name);
  await writeFile(join(home, "package.json"), JSON.stringify({ name, type: "module", private: true }));
  await rm(calls, { force: true });
  const env = { PATH: traps + delimiter + process.env.PATH };
  // npm passes on what this repository's .npmrc says, which keeps scripts from running; a user's does not.
  const { stderr } = await install(home, packages, { env, flags: ["--loglevel=verbose", "--ignore-scripts=false"] });
  const ran = [...stderr.matchAll(/^npm info run (\S+ \S+)/gm)].map(([, script]) => script);
  // npm tells of each script as it begins and as it ends.
  return {
    home,
    ran: [...new Set(ran)],
    called: existsSync(calls) ? (await readFile(calls, "utf8")).trim().split("\n") : [],
  };
}

test("installed in an empty folder, ten lines of strict TypeScript create, list and resolve an approval", async () => {
  const { home, ran, called } = await watchedInstall("first", Object.values(tarballs));
  assert.deepEqual({ ran, called }, { ran: [], called: [] });

  assert.ok(PROGRAM.split("\n").length <= 10);
  await writeFile(join(home, "approval.ts"), PROGRAM);
  const compilerOptions = { strict: true, module: "nodenext", target: "es2022", types: ["node"], skipLibCheck: true };
  await writeFile(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["approval.ts"] }));
  // What else the ten lines name comes from here: no test needs the network.
  await link(home, "ioredis", "node_modules/ioredis5");
  await link(home, "@types/node", "node_modules/@types/node");
  await compile(home);

  const env = { REDIS_URL: `redis://127.0.0.1:${redis.port}` };
  const end = await runIn(home, ["approval.js"], env);
  assert.deepEqual(end, { code: 0, stdout: "pending resolved RESOLVED\n", stderr: "" });
});

test("what runs scripts or compilers when it is installed would have been seen", async () => {
  const greedy = await emptyFolder("greedy");
  const scripts = { postinstall: "cc --version || true" };
  await writeFile(join(greedy, "package.json"), JSON.stringify({ name: "greedy", version: "1.0.0", scripts }));
  const { tarball } = pack(greedy, greedy);
  const { ran, called } = await watchedInstall("victim", [tarball]);
  assert.deepEqual({ ran, called }, { ran: ["greedy@1.0.0 postinstall"], called: ["cc"] });
});
