// What replicas are told, and the programs that run several of them: as threads, and as workers of a cluster.

/** What a replica is told. Each setting has a database of its own on the test's server. */
export const envOf = (redis, world, database, replica) => ({
  REDIS_URL: `redis://127.0.0.1:${redis.port}/${database}`,
  OUTSIDE_URL: world.url,
  REPLICA: replica,
});

/** Several threads of one process, each of which is a replica. */
const THREADS = `
  import { Worker } from "node:worker_threads";
  const threads = [1, 2, 3].map((n) => new Worker("./dist/main.js", { env: { ...process.env, REPLICA: "thread-" + n } }));
  process.once("SIGTERM", () => threads.forEach((thread) => thread.postMessage("stop")));
`;

/** Several processes on one port. */
const CLUSTER = `
  import cluster from "node:cluster";
  cluster.setupPrimary({ exec: "./dist/main.js" });
  for (let n = 1; n <= 2; n++) cluster.fork({ REPLICA: "worker-" + n });
  process.once("SIGTERM", () => Object.values(cluster.workers).forEach((worker) => worker.process.kill("SIGTERM")));
`;

/** The programs by file, to be put beside the compiled server. */
export const PROGRAMS = { "threads.mjs": THREADS, "cluster.mjs": CLUSTER };
