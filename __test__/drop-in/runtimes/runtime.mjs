// What is asked of a runtime that is not Node: the story in each setting, and that processes end as they do on Node.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runProgram } from "../../support/programs.mjs";
import { withRedis } from "../../support/redis.mjs";
import { fleetOf, startProgram } from "../fleet.mjs";
import { serverProject } from "../project.mjs";
import { envOf } from "../replicas.mjs";
import { story } from "../story.mjs";

/** How the programs of `fixtures/exits.mjs` end, and what they say last. */
const ENDS = {
  quit: {},
  disconnect: {},
  quitAtOnce: { says: "done" },
  pending: { says: "done" },
  unused: {},
  close: {},
  own: { says: "done" },
  ownPending: { says: "done" },
  ownClose: { says: "done" },
  ownUnused: {},
  exit: {},
};

/**
 * @param {{ name: string, command: string, flags?: string[], clusterPrints?: RegExp }} runtime
 *   `flags` stand before the path of a program. `clusterPrints`: what workers of node:cluster say when they are stopped.
 */
export async function storiesOn({ name, command, flags = [], clusterPrints }) {
  const redis = await withRedis();
  const { home } = await serverProject(name.toLowerCase());

  const start =
    (database, { file = "dist/main.js", ...more } = {}) =>
    (world) =>
      startProgram({ command, args: [...flags, file], cwd: home, env: envOf(redis, world, database, name), ...more });

  story(`alone, on ${name}`, start(0));

  story(`from its TypeScript, on ${name}`, start(1, { file: "main.ts" }));

  story(`a replica on ${name} beside one on Node`, async (world) => {
    const onNode = startProgram({ args: ["dist/main.js"], cwd: home, env: envOf(redis, world, 2, "node") });
    return fleetOf(await Promise.all([start(2)(world), onNode]));
  });

  story(`three threads of one process, on ${name}`, start(3, { file: "threads.mjs", servers: 3 }));

  story(
    `two workers of node:cluster, on ${name}`,
    start(4, { file: "cluster.mjs", servers: 2, mayPrint: clusterPrints }),
  );

  describe(`processes on ${name} end`, () => {
    for (const [program, { says = "" }] of Object.entries(ENDS)) {
      test(`${program}: by themselves, with code 0 and without a word`, async () => {
        const end = await runProgram("exits", [program], { port: redis.port, command, nodeArgs: flags });
        const { code, signal, stdout, stderr } = end;
        assert.deepEqual(
          { code, signal, stdout: stdout.trim(), stderr },
          { code: 0, signal: null, stdout: says, stderr: "" },
        );
      });
    }

    test("an uncaught exception in the middle of 500 calls ends the process with code 1", async () => {
      const { code, stderr } = await runProgram("exits", ["throws"], { port: redis.port, command, nodeArgs: flags });
      assert.equal(code, 1);
      assert.match(stderr, /a bug of the caller/);
    });
  });
}
