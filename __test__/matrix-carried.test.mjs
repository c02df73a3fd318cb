// Clients whose way to the server only their own connector knows.

import { connect } from "node:net";
import { HAS_CREDENTIALS } from "./support/acl.mjs";
import { matrix, refusals } from "./support/matrix.mjs";
import { withRedis } from "./support/redis.mjs";
import { abstractConnector, withTunnel } from "./support/tunnel.mjs";

const server = await withRedis();
const locked = await withRedis({ args: ["--requirepass", "secret"] });
const db = server.client();
const lockedDb = locked.client({ password: "secret" });
const tunnel = await withTunnel();

/** A connector that opens what `open` returns. */
const connector = (Redis, open) =>
  class extends abstractConnector(Redis) {
    constructor({ disconnectTimeout }) {
      super(disconnectTimeout);
    }

    async connect() {
      this.connecting = true;
      this.stream = await open();
      return this.stream;
    }
  };

const through = (Redis, { port }, options) =>
  new Redis({ host: "127.0.0.1", port, Connector: tunnel.connector(Redis), ...options });

matrix("Connector", [
  ["a tunnel", (Redis) => through(Redis, server)],
  ["a tunnel, a database and a prefix", (Redis) => through(Redis, server, { db: 4, keyPrefix: "tenant:" })],
  ["a tunnel and credentials", (Redis) => through(Redis, locked, { username: "default", password: "secret" })],
  ["a tunnel and lazyConnect", (Redis) => through(Redis, server, { lazyConnect: true })],
  [
    "a connector that goes elsewhere than the options say",
    (Redis) =>
      new Redis({ host: "redis.invalid", Connector: connector(Redis, () => connect(server.port, "127.0.0.1")) }),
  ],
  ["a connector to a Unix socket", (Redis) => new Redis({ Connector: connector(Redis, () => connect(server.socket)) })],
]);

refusals("Connector, refused", [
  [
    "a wrong password",
    (Redis) => through(Redis, locked, { password: "canary-wrong", retryStrategy: () => 5 }),
    { code: "WRONGPASS", db: lockedDb },
  ],
  [
    "no password",
    (Redis) => through(Redis, locked, { retryStrategy: () => 5 }),
    { code: "NOAUTH", db: lockedDb, skip: HAS_CREDENTIALS },
  ],
  [
    "a connector that opens nothing",
    (Redis) =>
      new Redis({
        ...{ retryStrategy: () => 1, maxRetriesPerRequest: 2 },
        Connector: connector(Redis, () => connect(`${server.socket}.none`)),
      }),
    { code: "MAX_RETRIES", cause: /^ENOENT$/, db },
  ],
]);
