// A TCP proxy in front of a Redis server that answers chosen commands itself, with an error that the server would give
// in another state. The server never sees those commands; everything else passes untouched.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { isOperation } from "./proxy.mjs";
import { RespScanner } from "./resp.mjs";

const NOTHING = Buffer.alloc(0);

/** RESP values on their way, whole ones only. `replace(value)` gives what goes on in the place of one, if anything. */
class Rewriter {
  #replace;
  #scanner = new RespScanner((value, end) => this.#onValue(value, end));
  #waiting = NOTHING;
  /** Where `#waiting` begins in the stream. */
  #start = 0;
  #out = [];

  constructor(replace) {
    this.#replace = replace;
  }

  #onValue(value, end) {
    const own = this.#waiting.subarray(0, end - this.#start);
    this.#waiting = this.#waiting.subarray(own.length);
    this.#start = end;
    this.#out.push(this.#replace(value) ?? own);
  }

  /** What may go on now that this has come in. */
  pass(chunk) {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    this.#out = [];
    this.#scanner.push(chunk);
    return Buffer.concat(this.#out.map((part) => Buffer.from(part)));
  }
}

class AnsweringProxy {
  #answers = [];
  #sockets = new Set();
  #listener;

  async start(target) {
    this.#listener = createServer((client) => this.#join(client, connect({ host: "127.0.0.1", port: target.port })));
    this.#listener.listen(0, "127.0.0.1");
    await once(this.#listener, "listening");
    this.port = this.#listener.address().port;
    this.#listener.unref();
    return this;
  }

  /**
   * The next sendings are answered with these errors, one each: the first of the commands that come in together, unless
   * they are part of a handshake.
   */
  answer(errors) {
    this.#answers = [...errors];
  }

  /** How many of the errors have not been given yet. */
  get left() {
    return this.#answers.length;
  }

  #join(client, server) {
    const answered = [];
    let isFirst = true;
    const requests = new Rewriter((words) => {
      const isMeant = isFirst && Array.isArray(words) && isOperation(words);
      const error = isMeant ? this.#answers.shift() : undefined;
      isFirst &&= !isMeant;
      answered.push(error);
      // In its place goes what does nothing, so that every command has a reply and each its turn.
      return error && "PING\r\n";
    });
    const replies = new Rewriter(() => {
      const error = answered.shift();
      return error && `-${error}\r\n`;
    });
    for (const [from, to, rewriter] of [
      [client, server, requests],
      [server, client, replies],
    ]) {
      this.#sockets.add(from);
      from.setNoDelay();
      from.on("data", (chunk) => {
        isFirst = true;
        to.write(rewriter.pass(chunk));
      });
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    this.#listener.close();
    await once(this.#listener, "close");
  }
}

/** An answering proxy to `target`, a server or another proxy. */
export const startAnswering = (target) => new AnsweringProxy().start(target);
