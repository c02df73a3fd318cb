// What has been sent to a server, sent to it again on another connection: byte for byte, as by a network or a client
// that sends twice.

import { once } from "node:events";
import { connect } from "node:net";
import { RespScanner } from "../../__test__/support/resp.mjs";

/** A connection that sends again. */
export async function startReplay(server) {
  const socket = connect(server.socket);
  await once(socket, "connect");
  const waiting = [];
  const replies = new RespScanner((reply) => waiting.shift()(reply));
  socket.on("data", (chunk) => replies.push(chunk));
  return {
    /** Sends these bytes of a command, and resolves to the server's reply. */
    send: (bytes) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.write(bytes);
      }),
    end: () => socket.destroy(),
  };
}
