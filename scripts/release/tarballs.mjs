// A folder of tarballs, as a release hands it from job to job.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { demandOutput, root } from "../run.mjs";

/** The manifest of the repository. */
export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const digest = (path, algorithm, encoding) => createHash(algorithm).update(readFileSync(path)).digest(encoding);

/** The line of a file that `sha256sum --check` reads. */
export const checksumLine = (path, name) => `${digest(path, "sha256", "hex")}  ${name}\n`;

function manifestIn(folder, file) {
  // Without a path in front of it: tar would take the colon of a Windows path for the name of a machine.
  const args = ["-xzOf", file, "package/package.json"];
  return JSON.parse(demandOutput("tar", args, `${file} is no package`, { cwd: folder }));
}

/**
 * The packages in a folder, the root package last, which is of no use before the others: name, version, the path of the
 * tarball, and its checksum as npm writes it.
 */
export function tarballsIn(folder) {
  const found = readdirSync(folder)
    .filter((file) => file.endsWith(".tgz"))
    .sort()
    .map((file) => {
      const { name, version, os, cpu, libc } = manifestIn(folder, file);
      const path = join(folder, file);
      return { name, version, os, cpu, libc, path, integrity: `sha512-${digest(path, "sha512", "base64")}` };
    });
  const isRoot = ({ name }) => name === manifest.name;
  return [...found.filter((one) => !isRoot(one)), ...found.filter(isRoot)];
}
