// Stores for tests: one server a file, one fresh prefix a test.

import { DEFAULT_TABLE, IoredisState } from "../../index.js";
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
    /**
     * @param {{ client?: object, tableName?: string | null }} [options] `tableName: null`: the default table
     */
    store({ client: own = client, tableName = unique("store").replace("-", "_") } = {}) {
      const state = tableName === null ? new IoredisState(own) : new IoredisState(own, { tableName });
      const prefix = (own.options.keyPrefix ?? "") + (tableName ?? DEFAULT_TABLE).replace(".", ":");
      return { state, client: own, db, keys: keysOf(prefix), tableName };
    },
  };
}
