// The server as one file, made by a bundler: with the package external it works, and where that was forgotten somebody
// says so before users do.

import assert from "node:assert/strict";
import { cp, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { packageHome } from "../../../scripts/runtimes.mjs";
import { emptyFolder, installed, link, runIn, tarballs } from "../../support/packed.mjs";
import { withRedis } from "../../support/redis.mjs";
import { startProgram } from "../fleet.mjs";
import { serverProject } from "../project.mjs";
import { envOf } from "../replicas.mjs";
import { story } from "../story.mjs";

const require = createRequire(import.meta.url);
const esbuild = require(packageHome("esbuild"));
const webpack = require(packageHome("webpack"));

const NAME = "@hitl-sdk/state-ioredis";

const redis = await withRedis();
const { home } = await serverProject("bundled");

/** Bundles the server's TypeScript. Returns the path of the bundle. */
async function withEsbuild(outfile, options) {
  const common = { bundle: true, platform: "node", target: "node20", logLevel: "silent" };
  await esbuild.build({ entryPoints: [join(home, "main.ts")], absWorkingDir: home, outfile, ...common, ...options });
  return outfile;
}

/** Bundles the compiled server; rejects with what webpack says where it cannot. */
function withWebpack(folder, filename, options) {
  const isModule = filename.endsWith(".mjs");
  const config = {
    mode: "production",
    target: "node20",
    context: home,
    entry: "./dist/main.js",
    output: { path: folder, filename, ...(isModule && { module: true, library: { type: "module" } }) },
    experiments: { outputModule: isModule },
    ...options,
  };
  return new Promise((resolve, reject) => {
    webpack(config, (error, stats) => {
      if (error) reject(error);
      else if (stats.hasErrors()) reject(new Error(stats.toString({ all: false, errors: true })));
      else resolve(join(folder, filename));
    });
  });
}

const BUNDLES = {
  "esbuild, to CommonJS, with all but the package in one minified file": {
    make: (folder) => withEsbuild(join(folder, "server.cjs"), { format: "cjs", minify: true, external: [NAME] }),
  },
  "esbuild, to an ES module, with all packages external": {
    make: (folder) => withEsbuild(join(folder, "server.mjs"), { format: "esm", packages: "external" }),
    needs: ["ioredis"],
  },
  "webpack, to CommonJS, with all but the package in one minified file": {
    make: (folder) => withWebpack(folder, "server.cjs", { externals: { [NAME]: `commonjs ${NAME}` } }),
  },
  "webpack, to an ES module, with all but the package in one minified file": {
    make: (folder) => withWebpack(folder, "server.mjs", { externals: { [NAME]: `module ${NAME}` } }),
  },
  "esbuild, to CommonJS, which takes the addon along as a file": {
    make: (folder) => withEsbuild(join(folder, "server.cjs"), { format: "cjs", loader: { ".node": "copy" } }),
    isWhole: true,
  },
};

let database = 0;
for (const [setting, { make, needs = [], isWhole = false }] of Object.entries(BUNDLES)) {
  const mine = database++;
  story(setting, async (world) => {
    // Deployed alone: what is not in the bundle is there only if it is named here.
    const folder = await emptyFolder(`bundle-${mine}`);
    const bundle = await make(folder);
    const packages = isWhole ? [] : ["@hitl-sdk"];
    for (const name of packages) {
      await cp(join(home, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
    }
    for (const name of needs) await link(folder, name, "node_modules/ioredis5");
    return startProgram({ args: [bundle], cwd: folder, env: envOf(redis, world, mine, "bundled") });
  });
}

describe("the package was forgotten among the externals", () => {
  const ADDON = /state-ioredis\.[\w-]+\.node/;

  test("esbuild refuses, and names the addon", async () => {
    const folder = await emptyFolder("forgotten-esbuild");
    await assert.rejects(withEsbuild(join(folder, "server.cjs"), { format: "cjs" }), ADDON);
  });

  test("webpack refuses, and names the addon", async () => {
    const folder = await emptyFolder("forgotten-webpack");
    await assert.rejects(withWebpack(folder, "server.cjs", {}), ADDON);
  });

  test("bundled where no addon is installed, it says when it starts what is to be done", async () => {
    const folder = await installed("forgotten-addon", [tarballs.root]);
    const entry = join(folder, "entry.mjs");
    await writeFile(entry, `import { IoredisState } from "${NAME}"; console.log(IoredisState.name);`);
    const bundle = join(folder, "server.cjs");
    await withEsbuild(bundle, { entryPoints: [entry], absWorkingDir: folder, format: "cjs" });
    const { code, stdout, stderr } = await runIn(folder, [bundle]);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    assert.match(stderr, /has no native addon for /);
    assert.match(stderr, /declare @hitl-sdk\/state-ioredis external/);
  });
});
