// A Hitl server, installed from the packed tarballs: alone, in CommonJS, as replicas, as threads, as a cluster.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withRedis } from "../support/redis.mjs";
import { fleetOf, startProgram } from "./fleet.mjs";
import { serverProject } from "./project.mjs";
import { story } from "./story.mjs";

const redis = await withRedis();
const [modern, classic] = await Promise.all([
  serverProject("modern"),
  serverProject("classic", { type: "commonjs", ioredis: 6 }),
]);

/** What a replica is told, with a database of its own for each setting. */
const envOf = (world, database, replica) => ({
  REDIS_URL: `redis://127.0.0.1:${redis.port}/${database}`,
  OUTSIDE_URL: world.url,
  REPLICA: replica,
});

const replica = ({ home, main }, world, database, name) =>
  startProgram({ args: [main], cwd: home, env: envOf(world, database, name) });

story("alone, compiled to ES modules, with ioredis 5", (world) => replica(modern, world, 0, "alone"));

story("alone, compiled to CommonJS, with ioredis 6", (world) => replica(classic, world, 1, "alone"));

story("two replicas, one of each kind", async (world) =>
  fleetOf(await Promise.all([replica(modern, world, 2, "a"), replica(classic, world, 2, "b")])),
);

/** A program around the server's, in the server's project. */
async function started(name, text, world, database, servers) {
  const { home } = modern;
  await writeFile(join(home, name), text);
  return startProgram({ args: [name], cwd: home, env: envOf(world, database, name), servers });
}

const THREADS = `
  import { Worker } from "node:worker_threads";
  const threads = [1, 2, 3].map((n) => new Worker("./dist/main.js", { env: { ...process.env, REPLICA: "thread-" + n } }));
  process.once("SIGTERM", () => threads.forEach((thread) => thread.postMessage("stop")));
`;

story("three threads of one process", (world) => started("threads.mjs", THREADS, world, 3, 3));

const CLUSTER = `
  import cluster from "node:cluster";
  cluster.setupPrimary({ exec: "./dist/main.js" });
  for (let n = 1; n <= 2; n++) cluster.fork({ REPLICA: "worker-" + n });
  process.once("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers)) {
      worker.process.kill("SIGTERM");
      worker.disconnect();
    }
  });
`;

story("two workers of node:cluster, on one port", (world) => started("cluster.mjs", CLUSTER, world, 4, 2));
