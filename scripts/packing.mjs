// What is published: the root package and one package for each platform, in folders as npm shall pack them. The
// repository has no `optionalDependencies`, because `npm ci` must work here before there is anything in a registry; and
// what the repository's package.json has for its developers is of no use to others.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { demandOutput, root } from "./run.mjs";

/** Goes with each binary: the licences of what is linked into it ask for that. */
const LICENCES = ["LICENSE", "LICENSE-THIRD-PARTY.md"];

/** Most that the root package and one platform's may take on the disk once installed, in bytes. */
export const INSTALLED_BUDGET = 4_000_000;

const FOR_DEVELOPERS = ["devDependencies", "scripts", "napi"];

const readManifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** The names of the platforms that have a package, as `npm/` has them. */
export const platforms = () => readdirSync(join(root, "npm")).sort();

/** `state-ioredis.linux-x64-gnu.node` → `linux-x64-gnu` */
export const platformOf = (addon) => basename(addon).split(".")[1];

function packJson(folder, args) {
  const quiet = ["--json", "--ignore-scripts", "--loglevel=error"];
  const stdout = demandOutput("npm", ["pack", ...quiet, ...args], `npm pack failed in ${folder}`, { cwd: folder });
  // A list, or an object by name, as npm's version has it.
  return Object.values(JSON.parse(stdout))[0];
}

/** Packs a folder: the path of the tarball, the files in it, and its size, packed and unpacked, in bytes. */
export function pack(folder, destination) {
  mkdirSync(destination, { recursive: true });
  const { filename, files, size, unpackedSize } = packJson(folder, ["--pack-destination", destination]);
  return { tarball: join(destination, filename), files: files.map(({ path }) => path).sort(), size, unpackedSize };
}

function copy(from, names, to) {
  for (const name of names) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    cpSync(join(from, name), join(to, name));
  }
}

function write(folder, manifest, repository) {
  // npm's provenance wants to read there which repository a package was built from.
  const stated = repository === undefined ? {} : { repository: { type: "git", url: `git+${repository}.git` } };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ ...manifest, ...stated }, null, 2)}\n`);
}

function stageRoot(folder, repository) {
  copy(
    root,
    packJson(root, ["--dry-run"]).files.map(({ path }) => path),
    folder,
  );
  const manifest = readManifest(root);
  for (const name of FOR_DEVELOPERS) delete manifest[name];
  const { name, version } = manifest;
  // Exactly this version: an addon and its JavaScript are one program.
  manifest.optionalDependencies = Object.fromEntries(platforms().map((platform) => [`${name}-${platform}`, version]));
  write(folder, manifest, repository);
}

function stagePlatform(folder, addon, repository) {
  const home = join(root, "npm", platformOf(addon));
  copy(home, readdirSync(home), folder);
  copy(root, LICENCES, folder);
  copy(dirname(addon), [basename(addon)], folder);
  const manifest = readManifest(home);
  manifest.files = [...manifest.files, ...LICENCES];
  // Otherwise Node looks for signs of what else it could be.
  manifest.type = "commonjs";
  write(folder, manifest, repository);
}

/**
 * Fills `folder` with what will be published: `root`, and for each of the addons, given by path, the package of its
 * platform under that one's name. `repository` is the address of the public one, without `.git`. Returns the folders,
 * the platforms first: the root package is of no use before them.
 */
export function stage(folder, addons, { repository } = {}) {
  rmSync(folder, { recursive: true, force: true });
  const homes = [];
  for (const addon of addons) {
    const home = join(folder, platformOf(addon));
    stagePlatform(home, addon, repository);
    homes.push(home);
  }
  stageRoot(join(folder, "root"), repository);
  return [...homes, join(folder, "root")];
}
