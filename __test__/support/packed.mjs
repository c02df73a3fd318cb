// The package as npm would publish it, and projects that have installed it: nothing in them leads to the repository.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pack, platformOf, stage } from "../../scripts/packing.mjs";
import { addonPath } from "../../scripts/setup.mjs";

const exec = promisify(execFile);
export const root = fileURLToPath(new URL("../..", import.meta.url));
export const manifest = createRequire(import.meta.url)("../../package.json");

const folder = await mkdtemp(join(tmpdir(), "hitl-packed-"));
after(() => rm(folder, { recursive: true, force: true }));

/** The addon that was built last, and the platform that it is for. */
export const addon = addonPath();
export const platform = platformOf(addon);

/** The folders that are packed: that of the platform, and the root package's. */
export const [platformHome, rootHome] = stage(join(folder, "stage"), [addon]);

const packed = { root: pack(rootHome, folder), platform: pack(platformHome, folder) };

/** Tarballs by what is in them. */
export const tarballs = { root: packed.root.tarball, platform: packed.platform.tarball };

/** What npm says of a tarball: its files, and its size. */
export const contents = packed;

/** The folder that npm makes of the root package's tarball, for who needs nothing that npm does besides. */
export async function unpacked() {
  const home = await emptyFolder("unpacked");
  // Without a path in front of it: tar would take the colon of a Windows path for the name of a machine.
  await exec("tar", ["-xzf", basename(tarballs.root), "-C", basename(home)], { cwd: folder });
  return join(home, "package");
}

/** A folder that goes away with the tests. */
export async function emptyFolder(name) {
  const home = join(folder, name.replaceAll(/\W+/g, "-"));
  await mkdir(home);
  return home;
}

/** Installs tarballs in a project, as `npm install` does, and returns what npm printed. */
export function install(home, paths, { flags = [], env = {} } = {}) {
  // Nothing is asked of a registry: what is not given is not there.
  const quiet = ["--offline", "--no-audit", "--no-fund", "--loglevel=error"];
  return exec("npm", ["install", ...quiet, ...flags, ...paths], { cwd: home, env: { ...process.env, ...env } });
}

/** The folder of an empty project that has installed these tarballs and no others. */
export async function installed(name, paths, { flags } = {}) {
  const home = await emptyFolder(name);
  await writeFile(join(home, "package.json"), JSON.stringify({ name: "server", version: "1.0.0", private: true }));
  await install(home, paths, { flags });
  return home;
}

/** Puts a package of the repository's into a project. */
export async function link(home, packageName, path) {
  const place = join(home, "node_modules", packageName);
  await mkdir(dirname(place), { recursive: true });
  await symlink(join(root, path), place, "dir");
}

/** Runs a file of a project: what it printed on both streams, and its exit code, or the signal that ended it. */
export function runIn(home, args, env = {}) {
  return new Promise((settle) => {
    execFile(process.execPath, args, { cwd: home, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      settle({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr }),
    );
  });
}
