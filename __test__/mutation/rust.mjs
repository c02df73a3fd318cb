// Changes the Rust of the store, one place at a time, and sees which test fails for it. What may be changed is said by
// cargo-mutants; which tests are asked, by `rust-tests.mjs`.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Order } from "./order.mjs";
import { stepsFor } from "./rust-tests.mjs";
import { outcomeWith } from "./trial.mjs";

/** What a change may come to. Only the last one is a fault of the tests. */
export const OUTCOMES = ["refused", "failed", "hung", "survived"];

/** What the core is built from, and its tests in Rust. */
const SOURCES = ["Cargo.toml", "Cargo.lock", "build.rs", "src", "tests", "fuzz/corpus"];

/** How each program of tests is built, and which kind of target it is. */
const PROGRAMS = {
  addon: [["build", "--lib"], "cdylib"],
  unit: [["test", "--no-run", "--lib"], "cdylib"],
  operations: [["test", "--no-run", "--test", "operations"], "test"],
  scripts: [["test", "--no-run", "--test", "scripts"], "test"],
  migrations: [["test", "--no-run", "--test", "migrations"], "test"],
};

const sha1 = (text) => createHash("sha1").update(text).digest("hex");

/** A file without its tests: who writes another one has not changed what is tried. */
const withoutTests = (text) => text.split("\n#[cfg(")[0];

/** Where a place of cargo-mutants' is in a text: it counts lines and characters from 1. */
function offsetIn(text, { line, column }) {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  return before + [...lines[line - 1]].slice(0, column - 1).join("").length;
}

/** Every change that `cargo mutants --list --json` has named, as files of `root` have it. */
export function changesIn(listed, root) {
  const texts = new Map();
  return listed.map(({ file, name, function: within, span, replacement }) => {
    if (!texts.has(file)) texts.set(file, readFileSync(join(root, file), "utf8"));
    const text = texts.get(file);
    const changed = text.slice(0, offsetIn(text, span.start)) + replacement + text.slice(offsetIn(text, span.end));
    const key = sha1(`${file}\n${withoutTests(changed)}`);
    return { file, name, changed, key, group: `${file} ${within?.function_name}`, steps: stepsFor(file) };
  });
}

/** A copy of the sources, in which one file at a time is another one, and the programs that are made of it. */
class Tree {
  #root;
  #folder;
  #programs = new Map();

  constructor(root, folder) {
    this.#root = root;
    this.#folder = folder;
    for (const name of SOURCES) {
      rmSync(this.#path(name), { recursive: true, force: true });
      mkdirSync(dirname(this.#path(name)), { recursive: true });
      cpSync(join(root, name), this.#path(name), { recursive: true });
    }
  }

  #path(name) {
    return join(this.#folder, "tree", name);
  }

  change({ file, changed }) {
    this.#programs.clear();
    writeFileSync(this.#path(file), changed);
  }

  restore({ file }) {
    this.#programs.clear();
    cpSync(join(this.#root, file), this.#path(file));
  }

  /** The path of a program, built where it must be; `null` where the compiler refuses it. */
  #program(name) {
    if (!this.#programs.has(name)) this.#programs.set(name, this.#build(...PROGRAMS[name]));
    return this.#programs.get(name);
  }

  #build(args, kind) {
    const how = ["--locked", `--target-dir=${join(this.#folder, "target")}`, "--message-format=json"];
    const child = spawnSync("cargo", [...args, ...how], {
      cwd: this.#path("."),
      // Nobody looks at the programs with a debugger, and it is half of the linker's work.
      env: { ...process.env, CARGO_PROFILE_DEV_DEBUG: "0" },
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
    if (child.error) throw child.error;
    if (child.status !== 0) return null;
    const messages = child.stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const built = messages.findLast(({ target }) => target?.kind.includes(kind));
    if (built.executable) return built.executable;
    // Node takes a library for an addon by its name.
    const addon = join(this.#folder, "addon.node");
    cpSync(
      built.filenames.find((path) => /\.(so|dylib|dll)$/.test(path)),
      addon,
    );
    return addon;
  }

  /** "passed", "failed" or "hung", or "refused" by the compiler. */
  async run(step) {
    const path = this.#program(step.program);
    return path === null ? "refused" : await outcomeWith(step, path, this.#folder);
  }
}

const nameOf = ({ program, name }) => `${program} ${name}`;

/**
 * Tries changes, in a copy of `root` that stays in `folder` with what was built. The rest is as the campaign of scripts
 * has it.
 */
export async function campaign(changes, { root, folder, journal, again, until = Infinity, tell }) {
  const tree = new Tree(root, folder);
  const order = new Order();
  const facts = new Map();
  const sound = new Set();

  /** A test that fails although nothing is changed would prove nothing. */
  async function assertSound(step) {
    if (sound.has(step)) return;
    const outcome = await tree.run(step);
    if (outcome !== "passed") throw new Error(`${nameOf(step)}: ${outcome} although nothing is changed`);
    sound.add(step);
  }

  async function fact(change) {
    const { group, steps } = change;
    for (const step of order.of(group, steps)) {
      if (Date.now() > until) return null;
      const outcome = await tree.run(step);
      if (outcome === "passed") continue;
      tree.restore(change);
      await assertSound(step);
      if (outcome === "refused") return { outcome, by: "the compiler" };
      order.note(group, step);
      return { outcome, by: nameOf(step) };
    }
    return { outcome: "survived" };
  }

  for (const change of changes) {
    let found = journal.find(change.key);
    if (!found || (again && found.outcome === "survived")) {
      if (Date.now() > until) continue;
      tree.change(change);
      try {
        found = await fact(change);
      } finally {
        tree.restore(change);
      }
      if (!found) continue;
      journal.add(change.key, { name: change.name, ...found });
      tell(change, found);
    }
    facts.set(change, found);
  }
  return facts;
}
