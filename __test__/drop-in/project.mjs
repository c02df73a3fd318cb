// Projects of users: an empty folder, the packed tarballs installed in it, and the server compiled there.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const exec = promisify(execFile);
export const root = fileURLToPath(new URL("../..", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));

const folder = await mkdtemp(join(tmpdir(), "hitl-drop-in-"));
after(() => rm(folder, { recursive: true, force: true }));

/** Packs a package folder, and returns the path of the tarball. */
async function pack(home) {
  const args = ["pack", "--json", "--ignore-scripts", "--loglevel=error", "--pack-destination", folder];
  const [packed] = Object.values(JSON.parse((await exec("npm", args, { cwd: home })).stdout));
  return join(folder, packed.filename);
}

/** The tarballs of the package and of its addon for this platform, as a release makes them. */
export async function tarballs() {
  const platform = join(folder, "platform");
  const addon = (await readdir(root)).find((name) => name.endsWith(".node"));
  assert.ok(addon, "npm run build makes the addon");
  await cp(join(root, "npm", addon.split(".")[1]), platform, { recursive: true });
  await cp(join(root, addon), join(platform, addon));
  return Promise.all([pack(root), pack(platform)]);
}

/** Puts a package into a project from where it is, so that no test needs the network. */
export async function link(home, name, path) {
  const place = join(home, "node_modules", name);
  await mkdir(dirname(place), { recursive: true });
  await rm(place, { recursive: true, force: true });
  await symlink(path, place, "dir");
}

/** An empty project, with what every user has: Node's types, the peer and ioredis. */
export async function emptyProject(name, { type = "module", ioredis = 5 } = {}) {
  const home = join(folder, name);
  await mkdir(home);
  await writeFile(join(home, "package.json"), JSON.stringify({ name, type, private: true }));
  await link(home, "@types/node", join(root, "node_modules/@types/node"));
  await link(home, "@hitl-sdk/hitl", join(root, "__test__/types/peer"));
  await link(home, "ioredis", join(root, `node_modules/ioredis${ioredis}`));
  return home;
}

/** `npm install` of tarballs in a folder that has nothing else: npm tidies away what package.json does not name. */
export async function install(home, packages, { env, loglevel = "error" } = {}) {
  const flags = ["--offline", "--no-audit", "--no-fund", `--loglevel=${loglevel}`];
  return exec("npm", ["install", ...flags, ...packages], { cwd: home, env: { ...process.env, ...env } });
}

/** Compiles a project by its `tsconfig.json`. */
export async function compile(home) {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  await exec(process.execPath, [tsc, "--project", home]).catch(({ stdout }) => assert.fail(stdout));
}

let installed;

/** The package as it is once installed, to be copied into projects. */
function installation() {
  installed ??= (async () => {
    const home = join(folder, "installation");
    await mkdir(home);
    await writeFile(join(home, "package.json"), JSON.stringify({ name: "installation", private: true }));
    await install(home, await tarballs());
    return join(home, "node_modules/@hitl-sdk");
  })();
  return installed;
}

/** A project that has the server, compiled, and the installed package. `main`: the path of its program. */
export async function serverProject(name, options) {
  const home = await emptyProject(name, options);
  await cp(await installation(), join(home, "node_modules/@hitl-sdk"), { recursive: true });
  await cp(join(here, "server"), home, { recursive: true });
  await compile(home);
  return { home, main: join(home, "dist/main.js") };
}
