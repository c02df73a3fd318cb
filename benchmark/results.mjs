// The files of results: JSON, a line for each measurement.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "../scripts/run.mjs";

const fileOf = (folder, name) => join(folder, `${name}.json`);

function lines(value, depth) {
  if (depth === 0 || value === null || typeof value !== "object") return JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const items = Object.entries(value).map(
    ([key, item]) => (open === "{" ? `${JSON.stringify(key)}: ` : "") + lines(item, depth - 1),
  );
  return `${open}\n${items.join(",\n")}\n${close}`;
}

export function write(results, folder, name) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(folder, name), `${lines(results, 2)}\n`);
}

export function read(folder, name) {
  try {
    return JSON.parse(readFileSync(fileOf(folder, name), "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    throw new SetupError(`There is no ${fileOf(folder, name)}; npm run bench writes it.`);
  }
}
