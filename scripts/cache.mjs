// What is fetched stays in .cache/toolchain, each thing in a folder whose name says what was asked for: another version
// in a list makes another folder, and what was cut off half-way is begun anew.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/** Where the folders are, and what the tools that are fetched keep themselves. */
export const CACHE = join(root, ".cache/toolchain");

const textOf = (definition) =>
  JSON.stringify(definition, (_, value) => (value instanceof RegExp ? String(value) : value));

/** The folder for `definition`, which may be any JSON and patterns; `make(folder)` fills it, if it is not there. */
export async function provide(name, definition, make) {
  const digest = createHash("sha256").update(textOf(definition)).digest("hex").slice(0, 12);
  const folder = join(CACHE, `${name}-${digest}`);
  if (existsSync(folder)) return folder;

  console.log(`Fetching ${name} into .cache/toolchain`);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  await make(partial);
  renameSync(partial, folder);
  return folder;
}
