// A Hitl server, installed from the packed tarballs: alone, in CommonJS, as replicas, as threads, as a cluster.

import { withRedis } from "../support/redis.mjs";
import { fleetOf, startProgram } from "./fleet.mjs";
import { serverProject } from "./project.mjs";
import { envOf } from "./replicas.mjs";
import { story } from "./story.mjs";

const redis = await withRedis();
const [modern, classic] = await Promise.all([
  serverProject("modern"),
  serverProject("classic", { type: "commonjs", ioredis: 6 }),
]);

const start =
  ({ home }, database, file = "dist/main.js", servers = 1) =>
  (world) =>
    startProgram({ args: [file], cwd: home, env: envOf(redis, world, database, "hitl"), servers });

story("alone, compiled to ES modules, with ioredis 5", start(modern, 0));

story("alone, compiled to CommonJS, with ioredis 6", start(classic, 1));

story("two replicas, one of each kind", async (world) =>
  fleetOf(await Promise.all([start(modern, 2)(world), start(classic, 2)(world)])),
);

story("three threads of one process", start(modern, 3, "threads.mjs", 3));

story("two workers of node:cluster, on one port", start(modern, 4, "cluster.mjs", 2));
