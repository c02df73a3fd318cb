// One trial: tests run against a copy of a program in which a script lacks a line, until the first of them fails.

import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { placesOf } from "./image.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A run of tests that takes longer hangs. The longest takes less than half of it on a busy machine. */
const LIMIT_MS = 240_000;

const FAILED = /^\s*not ok|^test .* FAILED$/m;

const live = new Set();
const folders = new Set();
process.once("exit", () => {
  live.forEach(end);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Ends the run with every server that its tests have started. */
function end(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended on its own.
  }
}

/** Runs a program until it ends or its output tells of a failed test: "passed", "failed" or "hung". */
function outcomeOf(command, args, env, limitMs = LIMIT_MS) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "ignore"] });
    live.add(child);
    let output = "";
    let outcome = null;
    const settle = (as) => {
      outcome ??= as;
      end(child);
    };
    const limit = setTimeout(settle, limitMs, "hung");
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      if (FAILED.test(output)) settle("failed");
      output = output.slice(output.lastIndexOf("\n") + 1);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(limit);
      settle(code === 0 ? "passed" : "failed");
      live.delete(child);
      resolve(outcome);
    });
  });
}

/** Runs one step of tests with the program at `path`, in a folder of its own below `folder`. */
export async function outcomeWith(step, path, folder) {
  const temporary = join(folder, "tmp");
  await mkdir(temporary, { recursive: true });
  const env = { ...process.env, TMPDIR: temporary, ...step.env };
  // Inside a run of Node's test runner its children would report to it.
  delete env.NODE_TEST_CONTEXT;
  try {
    if (step.program !== "addon") return await outcomeOf(path, [step.name, "--test-threads=2"], env, step.limitMs);
    const args = ["--test-reporter=tap", `__test__/${step.name}.test.mjs`];
    return await outcomeOf(process.execPath, args, { ...env, NAPI_RS_NATIVE_LIBRARY_PATH: path }, step.limitMs);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** A copy of each program, and the way to run tests with it. */
export class Bench {
  #folder;
  #programs;
  #copies = new Map();

  /** @param {Record<string, string>} programs their paths by name; `addon` is loaded by Node, the others are run */
  static async open(programs) {
    const bench = new Bench();
    bench.#programs = programs;
    bench.#folder = await mkdtemp(join(tmpdir(), "hitl-mutation-"));
    folders.add(bench.#folder);
    return bench;
  }

  async #copyOf(name) {
    if (!this.#copies.has(name)) {
      const original = this.#programs[name];
      const path = join(this.#folder, basename(original));
      await copyFile(original, path);
      this.#copies.set(name, { path, image: await readFile(original) });
    }
    return this.#copies.get(name);
  }

  /** Runs one step of tests with `source` in the place of `script`; without both, with the program as it is. */
  async run(step, script, source) {
    const { path, image } = await this.#copyOf(step.program);
    const write = (text) => {
      if (!script) return;
      const file = openSync(path, "r+");
      for (const at of placesOf(image, script)) writeSync(file, text, 0, text.length, at);
      closeSync(file);
    };
    write(source);
    try {
      return await outcomeWith(step, path, this.#folder);
    } finally {
      write(script?.source);
    }
  }

  async close() {
    await rm(this.#folder, { recursive: true, force: true });
    folders.delete(this.#folder);
  }
}
