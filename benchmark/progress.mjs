// Says on stderr how far a run is: on a terminal one line that changes, elsewhere a line for each part.

export class Progress {
  #began = performance.now();
  #part = "";

  get #clock() {
    const seconds = Math.round((performance.now() - this.#began) / 1000);
    return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  /** A part that takes a while. */
  begin(part) {
    this.#part = part;
    if (process.stderr.isTTY) this.now("");
    else process.stderr.write(`${this.#clock}  ${part}\n`);
  }

  /** What is going on within the part. */
  now(detail) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${this.#clock}  ${this.#part}  ${detail}`);
  }

  end() {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    process.stderr.write(`${this.#clock}  done\n`);
  }
}
