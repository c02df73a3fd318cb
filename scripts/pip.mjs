// Programs from PyPI, in folders of their own: no virtual environment, nothing installed into the system's Python.

import { outputOf, run } from "./run.mjs";

/**
 * Installs what a requirements file pins by checksum into a folder, as pip's `--target` does. Returns whether that
 * worked; pip says why not.
 *
 * @param {string} requirements  its path
 * @param {string} folder
 * @param {string[]} [options]  further options of pip: `--platform` for wheels of another one
 */
export function installWheels(requirements, folder, options = []) {
  const python = ["python3", "python"].find((name) => outputOf(name, ["-m", "pip", "--version"]) !== null);
  if (python === undefined) {
    console.error("There is no python3 with pip.");
    return false;
  }
  const quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];
  const pinned = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", requirements];
  return run(python, ["-m", "pip", "install", ...quiet, ...options, "--target", folder, ...pinned]) === 0;
}
