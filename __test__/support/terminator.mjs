// TLS in front of a Redis server: decrypts, passes everything on to the server's Unix socket, and notes what
// each connection has asked for. Where redis-server's own TLS says too little, or cannot be made odd enough.

import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { after } from "node:test";
import { createServer } from "node:tls";
import { unique } from "./records.mjs";

const OURS = Buffer.from(":hitl\r\n");

/**
 * A terminator for the tests of one file. `options` are those of `tls.createServer`.
 *
 * Returns `port`; `attempts`, which counts connections, agreed on or not; and `ours`, of each connection of
 * ours that was agreed on, the newest last, `{ servername, alpn, version, cipher, sigalgs, client }`: `client` is the
 * name in its certificate.
 */
export async function withTerminator(redis, options, { unix = false } = {}) {
  const terminator = { attempts: 0, ours: [] };
  const sockets = new Set();
  const server = createServer(options);
  server.on("connection", (socket) => {
    terminator.attempts += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  server.on("secureConnection", (socket) => {
    const inner = connect(redis.socket);
    socket.once("data", (greeting) => {
      if (greeting.includes(OURS)) {
        const { servername, alpnProtocol: alpn } = socket;
        const client = socket.getPeerCertificate()?.subject?.CN;
        const [cipher, sigalgs] = [socket.getCipher().standardName, socket.getSharedSigalgs()];
        terminator.ours.push({ servername, alpn, version: socket.getProtocol(), cipher, sigalgs, client });
      }
    });
    socket.pipe(inner).pipe(socket);
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ]) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  });
  const path = join(redis.dir, `${unique("tls")}.sock`);
  server.listen(...(unix ? [path] : [0, "127.0.0.1"]));
  await once(server, "listening");
  after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return Object.assign(terminator, unix ? { path } : { port: server.address().port });
}
