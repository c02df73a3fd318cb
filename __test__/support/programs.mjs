// The programs of `fixtures/`, each run to its end in a process of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const LIMIT_MS = 30_000;

/**
 * Runs `fixtures/<name>.mjs` to its end. `signal` is "SIGKILL" where it did not come within `limit` ms. `lateness`:
 * how many ms it came after the program said, with `process.send`, that its work was over.
 *
 * @param {string} name
 * @param {(string | number)[]} args
 * @param {{
 *   port?: number, ioredis?: "5" | "6", command?: string, nodeArgs?: string[], env?: object, limit?: number,
 * }} [options]
 *   `port` and `ioredis`: what `client()` of fixtures/program.mjs connects to, and with; `command`: another runtime than
 *   this Node, and `nodeArgs` what stands before the program's path
 */
export async function runProgram(
  name,
  args,
  { port, ioredis = "5", command = process.execPath, nodeArgs = [], env, limit = LIMIT_MS } = {},
) {
  const path = fileURLToPath(new URL(`../fixtures/${name}.mjs`, import.meta.url));
  const child = spawn(command, [...nodeArgs, path, ...args.map(String)], {
    env: { ...process.env, HITL_TEST_PORT: String(port), HITL_TEST_IOREDIS: ioredis, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    child[stream].setEncoding("utf8").on("data", (chunk) => (output[stream] += chunk));
  }
  let lateness;
  child.on("message", (over) => child.once("exit", () => (lateness = Date.now() - over)));
  const timer = setTimeout(() => child.kill("SIGKILL"), limit);
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  return { code, signal, lateness, ...output };
}
