// The package loaded more than once in one thread: as two copies, and in realms of their own, as Jest does it. The
// native part is one for all of them.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, Script } from "node:vm";

const entry = fileURLToPath(new URL("../../index.js", import.meta.url));
const require = createRequire(entry);

/** What the package takes from the global object that is Node's and not the language's. */
const GLOBALS = {
  Buffer,
  process,
  URL,
  performance,
  setImmediate,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
};

/** Whether a module is JavaScript of the package, and not the loader of its native part. */
const isOurs = (file) => file === entry || file.startsWith(join(dirname(entry), "js") + sep);

/** Another copy of the package in this realm. */
export function loadCopy() {
  for (const file of Object.keys(require.cache)) if (isOurs(file)) delete require.cache[file];
  return require(entry);
}

/** The package in a new realm. */
export function loadInRealm() {
  const context = createContext({ ...GLOBALS });
  const modules = new Map();
  const load = (file) => {
    const known = modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    const outside = createRequire(file);
    const inside = (name) => (isOurs(outside.resolve(name)) ? load(outside.resolve(name)) : outside(name));
    const text = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "utf8")}\n})`;
    const run = new Script(text, { filename: file }).runInContext(context);
    run.call(module.exports, module.exports, inside, module, file, dirname(file));
    return module.exports;
  };
  return load(entry);
}
