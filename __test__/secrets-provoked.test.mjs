// Errors of every kind, provoked by the thousand in processes that are full of secrets: none of them comes back, not in
// an error and not on stderr, whoever wrote there.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { HAS_CREDENTIALS } from "./support/acl.mjs";
import { canariesIn } from "./support/canaries.mjs";

const LIMIT = { timeout: 120_000 };

/** What has to be among the codes, or something was not provoked any more. */
const CODES = [
  ...["WRONGPASS", "NOAUTH", "NOPERM", "ERR", "WRONGTYPE", "OOM", "MAX_RETRIES", "CONNECTION_CLOSED", "OFFLINE"],
  ...["COMMAND_TIMEOUT", "UNEXPECTED_REPLY", "INVALID_ARGUMENT", "CORRUPT_RECORD", "ALREADY_RESOLVED", "TOKEN_TAKEN"],
];

async function provoked(who) {
  const program = fileURLToPath(new URL("./fixtures/provoke.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, who], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const limit = setTimeout(() => child.kill(), LIMIT.timeout - 5000);
  const [code] = await once(child, "close");
  clearTimeout(limit);
  assert.equal(code, 0, stderr);
  assert.deepEqual(canariesIn(stderr), [], stderr);
  return JSON.parse(stdout);
}

for (const [name, who] of [
  ["ioredis 5", "5"],
  ["ioredis 6", "6"],
  ["no client", "none"],
]) {
  test(`none of 900 errors with ${name} shows a secret`, { ...LIMIT, skip: HAS_CREDENTIALS }, async () => {
    const { errors, codes, leaks, unrefused } = await provoked(who);
    assert.deepEqual(leaks, []);
    assert.deepEqual(unrefused, []);
    assert.ok(errors >= 900, `only ${errors} errors were provoked`);
    for (const code of CODES) assert.ok(codes[code] > 0, `none with ${code}`);
  });
}
