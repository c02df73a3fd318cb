// Finds the boundaries of RESP values in a stream that arrives in pieces of any size.

/** Bytes of a bulk string that a value keeps: enough to tell commands apart. */
const KEPT = 256;

const AGGREGATES = { "*": 1, "~": 1, ">": 1, "%": 2 };
const BULKS = "$=!";

/** Feeds on chunks; calls `onValue(value, end)` where `end` is the stream offset behind the value. */
export class RespScanner {
  #onValue;
  #offset = 0;
  #line = [];
  #bulk = null;
  #stack = [];

  constructor(onValue) {
    this.#onValue = onValue;
  }

  /** How many bytes have been fed. */
  get offset() {
    return this.#offset;
  }

  /** Whether the stream is between two values. */
  get atBoundary() {
    return this.#stack.length === 0 && this.#bulk === null && this.#line.length === 0;
  }

  push(chunk) {
    let at = 0;
    const start = this.#offset;
    while (at < chunk.length) {
      if (this.#bulk) {
        const taken = Math.min(this.#bulk.missing, chunk.length - at);
        const room = Math.min(KEPT - this.#bulk.kept.length, taken);
        if (room > 0) this.#bulk.kept = Buffer.concat([this.#bulk.kept, chunk.subarray(at, at + room)]);
        this.#bulk.missing -= taken;
        at += taken;
        this.#offset = start + at;
        if (this.#bulk.missing > 0) return;
        const { kept, length } = this.#bulk;
        this.#bulk = null;
        this.#complete(kept.subarray(0, Math.min(length, KEPT)).toString("latin1"));
        continue;
      }
      const newline = chunk.indexOf(10, at);
      const end = newline === -1 ? chunk.length : newline + 1;
      this.#line.push(chunk.subarray(at, end));
      at = end;
      this.#offset = start + at;
      if (newline === -1) return;
      const line = Buffer.concat(this.#line).toString("latin1").trimEnd();
      this.#line = [];
      this.#begin(line);
    }
  }

  #begin(line) {
    const kind = line[0];
    const count = Number(line.slice(1));
    if (BULKS.includes(kind) && count >= 0) {
      this.#bulk = { length: count, missing: count + 2, kept: Buffer.alloc(0) };
    } else if (kind in AGGREGATES && count > 0) {
      this.#stack.push({ items: [], missing: count * AGGREGATES[kind] });
    } else if (kind in AGGREGATES) {
      this.#complete([]);
    } else {
      this.#complete(line);
    }
  }

  #complete(value) {
    for (;;) {
      const parent = this.#stack.at(-1);
      if (!parent) return this.#onValue(value, this.#offset);
      parent.items.push(value);
      if (--parent.missing > 0) return undefined;
      this.#stack.pop();
      value = parent.items;
    }
  }
}
