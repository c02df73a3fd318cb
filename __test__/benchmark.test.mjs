// The benchmark compares what does the same, goes on where it was cut off, and tells what it has measured.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { OPERATIONS } from "../benchmark/operations.mjs";
import { RIVALS } from "../benchmark/rivals.mjs";

const program = fileURLToPath(new URL("../benchmark/main.mjs", import.meta.url));
const forgetful = fileURLToPath(new URL("./fixtures/forgetful-store.mjs", import.meta.url));

const folder = await mkdtemp(join(tmpdir(), "hitl-benchmark-"));
after(() => rm(folder, { recursive: true, force: true }));

const results = async (out) => JSON.parse(await readFile(join(out, "short.json"), "utf8"));

const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Starts the benchmark's short form; `ended` resolves to its exit code and what it printed. */
function bench(out, ...args) {
  const child = spawn(process.execPath, [program, "--short", `--out=${out}`, ...args]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = once(child, "close").then(([code]) => ({ code, output }));
  return { child, ended };
}

test("all sides answer alike, every method is measured on each of them, and the results are told", async () => {
  const out = join(folder, "all");
  const { code, output } = await bench(out).ended;
  assert.equal(code, 0, output);

  const { machine, grid, scale, migration, start, memory } = await results(out);
  for (const name of ["node", "server", "ioredis5", "ioredis6", "@redis/client", "commit"]) assert.ok(machine[name]);
  const measured = Object.keys(OPERATIONS).filter((name) => name !== "page");
  assert.deepEqual([...new Set(grid.map(({ operation }) => operation))], measured);
  assert.deepEqual(Object.keys(grid.find(({ inFlight }) => inFlight === 64).sides), Object.keys(RIVALS));
  for (const { operation, sides } of grid) {
    for (const [name, { perSecond }] of Object.entries(sides)) assert.ok(perSecond[0] > 0, `${operation}, ${name}`);
  }
  assert.ok(scale.length > 0 && migration.native.seconds && start.native.load && memory.native.points);

  const readme = join(out, "README.md");
  await writeFile(readme, "before\n<!-- benchmark -->\nold\n<!-- /benchmark -->\nbehind\n");
  const page = join(out, "page.md");
  const report = await bench(out, "--report", `--readme=${readme}`, `--page=${page}`).ended;
  assert.equal(report.code, 0, report.output);
  const charts = (await readdir(out)).filter((name) => name.endsWith(".svg"));
  const picturesIn = (text) => [...text.matchAll(/!\[.*?\]\((.*?)\)/g)].map(([, path]) => path).sort();

  const part = await readFile(readme, "utf8");
  assert.match(part, /^before\n<!-- benchmark -->\n\n!\[thread\].*\| create \|.*\n<!-- \/benchmark -->\nbehind\n$/s);
  assert.doesNotMatch(part, /\nold\n|undefined|NaN/);
  assert.deepEqual(picturesIn(part), ["short-thread.svg"]);

  const text = await readFile(page, "utf8");
  assert.match(text, /^# The comparison\n/);
  assert.doesNotMatch(text, /undefined|NaN/);
  assert.deepEqual(picturesIn(text), charts);
});

test("a side that answers otherwise ends the run before anything is measured", async () => {
  const out = join(folder, "odd");
  const { code, output } = await bench(out, "--start", `--baseline=${forgetful}`).ended;
  assert.notEqual(code, 0);
  assert.match(output, /native and published differ in "list"/);
  assert.equal(await exists(out), false);
});

test("a long run that was cut off goes on where it was", async () => {
  const out = join(folder, "cut");
  const args = ["--full", "--rounds=2", "findByToken", "count"];
  const journal = join(out, "short.jsonl");
  const lines = async () => ((await exists(journal)) ? (await readFile(journal, "utf8")).split("\n").slice(1, -1) : []);

  const first = bench(out, ...args);
  while ((await lines()).length < 3) {
    assert.equal(first.child.exitCode, null);
    await pause(10);
  }
  first.child.kill();
  assert.equal((await first.ended).code, 143);
  const done = (await lines()).map((line) => JSON.parse(line));

  const { code, output } = await bench(out, ...args).ended;
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`${done.length} measurements are there already`));
  assert.equal(await exists(journal), false);
  const kept = JSON.stringify(await results(out));
  // The median of two rounds tells nothing, but each of them is its least or its greatest figure.
  for (const [key, { perSecond }] of done) assert.ok(kept.includes(String(Number(perSecond.toPrecision(4)))), key);
});
