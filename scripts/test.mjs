// `npm test`: all tests, of the core without Node and of the package. On a fresh machine it provides what they need.
//
//   npm test                              everything
//   npm test -- create migration          the JavaScript test files whose names contain one of the words
//   npm test -- --acl                     the JavaScript tests with the permissions of docs/operations.md and no others
//   npm test -- --runtimes                other runtimes than Node, and bundlers: fetched into .cache
//   npm test -- --test-name-pattern=race  options go to Node's test runner

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { main, root, run } from "./run.mjs";
import { provideRuntimes } from "./runtimes.mjs";
import { requireCargo, setup } from "./setup.mjs";

/** A test, or a file of tests, that hangs fails instead, before a CI machine gives up on the whole run. */
const TEST_LIMIT_MS = 10 * 60_000;

/** Test files run side by side. Two: they wait for servers most of the time, and share the smallest machine's cores. */
const CONCURRENCY = 2;

const ACL = "--acl";
const OTHER_RUNTIMES = "--runtimes";

/** What makes every process of the tests, whoever starts it, use the published permissions. */
function leastPrivilege() {
  const preload = pathToFileURL(join(root, "__test__/support/least-privilege.mjs")).href;
  return { HITL_ACL: "least", NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${preload}`.trim() };
}

function testFiles(words, ending) {
  const files = readdirSync(join(root, "__test__"), { recursive: true }).filter((name) => name.endsWith(ending));
  const chosen = files.filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
  return chosen.sort().map((name) => join("__test__", name));
}

await main((args) => {
  const words = args.filter((arg) => !arg.startsWith("-"));
  const options = args.filter((arg) => arg.startsWith("-") && arg !== ACL && arg !== OTHER_RUNTIMES);
  const onOthers = args.includes(OTHER_RUNTIMES);
  const files = testFiles(words, onOthers ? ".runtime.mjs" : ".test.mjs");
  if (files.length === 0) {
    console.error(`No file in __test__ has a name with ${words.join(" or ")} in it`);
    return 1;
  }

  setup();
  if (onOthers) provideRuntimes();
  let failures = 0;
  if (args.length === 0) {
    requireCargo();
    failures += run("cargo", ["test", "--locked", "--no-default-features"]) === 0 ? 0 : 1;
  }
  const runner = ["--test", `--test-concurrency=${CONCURRENCY}`, `--test-timeout=${TEST_LIMIT_MS}`];
  const env = args.includes(ACL) ? leastPrivilege() : {};
  failures += run(process.execPath, [...runner, "--test-reporter=spec", ...options, ...files], { env }) === 0 ? 0 : 1;
  return failures === 0 ? 0 : 1;
});
