// Replicas of the server as processes, in whatever way they are run, and calls to them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Longest wait for a replica to say its port, and for one to end by itself. */
const PATIENCE_MS = 60_000;

/** What is on standard error of a program that has nothing to say. */
const SILENCE = /^$/;

/**
 * Starts a program of one or more replicas, and waits until each has said its port.
 *
 * @param {{
 *   command?: string, args: string[], cwd: string, env?: Record<string, string>, servers?: number,
 *   endsWith?: number, mayPrint?: RegExp,
 * }} program
 *   `servers`: how many there will be. `endsWith`: its exit code once it is asked to end. `mayPrint`: what it may say on
 *   standard error, which is nothing by default.
 */
export async function startProgram(program) {
  const { command = process.execPath, args, cwd, env, servers = 1, endsWith = 0, mayPrint = SILENCE } = program;
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const killed = () => child.kill("SIGKILL");
  process.once("exit", killed);
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (complaints += text));
  const end = once(child, "close").finally(() => process.off("exit", killed));

  const urls = [];
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("{")) urls.push(`http://127.0.0.1:${JSON.parse(line).port}`);
      if (urls.length === servers) resolve();
    });
  });
  const timer = setTimeout(killed, PATIENCE_MS);
  await Promise.race([ready, end]);
  clearTimeout(timer);
  assert.equal(urls.length, servers, `${command} ${args.join(" ")}: ${complaints}`);

  return {
    urls,
    /** Ends the process at once, as a crash would. */
    async kill() {
      child.kill("SIGKILL");
      await end;
    },
    /** Asks it to end, which it must do by itself and without a complaint. */
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(killed, PATIENCE_MS);
      const [code, signal] = await end;
      clearTimeout(timer);
      assert.deepEqual({ code, signal }, { code: endsWith, signal: null }, complaints);
      assert.match(complaints, mayPrint);
    },
  };
}

/** Several programs as one fleet. */
export function fleetOf(programs) {
  return {
    urls: programs.flatMap(({ urls }) => urls),
    stop: () => Promise.all(programs.map((program) => program.stop())),
  };
}

/** Calls a replica: the status and the parsed body. */
export async function call(url, method, path, body) {
  const response = await fetch(url + path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}
