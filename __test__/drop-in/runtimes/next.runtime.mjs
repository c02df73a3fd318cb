// The server as a route of Next.js, deployed as its standalone output, which holds what Next.js has found to be needed.

import assert from "node:assert/strict";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { after, describe, test } from "node:test";
import { packageHome, runtimesHome } from "../../../scripts/runtimes.mjs";
import { emptyFolder, runIn } from "../../support/packed.mjs";
import { freePort, withRedis } from "../../support/redis.mjs";
import { startProgram } from "../fleet.mjs";
import { serverProject } from "../project.mjs";
import { envOf } from "../replicas.mjs";
import { story } from "../story.mjs";

const FILES = {
  "package.json": JSON.stringify({ name: "approvals", private: true, type: "module" }),

  "next.config.mjs": `
    const external = process.env.FORGOTTEN ? [] : ["@hitl-sdk/state-ioredis"];
    const root = ${JSON.stringify(runtimesHome)};
    export default {
      output: "standalone",
      serverExternalPackages: external,
      turbopack: { root },
      outputFileTracingRoot: root,
    };`,

  // One server for all routes, from the start on: it makes rounds, too.
  "instrumentation.js": `
    export async function register() {
      if (process.env.NEXT_RUNTIME !== "nodejs") return;
      const { openServer, settingsOf } = await import("./dist/server.js");
      globalThis.hitl = await openServer(settingsOf(process.env));
      console.log(JSON.stringify({ port: Number(process.env.PORT) }));
    }`,

  "app/[...path]/route.js": `
    export const dynamic = "force-dynamic";
    async function handle(request) {
      const body = request.method === "POST" ? await request.json() : undefined;
      const reply = await globalThis.hitl.answer({ method: request.method, url: new URL(request.url), body });
      return Response.json(reply.body, { status: reply.status });
    }
    export { handle as GET, handle as POST };`,

  "app/layout.js": "export default function Layout({ children }) { return children; }",
};

const redis = await withRedis();
const server = await serverProject("next");

/** A project below what was fetched: Next.js follows no link out of its root. */
async function nextProject(name) {
  const home = join(runtimesHome, `project-${name}`);
  await rm(home, { recursive: true, force: true });
  after(() => rm(home, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text);
  }
  await cp(join(server.home, "dist"), join(home, "dist"), { recursive: true });
  const scope = join(server.home, "node_modules/@hitl-sdk");
  for (const ours of (await readdir(scope)).filter((folder) => folder.startsWith("state-ioredis"))) {
    await cp(join(scope, ours), join(home, "node_modules/@hitl-sdk", ours), { recursive: true });
  }
  return home;
}

/** `next build`: how it ended, and what it printed. */
async function build(home, args, env) {
  const next = join(packageHome("next"), "dist/bin/next");
  const { code, stdout, stderr } = await runIn(home, [next, "build", ...args], {
    NEXT_TELEMETRY_DISABLED: "1",
    ...env,
  });
  return { code, output: stdout + stderr };
}

let database = 0;
for (const [builder, args] of Object.entries({ Turbopack: [], webpack: ["--webpack"] })) {
  const mine = database++;
  story(`a route of Next.js, built with ${builder}`, async (world) => {
    const home = await nextProject(builder);
    const { code, output } = await build(home, args);
    assert.equal(code, 0, output);

    const folder = await emptyFolder(`next-${builder}`);
    await cp(join(home, ".next/standalone"), folder, { recursive: true, verbatimSymlinks: true });
    const cwd = join(folder, relative(runtimesHome, home));
    const env = { ...envOf(redis, world, mine, "next"), PORT: String(await freePort()), HOSTNAME: "127.0.0.1" };
    // That is what Next.js makes of SIGTERM.
    return startProgram({ args: ["server.js"], cwd, env, endsWith: 143 });
  });
}

describe("serverExternalPackages was forgotten", () => {
  test("next build refuses, and names the addon", async () => {
    const { code, output } = await build(await nextProject("forgotten"), [], { FORGOTTEN: "1" });
    assert.equal(code, 1, output);
    assert.match(output, /state-ioredis\.[\w-]+\.node/);
  });
});
