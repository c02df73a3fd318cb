// What is asked of a runtime that is not Node: the story in each setting, that processes end as they do on Node, and that
// TLS trusts whom it trusts there.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runProgram } from "../../support/programs.mjs";
import { withRedis } from "../../support/redis.mjs";
import { identity, TRUST } from "../../support/tls.mjs";
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
  idleCarried: { says: "only ours" },
  mock: { says: "done" },
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

  const run = (program, args, port) => runProgram(program, args, { port, command, nodeArgs: flags });

  describe(`processes on ${name} end`, () => {
    for (const [program, { says = "" }] of Object.entries(ENDS)) {
      test(`${program}: by themselves, with code 0 and without a word`, async () => {
        const end = await run("exits", [program], redis.port);
        const { code, signal, stdout, stderr } = end;
        assert.deepEqual(
          { code, signal, stdout: stdout.trim(), stderr },
          { code: 0, signal: null, stdout: says, stderr: "" },
        );
      });
    }

    test("an uncaught exception in the middle of 500 calls ends the process with code 1", async () => {
      const { code, stderr } = await run("exits", ["throws"], redis.port);
      assert.equal(code, 1);
      assert.match(stderr, /a bug of the caller/);
    });
  });

  describe(`TLS on ${name}`, async () => {
    const server = await withRedis({ tls: { clients: "optional" } });
    const SERVED = { theirs: "PONG", ours: null };
    const both = (code) => ({ theirs: code, ours: code });
    const fares = {
      "an authority that the client names is trusted": [TRUST, SERVED],
      "an authority that nobody names is not": [{}, both("SELF_SIGNED_CERT_IN_CHAIN")],
      "a certificate of another host is refused": [
        { ...TRUST, servername: "other.example" },
        both("ERR_TLS_CERT_ALTNAME_INVALID"),
      ],
      "a client's certificate is shown": [{ ...TRUST, ...identity("client") }, SERVED],
    };
    for (const [what, [tls, expected]] of Object.entries(fares)) {
      test(what, async () => {
        const options = { port: server.port, host: "127.0.0.1", tls };
        const { stdout, stderr } = await run("tls-program", ["Redis5", JSON.stringify(options)]);
        assert.deepEqual(JSON.parse(stdout || null), expected, stderr);
      });
    }
  });
}
