// `tsc` accepts the users that we promise to serve, and rejects the mistakes marked in them. What it reads is the package as
// npm would publish it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { emptyFolder, root, unpacked } from "./support/packed.mjs";

const consumers = join(root, "__test__/types/consumers");

const COMPILERS = { "TypeScript 5": "typescript5", "TypeScript 7": "typescript" };

/** What a project of each kind writes into its compiler options. */
const RESOLUTION = {
  node16: { module: "node16", moduleResolution: "node16" },
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
};

const STRICT = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true };

const ours = await unpacked();

/** A project of its own with these packages in its node_modules and these files as its source. */
async function project(name, { packages, files, compilerOptions }) {
  const home = await emptyFolder(name);
  await mkdir(join(home, "src"));
  for (const [packageName, path] of Object.entries({ "@hitl-sdk/state-ioredis": ours, ...packages })) {
    const link = join(home, "node_modules", packageName);
    await mkdir(dirname(link), { recursive: true });
    await symlink(resolve(root, path), link, "dir");
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

test("every type that we export has a user here", async () => {
  const declared = await readFile(join(ours, "index.d.ts"), "utf8");
  const names = [...declared.matchAll(/^export (?:declare )?(?:const|class|interface|type) (\w+)/gm)].map(
    ([, name]) => name,
  );
  assert.ok(names.length > 30);
  assert.equal(declared.match(/^export /gm).length, names.length);
  const users = await Promise.all((await readdir(consumers)).map((file) => readFile(join(consumers, file), "utf8")));
  const used = new Set(users.join("\n").match(/\w+/g));
  assert.deepEqual(
    names.filter((name) => !used.has(name)),
    [],
  );
});

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
          files: [
            "default.mts",
            "esm.mts",
            "every-type.mts",
            "peer.mts",
            "watching.mts",
            ...(kind === "bundler" ? [] : ["commonjs.cts"]),
          ],
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
