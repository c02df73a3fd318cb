// `npm run release:rehearse`: a release from packing to `npm install`, against a registry on this machine. The addons of
// other platforms are stand-ins: npm does not look into them. The publishing is cut off half-way and done again.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { platformOf, platforms } from "../packing.mjs";
import { provideRedis } from "../redis.mjs";
import { listen, main, root, SetupError } from "../run.mjs";
import { addonPath, provideDependencies } from "../setup.mjs";
import { startRegistry } from "./registry.mjs";
import { manifest, tarballsIn } from "./tarballs.mjs";
import { tryOut } from "./trial.mjs";

const HALF = 4;

function demand(is, words) {
  if (!is) throw new SetupError(words);
}

/** Runs one of the commands of the workflow, and returns what it printed. */
function command(name, args, env) {
  const { status, stdout, stderr } = listen(process.execPath, [join(root, `scripts/release/${name}.mjs`), ...args], {
    env,
  });
  demand(status === 0, `${name} failed:\n${stdout}${stderr}`);
  return stdout;
}

const count = (text, words) => text.split("\n").filter((line) => line.startsWith(words)).length;

function packAll(home) {
  const addons = join(home, "addons");
  mkdirSync(addons);
  const ours = addonPath();
  demand(ours !== undefined, "There is no addon to publish yet: npm run build makes one.");
  for (const platform of platforms()) {
    const file = join(addons, `state-ioredis.${platform}.node`);
    if (platform === platformOf(ours)) copyFileSync(ours, file);
    else writeFileSync(file, "a stand-in");
  }
  const tarballs = join(home, "tarballs");
  const tag = { GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: `v${manifest.version}` };
  console.log(command("pack", [addons, tarballs], tag).trim());
  return tarballs;
}

function publishInTwoRuns(home, tarballs, env) {
  const half = join(home, "half");
  mkdirSync(half);
  const packages = tarballsIn(tarballs);
  for (const { path } of packages.slice(0, HALF)) copyFileSync(path, join(half, basename(path)));
  demand(count(command("publish", [half], env), "published") === HALF, "The first run has not published its half.");
  const second = command("publish", [tarballs], env);
  demand(count(second, "already there") === HALF, `The second run has not recognised the first:\n${second}`);
  demand(count(second, "published") === packages.length - HALF, `The second run has not done the rest:\n${second}`);
  demand(count(command("publish", [tarballs], env), "already there") === packages.length, "A third run did something.");
  console.log(`published: ${packages.length} packages, in two runs`);
}

function installFrom(home, env) {
  const project = join(home, "server");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "server", version: "1.0.0", private: true }));
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  for (const args of [["install", manifest.name], ["ci"]]) {
    const { status, stderr } = listen("npm", [...args, ...quiet], { cwd: project, env });
    demand(status === 0, `npm ${args.join(" ")} failed:\n${stderr}`);
    const there = readdirSync(join(project, "node_modules/@hitl-sdk"));
    demand(there.length === 2, `npm ${args[0]} has installed ${there.join(", ")}`);
  }
  tryOut(project);
}

await main(async () => {
  provideDependencies();
  provideRedis();
  // It uses what has only been installed just now.
  const { freePort, startRedis } = await import("../../__test__/support/redis.mjs");
  const server = await startRedis();
  process.env.REDIS_URL = `redis://127.0.0.1:${server.port}`;
  const home = mkdtempSync(join(tmpdir(), "hitl-release-"));
  let registry;
  try {
    const tarballs = packAll(home);
    registry = await startRegistry(home, await freePort());
    publishInTwoRuns(home, tarballs, registry.env);
    installFrom(home, registry.env);
    return 0;
  } finally {
    registry?.stop();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
});
