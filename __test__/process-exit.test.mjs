// Processes and threads that use the store end by themselves, cleanly, however they end.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runProgram } from "./support/programs.mjs";
import { withRedis } from "./support/redis.mjs";

const server = await withRedis();

/** Runs a program to its end, to which it must come by itself. */
async function run(program, args, { ioredis, port = server.port } = {}) {
  const { signal, lateness, ...end } = await runProgram(program, args, { ioredis, port });
  assert.equal(signal, null, `${program} ${args} did not end by itself: ${end.stdout}${end.stderr}`);
  return end;
}

/** The program ends with code 0, says nothing on stderr, and `says` on stdout. */
async function endsWell(program, args, { says = "", ...options } = {}) {
  const { code, stdout, stderr } = await run(program, args, options);
  assert.deepEqual({ code, stdout: stdout.trim(), stderr }, { code: 0, stdout: says, stderr: "" });
}

for (const ioredis of ["5", "6"]) {
  describe(`with ioredis ${ioredis}`, () => {
    test("a process that just calls redis.quit() ends with code 0", () => endsWell("exits", ["quit"], { ioredis }));

    test("a process that calls redis.disconnect() ends with code 0", () =>
      endsWell("exits", ["disconnect"], { ioredis }));

    test("a process that quits right after its first calls has them done and ends with code 0", () =>
      endsWell("exits", ["quitAtOnce"], { ioredis, says: "done" }));

    test("an idle connection of ours keeps no process alive", async () => {
      const { code, stderr } = await run("exits", ["idle"], { ioredis });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    });

    test("an idle connection whose socket is JavaScript's keeps no process alive", () =>
      endsWell("exits", ["idleCarried"], { ioredis, says: "only ours" }));

    test("a pending call keeps the process alive until it is done", () =>
      endsWell("exits", ["pending"], { ioredis, says: "done" }));

    test("an instance that was never used keeps no process alive", () => endsWell("exits", ["unused"], { ioredis }));

    test("close() and quit() together end the process with code 0", () => endsWell("exits", ["close"], { ioredis }));

    test("a process whose server has gone for good is told so and ends with code 0", async () => {
      const gone = await withRedis();
      await endsWell("exits", ["serverGone"], { ioredis, port: gone.port, says: "MAX_RETRIES" });
    });
  });
}

describe("without a client", () => {
  test("an idle connection of our own keeps no process alive", () => endsWell("exits", ["own"], { says: "done" }));

  test("a pending call keeps the process alive until it is done", () =>
    endsWell("exits", ["ownPending"], { says: "done" }));

  test("close() ends the process once the calls before it are done", () =>
    endsWell("exits", ["ownClose"], { says: "done" }));

  test("an instance that was never used keeps no process alive", () => endsWell("exits", ["ownUnused"]));

  test("nothing of ioredis is loaded, nor needs to be installed", () => endsWell("no-ioredis", [], { says: "done" }));
});

test("ioredis-mock keeps no process alive", () => endsWell("exits", ["mock"], { says: "done" }));

test("process.exit() in the middle of 500 calls ends with the code that was asked for", () =>
  endsWell("exits", ["exit"]));

test("an uncaught exception in the middle of 500 calls ends the process as Node does", async () => {
  const { code, stderr } = await run("exits", ["throws"]);
  assert.equal(code, 1);
  assert.match(stderr, /a bug of the caller/);
});

test("the main thread and eight workers can load and use the package at the same time", () =>
  endsWell("imports", [], { says: "worked 9" }));
