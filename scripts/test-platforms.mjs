// `npm run test:platforms`: what `npm run prebuild` packs, installed into an empty project for each platform that can be
// run here, and the same approval made there, over TCP and TLS, with `import` and with `require`, against real servers.
//
//   npm run test:platforms                     every platform; builds what is not built
//   npm run test:platforms -- linux-x64-musl   these

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install } from "./platforms/installation.mjs";
import { canEnter, provideSystem, runScript, SYSTEMS } from "./platforms/systems.mjs";
import { chosen, makeTarballs } from "./platforms/tarballs.mjs";
import { LEFT } from "./platforms/targets.mjs";
import { provideRedis } from "./redis.mjs";
import { main, root } from "./run.mjs";
import { provideDependencies } from "./setup.mjs";

const FIXTURES = join(root, "__test__/fixtures/platforms");

const SCRIPTS = ["with-import.mjs", "with-require.cjs"];

/** What a state says of a certificate whose authority nobody has named. */
const REFUSAL = "SELF_SIGNED_CERT_IN_CHAIN";

/** What a script of the project did in a system: what is in its result.json, or why there is none. */
async function resultOf(system, folder, project, script) {
  const [file, output] = ["result.json", "output"].map((name) => join(project, name));
  for (const old of [file, output]) rmSync(old, { force: true });
  const words = await runScript(system, folder, project, script).then(
    () => "it wrote no result",
    ({ stderr, message }) => stderr || message,
  );
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  return { passed: [], error: existsSync(output) ? readFileSync(output, "utf8") : words };
}

/** Makes the approvals in a system: the facts about its Node, or what went wrong. */
async function approve(system, folder, project) {
  // They have dependencies, which a fresh clone only gets above.
  const { startRedis } = await import("../__test__/support/redis.mjs");
  const { TRUST } = await import("../__test__/support/tls.mjs");
  const servers = [await startRedis(), await startRedis({ tls: {} })];
  try {
    const [port, tlsPort] = servers.map((server) => server.port);
    writeFileSync(join(project, "server.json"), JSON.stringify({ port, tlsPort, ca: TRUST.ca }));
    let facts;
    for (const script of SCRIPTS) {
      facts = await resultOf(system, folder, project, script);
      if (facts.error) return { fault: `${script}: ${facts.error}` };
      if (facts.passed.join() !== "tcp,tls") return { fault: `${script}: passed only ${facts.passed}` };
      if (facts.refusal !== REFUSAL) return { fault: `${script}: a stranger's certificate came to ${facts.refusal}` };
    }
    return { facts };
  } finally {
    for (const server of servers) await server.stop();
  }
}

/** Tries one system and tells how that went. Returns whether all is well. */
async function tell(system, project, size) {
  const folder = await provideSystem(system);
  const { facts, fault } = await approve(system, folder, project);
  const place = [system.words(folder), facts?.glibc && `glibc ${facts.glibc}`].filter(Boolean).join(", ");
  if (fault) {
    console.log(`failed: ${system.platform}, ${place}: ${fault}`);
    return false;
  }
  const installed = `${(size / 1e6).toFixed(2)} MB installed`;
  console.log(`passed: ${system.platform}, Node ${facts.node.slice(1)}, ${place}, ${installed}`);
  return true;
}

/** Installs one platform's package into an empty project and tries it in each of the systems. Returns whether all is well. */
async function tryPlatform(platform, tarballs, systems) {
  const project = mkdtempSync(join(tmpdir(), "hitl-platform-"));
  try {
    const { size, faults } = install(tarballs, platform, project);
    for (const fault of faults) console.log(`failed: ${platform}: ${fault}`);
    cpSync(FIXTURES, project, { recursive: true });
    let isWell = faults.length === 0;
    for (const system of systems) isWell = (await tell(system, project, size)) && isWell;
    return isWell;
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

await main(async (args) => {
  const platforms = chosen(args);
  provideDependencies();
  provideRedis();
  const tarballs = await makeTarballs(platforms);
  console.log();

  const mayEnter = canEnter();
  const passed = [];
  const failed = [];
  const skipped = Object.entries(LEFT);
  for (const platform of platforms) {
    const [systems, closed] = [true, false].map((isOpen) =>
      SYSTEMS.filter((one) => one.platform === platform && (mayEnter || one.debian === undefined) === isOpen),
    );
    for (const { name } of closed)
      skipped.push([platform, `in ${name}: this machine lets its users make no name spaces`]);
    if (systems.length > 0) ((await tryPlatform(platform, tarballs, systems)) ? passed : failed).push(platform);
    // Who names a platform wants to know.
    else if (args.length > 0) failed.push(platform);
  }

  console.log("\nNot run here:");
  for (const words of skipped) console.log(`  ${words.join(" ")}`);
  console.log(`\nPassed on ${passed.length} of ${platforms.length} platforms.`);
  if (failed.length > 0) console.log(`Failed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
});
