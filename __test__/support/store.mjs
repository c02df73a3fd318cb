// Stores for tests: one server a file, one fresh prefix a test.

import { IoredisState } from "../../index.js";
import { keysOf } from "./layout.mjs";
import { unique } from "./records.mjs";
import { withRedis } from "./redis.mjs";

export { keysOf, keysUnder, scoresOf, snapshot } from "./layout.mjs";

/**
 * A server for the tests of one file, the client that its stores use, a second one to look at the
 * data (`db`), and `store()`, which makes a store with a prefix of its own.
 */
export async function withStores(options) {
  const server = await withRedis(options);
  const client = server.client();
  const db = server.client();
  return {
    server,
    client,
    db,
    /** @param {{ client?: object, tableName?: string, keyPrefix?: string }} [options] */
    store({ client: own = client, tableName = unique("store").replace("-", "_"), keyPrefix = "" } = {}) {
      const keys = keysOf(keyPrefix + tableName.replace(".", ":"));
      return { state: new IoredisState(own, { tableName }), client: own, db, keys, tableName };
    },
  };
}
