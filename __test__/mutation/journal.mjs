// What has been found out about lines, kept so that a run goes on where the last one was cut off.

import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/** Keys are digests of what was tried: a script that changes is tried again, a new test is not noticed. */
export class Journal {
  #path;
  #known = new Map();

  /** @param {string | null} path `null`: nothing is kept */
  constructor(path) {
    this.#path = path;
    if (path === null) return;
    mkdirSync(dirname(path), { recursive: true });
    try {
      for (const line of readFileSync(path, "utf8").split("\n")) {
        // The last line of a run that was cut off may be half a line.
        if (line.endsWith("}")) {
          const { key, ...fact } = JSON.parse(line);
          this.#known.set(key, fact);
        }
      }
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }

  find(key) {
    return this.#known.get(key);
  }

  add(key, fact) {
    this.#known.set(key, fact);
    if (this.#path !== null) appendFileSync(this.#path, `${JSON.stringify({ key, ...fact })}\n`);
  }
}
