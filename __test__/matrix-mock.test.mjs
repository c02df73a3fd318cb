// Clients of ioredis-mock, which have no server but their own memory.

import RedisMock from "ioredis-mock";
import { matrix } from "./support/matrix.mjs";

let ports = 30_000;

/** A client of a mocked server of its own. */
const mocked = (options) => new RedisMock({ port: ports++, ...options });

matrix("ioredis-mock", [
  ["a client", () => mocked()],
  ["a database and a prefix", () => mocked({ db: 2, keyPrefix: "tenant:" })],
  ["lazyConnect", () => mocked({ lazyConnect: true })],
  ["a duplicate", () => mocked().duplicate()],
  ["a URL", () => new RedisMock(`redis://localhost:${ports++}/1`)],
  ["a Cluster", () => new RedisMock.Cluster([{ port: ports++ }], { redisOptions: { keyPrefix: "{hitl}:" } })],
]);
