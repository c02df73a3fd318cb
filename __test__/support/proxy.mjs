// A TCP proxy in front of a Redis server: it counts round trips and bytes, and breaks connections
// at a chosen byte. Everything it says and does is about the store's own connections, which are those
// whose CLIENT SETNAME ends in "hitl"; the other connections of the caller's client pass untouched.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after } from "node:test";
import { RespScanner } from "./resp.mjs";

const STORE_NAME = /(^|:)hitl$/;

/** A connection that is idle is asked whether it lives. It is not the one that a fault is meant for. */
const SIGNS_OF_LIFE = ["*1\r\n$4\r\nPING\r\n", "+PONG\r\n"];

/** What a fault that was asked for has come to. `fired` resolves when it has happened. */
class Fault {
  happened = false;

  constructor(properties) {
    Object.assign(this, properties);
    this.fired = new Promise((resolve) => {
      this.fire = () => {
        this.happened = true;
        resolve();
      };
    });
  }
}

/** One connection through the proxy. */
class Link {
  name = "";
  commands = [];
  turns = 0;
  requestBytes = 0;
  replyBytes = 0;
  #proxy;
  #client;
  #server;
  #unanswered = [];
  #replyEnd = 0;
  #requests = new RespScanner((command, end) => this.#onCommand(command, end));
  #passing = Buffer.alloc(0);
  #replies = new RespScanner((_, end) => this.#onReply(end));
  #forwardTo = Infinity;
  #lost;
  #closing = false;

  constructor(proxy, client, target) {
    this.#proxy = proxy;
    this.#client = client;
    this.#server = connect(target);
    for (const [socket, other] of [
      [this.#client, this.#server],
      [this.#server, this.#client],
    ]) {
      socket.setNoDelay?.(true);
      socket.on("error", () => {});
      socket.on("end", () => this.#closing || other.end());
      socket.on("close", () => {
        if (!this.#closing) other.destroy();
        if (proxy.links.delete(this)) this.#onEnd();
      });
    }
    this.#client.on("data", (chunk) => this.#onRequest(chunk));
    this.#server.on("data", (chunk) => this.#onReplies(chunk));
    if (proxy.holding) this.pause();
  }

  get isStore() {
    return STORE_NAME.test(this.name);
  }

  pause() {
    this.#client.pause();
    this.#server.pause();
  }

  resume() {
    this.#client.resume();
    this.#server.resume();
  }

  /** What waited for bytes of this connection has come about in another way: they are lost with it. */
  #onEnd() {
    const waiting = [this.#proxy.fault].filter((fault) => fault?.link === this);
    for (const fault of this.#unanswered.filter(Boolean)) {
      fault.missing -= 1;
      if (fault.missing === 0) waiting.push(fault);
    }
    for (const fault of waiting) {
      this.#proxy.disarm(fault);
      fault.fire();
    }
  }

  /** Ends both sides at once. */
  destroy() {
    this.#closing = true;
    this.#client.destroy();
    this.#server.destroy();
  }

  #onRequest(chunk) {
    if (this.#closing) return;
    if (this.#requests.atBoundary && this.#unanswered.length === 0) this.turns += 1;
    const fault = this.#fault("request", chunk);
    const left = fault ? fault.at(this.requestBytes) - this.requestBytes : Infinity;
    this.requestBytes += chunk.length;
    this.#passing = Buffer.concat([this.#passing, chunk]);
    this.#requests.push(chunk);
    if (left > chunk.length) return void this.#server.write(chunk);
    this.#proxy.disarm(fault);
    this.#closing = true;
    // The bytes must arrive before the connection ends; whatever is answered to them is lost.
    this.#server.end(chunk.subarray(0, left), () => this.#client.destroy());
    this.#server.resume();
    this.#server.on("data", () => {});
    this.#server.once("close", fault.fire);
  }

  #onCommand(command, end) {
    const words = Array.isArray(command) ? command : String(command).split(" ");
    if (/^client$/i.test(words[0]) && /^setname$/i.test(words[1])) this.name = words[2];
    this.commands.push(words);
    const length = this.#passing.length - (this.requestBytes - end);
    if (this.isStore) this.#proxy.onCommand?.(words, this.#passing.subarray(0, length));
    this.#passing = this.#passing.subarray(length);
    const fault = this.isStore && this.#proxy.fault?.kind === "lose" ? this.#proxy.fault : undefined;
    const lost = fault !== undefined && fault.wanted > 0 && fault.match(words);
    if (lost) fault.wanted -= 1;
    this.#unanswered.push(lost ? fault : undefined);
  }

  #onReply(end) {
    const fault = this.#unanswered.shift();
    if (fault) {
      this.#forwardTo = Math.min(this.#forwardTo, this.#replyEnd);
      fault.missing -= 1;
      if (fault.missing === 0) this.#lost = fault;
    }
    this.#replyEnd = end;
  }

  #onReplies(chunk) {
    if (this.#closing) return;
    const start = this.replyBytes;
    const fault = this.#fault("reply", chunk);
    if (fault) this.#forwardTo = Math.min(this.#forwardTo, fault.at(start));
    this.replyBytes += chunk.length;
    this.#replies.push(chunk);
    // The reply that is to be lost has begun, but is not complete.
    if (this.#unanswered[0]) this.#forwardTo = Math.min(this.#forwardTo, this.#replyEnd);
    const allowed = Math.max(0, Math.min(chunk.length, this.#forwardTo - start));
    if (fault && this.replyBytes >= this.#forwardTo) {
      this.#proxy.disarm(fault);
      return this.#endClient(chunk.subarray(0, allowed), fault);
    }
    if (this.#lost) {
      this.#proxy.disarm(this.#lost);
      return this.#endClient(chunk.subarray(0, allowed), this.#lost);
    }
    if (allowed > 0) this.#client.write(chunk.subarray(0, allowed));
    return undefined;
  }

  /** Hands the client its last bytes and closes. */
  #endClient(bytes, fault) {
    this.#closing = true;
    const done = () => {
      this.#client.destroy();
      this.#server.destroy();
      fault.fire();
    };
    if (bytes.length > 0) this.#client.end(bytes, done);
    else done();
  }

  /** The armed fault of this kind, if it is about this connection. */
  #fault(kind, chunk) {
    const { fault } = this.#proxy;
    if (fault?.kind !== kind || !(this.isStore || fault.anyConnection)) return undefined;
    if (!fault.link && SIGNS_OF_LIFE.includes(chunk.toString("latin1", 0, 32))) return undefined;
    fault.link ??= this;
    return fault.link === this ? fault : undefined;
  }
}

class RedisProxy {
  links = new Set();
  /** All links that ever were. */
  history = [];
  holding = false;
  refusing = false;
  /** Told of each command of the store that passes, and of its bytes, before the server has them. */
  onCommand;
  fault;
  #listener;

  async start(target, port) {
    this.target = target;
    this.#listener = createServer({ allowHalfOpen: true }, (client) => {
      if (this.refusing) return client.destroy();
      const link = new Link(this, client, this.target);
      this.links.add(link);
      this.history.push(link);
      return undefined;
    });
    this.#listener.listen(port, "127.0.0.1");
    await once(this.#listener, "listening");
    this.port = this.#listener.address().port;
    this.#listener.unref();
    return this;
  }

  /** The live connections of the store. */
  get store() {
    return [...this.links].filter((link) => link.isStore);
  }

  #totals() {
    const sum = { turns: 0, requestBytes: 0, replyBytes: 0, connections: 0, commands: [] };
    for (const link of this.history.filter((link) => link.isStore)) {
      sum.connections += 1;
      for (const field of ["turns", "requestBytes", "replyBytes"]) sum[field] += link[field];
      sum.commands.push(...link.commands);
    }
    return sum;
  }

  /**
   * Runs `work` and says what the store's connections carried meanwhile. A turn is a round trip: the
   * store began to send when it had all replies to what it had sent before.
   */
  async measure(work) {
    const before = this.#totals();
    const value = await work();
    const now = this.#totals();
    return {
      value,
      turns: now.turns - before.turns,
      requestBytes: now.requestBytes - before.requestBytes,
      replyBytes: now.replyBytes - before.replyBytes,
      connections: now.connections - before.connections,
      commands: now.commands.slice(before.commands.length).map((words) => words[0].toUpperCase()),
    };
  }

  #arm(fault) {
    if (this.fault) throw new Error(`the proxy is already armed (${this.fault.kind})`);
    this.fault = new Fault(fault);
    return this.fault;
  }

  disarm(fault = this.fault) {
    if (this.fault === fault) this.fault = undefined;
  }

  /** Where `bytes` from now end, on the connection that the fault meets. */
  #ahead(counter, bytes) {
    const counted = new Map([...this.links].map((link) => [link, link[counter]]));
    let limit;
    return function at() {
      limit ??= (counted.get(this.link) ?? 0) + bytes;
      return limit;
    };
  }

