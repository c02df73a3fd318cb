// What a server executes, as its MONITOR tells it: the commands of clients and those inside of scripts.

import { once } from "node:events";
import { connect } from "node:net";

/** One line of MONITOR: `<time> [<db> <source>] "<word>" …`, where the source is an address or `lua`. */
const LINE = /^\+[\d.]+ \[(\d+) (\S+)\] (.*)$/;

function parse(line) {
  const match = LINE.exec(line);
  if (!match) return undefined;
  const words = [...match[3].matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => word);
  return { source: match[2], isScript: match[2] === "lua", name: words[0].toUpperCase(), words };
}

/**
 * Watches `server` while `work` runs, and returns the commands that it executed meanwhile, in order:
 * `{ name, words, source, isScript }`. Words keep the escapes that MONITOR writes.
 */
export async function monitored(server, work) {
  const socket = connect(server.socket);
  await once(socket, "connect");
  const lines = [];
  let rest = "";
  let seen;
  let awaited = "+OK";
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => {
    const parts = (rest + chunk).split("\r\n");
    rest = parts.pop();
    for (const line of parts) {
      lines.push(line);
      if (line.includes(awaited)) seen?.();
    }
  });
  const until = (text, send) => {
    awaited = text;
    const arrived = new Promise((resolve) => (seen = resolve));
    send();
    return arrived;
  };
  await until("+OK", () => socket.write("MONITOR\r\n"));
  lines.length = 0;
  const value = await work();
  const end = `end of monitoring ${process.pid} ${Date.now()}`;
  await until(end, () => {
    const last = connect(server.socket, () => last.end(`ECHO "${end}"\r\n`));
    last.resume();
  });
  socket.destroy();
  const commands = lines.map(parse).filter((command) => command && command.words[1] !== end);
  return { value, commands };
}
