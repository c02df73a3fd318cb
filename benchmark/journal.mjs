// What has been measured, written down at once: a long run that was cut off goes on where it was.

import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";

export class Journal {
  #known = new Map();
  #path;

  /**
   * `path`: the file, or `null` for a run that is not taken up again. `head` says what is measured where: a file that
   * says otherwise is put aside, since its figures belong to something else.
   */
  constructor(path, head) {
    this.#path = path;
    if (path === null) return;
    mkdirSync(dirname(path), { recursive: true });
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    // The last piece is empty, or a line that was cut off.
    const [first, ...rest] = lines.slice(0, -1).map((line) => JSON.parse(line));
    if (isDeepStrictEqual(first, JSON.parse(JSON.stringify(head)))) {
      for (const [key, result] of rest) this.#known.set(key, result);
    } else {
      if (lines.length > 0) renameSync(path, `${path}.old`);
    }
    const texts = [head, ...this.#known].map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(path, texts.join(""));
  }

  /** How much was there already. */
  get size() {
    return this.#known.size;
  }

  has(key) {
    return this.#known.has(key);
  }

  get(key) {
    return this.#known.get(key);
  }

  /** What was measured under this key; measures it if nothing was. */
  async once(key, measure) {
    if (!this.#known.has(key)) {
      const result = await measure();
      this.#known.set(key, result);
      if (this.#path !== null) appendFileSync(this.#path, `${JSON.stringify([key, result])}\n`);
    }
    return this.#known.get(key);
  }

  /** All is done: the results are elsewhere. */
  end() {
    if (this.#path !== null) rmSync(this.#path);
  }
}