  /** Forwards `bytes` more bytes of requests to the server, then ends both sides. */
  cutRequestAfter(bytes, { anyConnection = false } = {}) {
    return this.#arm({ kind: "request", anyConnection, at: this.#ahead("requestBytes", bytes) });
  }

  /** Lets the server act, forwards `bytes` more bytes of replies, then ends both sides. */
  cutReplyAfter(bytes, { anyConnection = false } = {}) {
    return this.#arm({ kind: "reply", anyConnection, at: this.#ahead("replyBytes", bytes) });
  }

  /** Lets the server execute the next `count` commands that `match`, and loses their replies with the connection. */
  loseReplies({ count = 1, match = isOperation } = {}) {
    return this.#arm({ kind: "lose", wanted: count, missing: count, match });
  }

  /** Swallows everything on the present connections from now on, silently, and never hangs up. */
  swallow() {
    this.links.forEach((link) => link.pause());
  }

  /** Swallows everything in both directions, silently, on present and coming connections. */
  hold() {
    this.holding = true;
    this.links.forEach((link) => link.pause());
  }

  /** Ends `hold()`: what was swallowed goes on its way. */
  release() {
    this.holding = false;
    this.links.forEach((link) => link.resume());
  }

  /** Cuts all connections, and every new one at once, until `accept()`. */
  refuse() {
    this.refusing = true;
    this.cut();
  }

  accept() {
    this.refusing = false;
  }

  /** Cuts all connections now. */
  cut() {
    [...this.links].forEach((link) => link.destroy());
  }

  async stop() {
    this.cut();
    this.#listener.close();
    await once(this.#listener, "close");
  }
}

/** A proxy to `target` (a server of ours, or what `net.connect` takes), on this port or on any. */
export function startProxy(target, port = 0) {
  return new RedisProxy().start({ host: "127.0.0.1", port: target.port }, port);
}

/** A proxy for the tests of one file, stopped after the last of them. */
export async function withProxy(target, port) {
  const proxy = await startProxy(target, port);
  after(() => proxy.stop());
  return proxy;
}

/** True for the command that runs a script. */
export const isScript = ([name]) => /^eval/i.test(name);

/** True for the commands that a call of the store consists of, not for those that open a connection. */
export const isOperation = ([name]) => !/^(auth|client|hello|info|ping|readonly|script|select)$/i.test(name);
