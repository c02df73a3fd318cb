// The Lua scripts as they stand in a compiled program: whole, in one piece, behind the includes that they name.
//
// A line is taken out by writing blanks over it, in a copy of the program. So no test needs a build of its own, and
// the package has no door for it: the program computes the digests of its scripts when it starts.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const sources = new URL("../../src/", import.meta.url).pathname;

/** The parts that scripts share: they never are a script of their own. */
const IS_INCLUDE = /\/include\/|\/(rehearse|sealed)\.lua$/;

/** Every Lua file below `src`: its path from there, and its bytes. */
const files = readdirSync(sources, { recursive: true })
  .filter((path) => path.endsWith(".lua"))
  .sort()
  .map((path) => ({ path, bytes: readFileSync(join(sources, path)) }));

function* occurrences(image, bytes) {
  for (let at = image.indexOf(bytes); at !== -1; at = image.indexOf(bytes, at + 1)) yield at;
}

/** The include whose text ends at this position of the program. */
const includeBefore = (image, at) =>
  files.find(
    ({ path, bytes }) =>
      IS_INCLUDE.test(path) && at >= bytes.length && image.subarray(at - bytes.length, at).equals(bytes),
  );

const sha1 = (bytes) => createHash("sha1").update(bytes).digest("hex");

/** The lines that do something: where they begin in the script, their number in the file, and their text. */
function* linesOf({ path, bytes, from }) {
  let at = 0;
  for (const [index, line] of bytes.toString("latin1").split("\n").entries()) {
    const text = line.trim();
    if (text !== "" && !text.startsWith("--"))
      yield { path, number: index + 1, text, from: from + at, size: line.length };
    at += line.length + 1;
  }
}

/** One script: its name, its text, and the files that this consists of. */
class Script {
  constructor(image, file) {
    this.name = file.path.replace(/^.*\//, "").replace(/\.lua$/, "");
    const parts = [file];
    const [end] = [...occurrences(image, file.bytes)].map((at) => at + file.bytes.length);
    let start = end - file.bytes.length;
    for (let include = includeBefore(image, start); include; include = includeBefore(image, start)) {
      parts.unshift(include);
      start -= include.bytes.length;
    }
    this.source = Buffer.from(image.subarray(start, end));
    let from = 0;
    this.parts = parts.map(({ path, bytes }) => {
      from += bytes.length;
      return { path, bytes, from: from - bytes.length };
    });
  }

  /** One mutant for each line of the script: the line is missing. */
  *mutants() {
    for (const part of this.parts) {
      for (const line of linesOf(part)) {
        const source = Buffer.from(this.source).fill(" ", line.from, line.from + line.size);
        const { path, number, text } = line;
        const name = `${this.name}: ${path.replace(/^.*scripts\//, "")}:${number}`;
        yield { script: this, part: part.bytes, name, path, number, text, source, key: sha1(source) };
      }
    }
  }
}

/** Every script below `src`, as it stands in a program. */
export function scriptsIn(image) {
  const scripts = files
    .filter(({ path, bytes }) => !IS_INCLUDE.test(path) && image.includes(bytes))
    .map((file) => new Script(image, file));
  const used = new Set(scripts.flatMap(({ parts }) => parts.map(({ path }) => path)));
  const missing = files.find(({ path }) => !used.has(path));
  if (missing) throw new Error(`src/${missing.path} is not in the program: build it anew`);
  return scripts;
}

/** Where a script's text stands in a program. */
export function placesOf(image, { name, source }) {
  const places = [...occurrences(image, source)];
  if (places.length === 0) throw new Error(`${name} is not in the program of its tests as it is in the addon`);
  return places;
}
