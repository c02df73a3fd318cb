// A line to the server that is longer: each byte arrives half of `delay` milliseconds later than it was sent, in both
// directions. In a process of its own, which looks at the clock as long as something is on its way: timers are not
// finer than a millisecond.

import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";

/** Starts a proxy to the port. */
export async function delayed(port, delay) {
  const child = fork(fileURLToPath(import.meta.url), [String(port), String(delay)]);
  const [{ listening }] = await once(child, "message");
  return { port: listening, close: () => child.kill() };
}

function serve(target, delay) {
  const way = delay / 2;
  /** What is on its way, the oldest first: all of it travels equally long. */
  const travelling = [];
  function look() {
    while (travelling.length > 0 && travelling[0].due <= performance.now()) {
      const { to, chunk } = travelling.shift();
      if (chunk === null) to.destroy();
      else to.write(chunk);
    }
    if (travelling.length > 0) setImmediate(look);
  }
  function carry(from, to) {
    const send = (chunk) => {
      travelling.push({ due: performance.now() + way, to, chunk });
      if (travelling.length === 1) setImmediate(look);
    };
    from.setNoDelay(true);
    from.on("data", send);
    from.on("close", () => send(null));
    from.on("error", () => {});
  }
  const server = createServer((client) => {
    const line = connect(target, "127.0.0.1");
    carry(client, line);
    carry(line, client);
  });
  process.on("disconnect", () => process.exit());
  server.listen(0, "127.0.0.1", () => process.send({ listening: server.address().port }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  serve(Number(process.argv[2]), Number(process.argv[3]));
}
