// `tsc` accepts the users that we promise to serve, and rejects the mistakes marked in them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const consumers = join(root, "__test__/types/consumers");

const COMPILERS = { "TypeScript 5": "typescript5", "TypeScript 7": "typescript" };

/** What a project of each kind writes into its compiler options. */
const RESOLUTION = {
  node16: { module: "node16", moduleResolution: "node16" },
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
};

const STRICT = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true };

const folder = await mkdtemp(join(tmpdir(), "hitl-types-"));
after(() => rm(folder, { recursive: true, force: true }));

/** A project of its own with these packages in its node_modules and these files as its source. */
async function project(name, { packages, files, compilerOptions }) {
  const home = join(folder, name.replaceAll(/\W+/g, "-"));
  await mkdir(join(home, "src"), { recursive: true });
  for (const [packageName, path] of Object.entries({ "@hitl-sdk/state-ioredis": ".", ...packages })) {
    const link = join(home, "node_modules", packageName);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, path), link, "dir");
  }
  for (const file of files) await cp(join(consumers, file), join(home, "src", file));
  await writeFile(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  return home;
}

/** Runs the compiler in a project: its complaints, or "" where it has none. */
function complaints(compiler, home) {
  const tsc = join(root, "node_modules", compiler, "bin/tsc");
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, "--project", home], { cwd: home }, (error, stdout, stderr) =>
      resolve(error ? stdout + stderr || String(error) : ""),
    );
  });
}

for (const [compilerName, compiler] of Object.entries(COMPILERS)) {
  for (const [kind, resolution] of Object.entries(RESOLUTION)) {
    for (const major of [5, 6]) {
      const name = `${compilerName}, ${kind}, ioredis ${major}, with the peer`;
      test(name, async () => {
        const home = await project(name, {
          packages: {
            "@hitl-sdk/hitl": "__test__/types/peer",
            "@types/node": "node_modules/@types/node",
            ioredis: `node_modules/ioredis${major}`,
          },
          // A bundler's project has no CommonJS of its own.
          files: ["esm.mts", "peer.mts", "watching.mts", ...(kind === "bundler" ? [] : ["commonjs.cts"])],
          // ioredis's own declarations are not ours to check.
          compilerOptions: { ...STRICT, ...resolution, target: "es2022", types: ["node"], skipLibCheck: true },
        });
        assert.equal(await complaints(compiler, home), "");
      });
    }

    const alone = `${compilerName}, ${kind}, nothing else installed`;
    test(alone, async () => {
      const home = await project(alone, {
        packages: {},
        files: ["alone.ts"],
        compilerOptions: {
          ...STRICT,
          ...resolution,
          target: "es2020",
          lib: ["es2020"],
          types: [],
          skipLibCheck: false,
        },
      });
      assert.equal(await complaints(compiler, home), "");
    });
  }

  const disposal = `${compilerName}, await using`;
  test(disposal, async () => {
    const home = await project(disposal, {
      packages: {},
      files: ["disposal.ts"],
      compilerOptions: {
        ...STRICT,
        ...RESOLUTION.nodenext,
        target: "es2022",
        lib: ["es2022", "esnext.disposable"],
        types: [],
        skipLibCheck: false,
      },
    });
    assert.equal(await complaints(compiler, home), "");
  });
}
