// The far end of a stream to ioredis-mock: takes requests, and has the mock's own methods answer
// them. Keys travel without the client's prefix: the mock adds it to each of them itself.

const { createHash } = require("node:crypto");
const { Duplex } = require("node:stream");
const { adapted } = require("./prelude.js");
const { Requests, refusal, reply, status } = require("./resp.js");

class MockServer extends Duplex {
  constructor(client) {
    super();
    this.client = client;
    this.requests = new Requests();
    /** Texts of scripts by their SHA-1. */
    this.scripts = new Map();
  }

  _read() {}

  async _write(chunk, _encoding, done) {
    for (const request of this.requests.push(chunk)) {
      this.push(await this.answer(request));
    }
    done();
  }

  async answer([name, ...args]) {
    try {
      return await this.execute(name.toLowerCase(), args);
    } catch (error) {
      return refusal(error?.message);
    }
  }

  async execute(name, args) {
    switch (name) {
      case "eval":
        return this.run(args[0], args.slice(1));
      case "evalsha": {
        const source = this.scripts.get(args[0]);
        return source === undefined ? refusal("NOSCRIPT No matching script.") : this.run(source, args.slice(1));
      }
      case "script":
        return reply(this.load(args[1]));
      case "client":
        return status("OK");
      case "ping":
        return status("PONG");
      case "type":
        return status(await this.client.type(...args));
      case "getrange":
        // The mock fails where there is no such key.
        return reply((await this.client.exists(args[0])) ? await this.client.getrange(...args) : "");
      default:
        return reply(await this.client[name](...args));
    }
  }

  load(source) {
    const sha = createHash("sha1").update(source).digest("hex");
    this.scripts.set(sha, source);
    return sha;
  }

  run(source, args) {
    return this.client.eval(adapted(source), ...args);
  }
}

module.exports = { MockServer };
