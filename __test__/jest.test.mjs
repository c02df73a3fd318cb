// Jest runs tests in a realm of their own, with another Error and another Object than Node's modules have.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withRedis } from "./support/redis.mjs";

const jest = createRequire(import.meta.url).resolve("jest/bin/jest");
const config = fileURLToPath(new URL("jest/jest.config.cjs", import.meta.url));
const server = await withRedis();

test("under Jest results are strictly equal and errors are instances of Error", async () => {
  const child = spawn(process.execPath, [jest, "--config", config], {
    env: { ...process.env, CI: "true", REDIS_PORT: String(server.port), NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let words = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (words += chunk));
  const [code] = await once(child, "close");
  assert.equal(code, 0, words);
  // A suite that keeps a handle open would not let Jest end by itself.
  assert.doesNotMatch(words, /did not exit|force/i);
});
