// The program: a replica behind `node:http`. It says its port on a line of its own. After SIGTERM, or a message where it
// is a thread, it answers what it was asked and ends by itself.

import cluster from "node:cluster";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort } from "node:worker_threads";
import { openServer, settingsOf } from "./server.js";

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

async function main(): Promise<void> {
  const settings = settingsOf(process.env);
  const server = await openServer(settings);

  const http = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const body = await bodyOf(request).catch(() => undefined);
    const reply = await server.answer({ method: request.method ?? "GET", url, body });
    response.writeHead(reply.status, { "content-type": "application/json" });
    response.end(JSON.stringify(reply.body));
  });

  http.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
    console.log(JSON.stringify({ replica: settings.replica, port: (http.address() as AddressInfo).port }));
  });

  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    http.close(async () => {
      await server.close();
      // A worker of a cluster lives as long as its line to the primary.
      cluster.worker?.disconnect();
    });
    http.closeIdleConnections();
  };
  process.once("SIGTERM", stop);
  parentPort?.once("message", stop);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
