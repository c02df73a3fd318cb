// A way to the server that only the caller's own connector knows: a proxy that speaks HTTP CONNECT, and an
// ioredis connector that goes through it.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect } from "node:net";
import { after } from "node:test";
import { AbstractConnector as AbstractConnector5 } from "ioredis5";
import { AbstractConnector as AbstractConnector6 } from "ioredis6";
import { Redis6 } from "./redis.mjs";

class Tunnel {
  /** How often a connection through the tunnel was asked for. */
  asked = 0;
  /** The sockets of the tunnel's users, while they are open. */
  open = new Set();
  #http = createHttpServer();

  async start() {
    this.#http.on("connect", (request, near) => {
      this.asked += 1;
      this.open.add(near);
      const [host, port] = request.url.split(":");
      const far = connect({ host, port }, () => near.write("HTTP/1.1 200 OK\r\n\r\n"));
      near.pipe(far).pipe(near);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ]) {
        socket.on("error", () => {});
        socket.on("close", () => other.destroy());
      }
      near.on("close", () => this.open.delete(near));
    });
    this.#http.listen(0, "127.0.0.1");
    await once(this.#http, "listening");
    this.#http.unref();
    this.port = this.#http.address().port;
    return this;
  }

  stop() {
    for (const socket of this.open) socket.destroy();
    this.#http.close();
  }

  /** A connector class that goes through this tunnel to the host and port of the client's options. */
  connector(Library) {
    const { port: through } = this;
    return class TunnelConnector extends abstractConnector(Library) {
      constructor(options) {
        super(options.disconnectTimeout);
        this.options = options;
      }

      async connect() {
        this.connecting = true;
        const { host, port } = this.options;
        const socket = connect(through, "127.0.0.1");
        this.stream = socket;
        socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
        await once(socket, "data");
        return socket;
      }
    };
  }
}

/** The class that connectors of users extend, of the same copy of ioredis. */
export const abstractConnector = (Library) => (Library === Redis6 ? AbstractConnector6 : AbstractConnector5);

/** A tunnel for the tests of one file, closed after the last of them. */
export async function withTunnel() {
  const tunnel = await new Tunnel().start();
  after(() => tunnel.stop());
  return tunnel;
}
